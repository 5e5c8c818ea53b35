"""The key watch: keys come, begin to encrypt, and go while the hub runs; what is broken changes nothing."""

import asyncio
from pathlib import Path

import pytest

from hub.primitives.tasks import end_tasks
from hub.session.key_folder import KeySources, add_key, read_folder, remove_key
from hub.session.key_watch import MIN_INTERVAL_SECONDS, PERIOD_SECONDS, KeyWatcher
from hub.session.keyring import Keyring, KeyringError, make_key_file, read_key
from tests.parties.clock import START, ManualClock

ACTIVATION = 300.0


def watch(folder: Path, clock: ManualClock) -> KeyWatcher:
    """Watch a folder."""
    return KeyWatcher(KeySources(folder=folder, activation_seconds=ACTIVATION), clock)


async def test_rotation_without_a_restart(tmp_path: Path) -> None:
    """A new key opens records within seconds, seals after the activation time, and the old one may go after that."""
    clock = ManualClock()
    old = add_key(tmp_path, START - 1000)
    watched = watch(tmp_path, clock)
    task = asyncio.create_task(watched.run())
    ring = watched.keyring
    sealed = ring.seal(b"x", "n")
    new = add_key(tmp_path, START)

    await clock.advance(PERIOD_SECONDS)
    assert ring.open(Keyring([new.key]).seal(b"y", "n"), "n") == b"y"
    assert ring.is_current(sealed)
    await clock.advance(ACTIVATION)
    assert not ring.is_current(sealed)
    assert ring.open(sealed, "n") == b"x"
    remove_key(old)
    await clock.advance(PERIOD_SECONDS)
    assert ring.key_ids == [new.id]
    await end_tasks([task])


async def test_record_of_a_faster_hub(tmp_path: Path) -> None:
    """A record sealed with a key that came since the last look opens: the folder is looked at again at once."""
    clock = ManualClock()
    add_key(tmp_path, START - 1000)
    watched = watch(tmp_path, clock)
    new = add_key(tmp_path, START)
    await clock.advance(MIN_INTERVAL_SECONDS)

    assert watched.keyring.open(Keyring([new.key]).seal(b"y", "n"), "n") == b"y"


async def test_looks_on_demand_are_throttled(tmp_path: Path) -> None:
    """Records of a key that is gone make the files be read once a second, however many there are."""
    clock = ManualClock()
    add_key(tmp_path, START - 1000)
    watched = watch(tmp_path, clock)
    await clock.advance(MIN_INTERVAL_SECONDS)
    gone = Keyring([b"\0" * 32]).seal(b"y", "n")
    with pytest.raises(KeyringError, match="not in session"):
        watched.keyring.open(gone, "n")
    new = add_key(tmp_path, START)

    with pytest.raises(KeyringError):
        watched.keyring.open(gone, "n")
    assert new.id not in watched.keyring.key_ids
    await clock.advance(MIN_INTERVAL_SECONDS)
    with pytest.raises(KeyringError):
        watched.keyring.open(gone, "n")
    assert new.id in watched.keyring.key_ids


@pytest.mark.expects_log
@pytest.mark.parametrize("fault", ["broken file", "no key left", "no folder left"])
async def test_trouble_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: str) -> None:
    """A broken key file, or a folder that is suddenly empty, is said once; the former keys stay until all is well again."""
    clock, folder = ManualClock(), tmp_path / "keys"
    old = add_key(folder, START - 1000)
    watched = watch(folder, clock)
    sealed = watched.keyring.seal(b"x", "n")
    if fault == "broken file":
        (folder / "new.key").write_text("half")
    else:
        remove_key(old)
    if fault == "no folder left":
        folder.rmdir()

    assert [watched.check() for _ in range(3)] == [False] * 3
    assert watched.keyring.open(sealed, "n") == b"x"
    assert [record.levelname for record in caplog.records if "session_keys.load_failed" in record.getMessage()] == ["ERROR"]
    (folder / "new.key").unlink(missing_ok=True)
    new = add_key(folder, START)
    assert watched.check()
    assert new.id in watched.keyring.key_ids


@pytest.mark.expects_log
async def test_files_of_new_settings(tmp_path: Path) -> None:
    """Single files are replaced by those of the settings as they are now, if all of them can be read."""
    make_key_file(tmp_path / "old")
    make_key_file(tmp_path / "new")
    watched = KeyWatcher(KeySources(files=[tmp_path / "old"]), ManualClock())
    sealed = watched.keyring.seal(b"x", "n")

    assert not watched.check([tmp_path / "missing"])
    assert watched.check()
    assert watched.keyring.is_current(sealed)
    assert watched.check([tmp_path / "new", tmp_path / "old"])
    assert not watched.keyring.is_current(sealed)
    assert watched.keyring.open(sealed, "n") == b"x"
    assert Keyring([read_key(tmp_path / "new")]).key_ids == watched.keyring.key_ids[:1]


def test_no_key_at_the_start(tmp_path: Path) -> None:
    """Without a key there is no hub."""
    with pytest.raises(KeyringError, match="holds no key"):
        watch(tmp_path, ManualClock())
    assert read_folder(tmp_path) == []
