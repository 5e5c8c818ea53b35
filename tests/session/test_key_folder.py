"""Where keys come from, and which of them encrypts: never one that another hub may not know yet."""

import base64
import os
import secrets
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config.settings import RedisSettings, SessionSettings, Settings
from hub.session.key_folder import DatedKey, KeySources, add_key, in_order, outlived, provide_keys, read_folder, remove_key
from hub.session.keyring import KeyringError, make_key_file, read_key
from tests.parties.clock import START

ACTIVATION = 300.0
LIFETIME = 43200.0


def dated(*times: float) -> list[DatedKey]:
    """Return keys made at these times, the newest first."""
    return [DatedKey(Path(f"{at}.key"), at, secrets.token_bytes(32)) for at in sorted(times, reverse=True)]


class TestOrder:
    """The newest key that is old enough encrypts; all decrypt."""

    def test_new_key_waits(self) -> None:
        """A new key decrypts at once, and encrypts only after the activation time."""
        new, old = dated(START, START - 5000)

        assert in_order([new, old], [], START + ACTIVATION - 1, ACTIVATION) == [old.key, new.key]
        assert in_order([new, old], [], START + ACTIVATION, ACTIVATION) == [new.key, old.key]

    def test_first_day(self) -> None:
        """Where no key is old enough, the oldest encrypts: every hub has had it for the longest time."""
        newest, middle, oldest = dated(START, START - 1, START - 2)

        assert in_order([newest, middle, oldest], [], START, ACTIVATION)[0] == oldest.key

    def test_single_files_are_older(self) -> None:
        """Keys of single files go on encrypting until a key of the folder is old enough: so one moves to a folder of keys."""
        single, (new,) = [secrets.token_bytes(32), secrets.token_bytes(32)], dated(START)

        assert in_order([new], single, START, ACTIVATION) == [*single, new.key]
        assert in_order([new], single, START + ACTIVATION, ACTIVATION) == [new.key, *single]

    @given(
        ages=st.lists(st.floats(0, 1000), min_size=1, max_size=5, unique=True),
        behind=st.floats(0, ACTIVATION - 1),
        later=st.floats(0, 2000),
    )
    def test_no_hub_meets_an_unknown_key(self, ages: list[float], behind: float, later: float) -> None:
        """A hub that saw the folder less than the activation time ago knows the key that the others encrypt with now."""
        now = START + later
        keys = dated(*(START + age for age in ages))
        seen = [key for key in keys if key.made_at <= now - behind] or [keys[-1]]
        present = [key for key in keys if key.made_at <= now] or [keys[-1]]

        assert in_order(present, [], now, ACTIVATION)[0] in {key.key for key in seen}


class TestOutlived:
    """A key may go when the last session that it can have sealed has ended."""

    def test_counts_from_the_end_of_its_use(self) -> None:
        """A key stops encrypting when the next one begins to; from then on a session lives for at most its longest life."""
        new, old = dated(START, START - 1_000_000)
        end = START + ACTIVATION + LIFETIME

        assert outlived([new, old], end, ACTIVATION, LIFETIME) == []
        assert outlived([new, old], end + 1, ACTIVATION, LIFETIME) == [old]

    def test_the_encrypting_key_stays(self) -> None:
        """However old it is, the newest key stays; so does the one before it while the newest waits."""
        new, old = dated(START, START - 1_000_000)

        assert outlived([old], START, ACTIVATION, 0) == []
        assert outlived([new, old], START, ACTIVATION, 0) == []
        assert outlived([], START, ACTIVATION, 0) == []


class TestFolder:
    """Files in a folder, named by when they were made."""

    def test_new_key(self, tmp_path: Path) -> None:
        """A new key is its owner's only, named by time and id, and read back as it was made."""
        added = add_key(tmp_path / "keys", START + 0.7)

        assert added.file.name == f"20270115T080000Z-{added.id}.key"
        assert stat.S_IMODE(added.file.stat().st_mode) == 0o600
        assert stat.S_IMODE(added.file.parent.stat().st_mode) == 0o700
        assert read_folder(tmp_path / "keys") == [added]

    def test_newest_first(self, tmp_path: Path) -> None:
        """Age is told by the name, whenever the file was copied here; a name that tells nothing leaves it to the file's time."""
        old, new = add_key(tmp_path, START - 100), add_key(tmp_path, START)
        os.utime(old.file, (START + 1000, START + 1000))
        make_key_file(tmp_path / "by-hand.key")
        os.utime(tmp_path / "by-hand.key", (START - 50, START - 50))

        assert [key.file.name for key in read_folder(tmp_path)] == [new.file.name, "by-hand.key", old.file.name]

    def test_other_files_are_no_keys(self, tmp_path: Path) -> None:
        """What does not end in .key, or begins with a dot, is left alone."""
        added = add_key(tmp_path, START)
        (tmp_path / "README").write_text("no key")
        (tmp_path / f".{added.file.name}.half").write_text("")
        (tmp_path / ".unfinished.key").write_text("")

        assert read_folder(tmp_path) == [added]

    def test_broken_file_is_named(self, tmp_path: Path) -> None:
        """A .key file without a key is an error that names it, and does not show what stands in it."""
        add_key(tmp_path, START)
        (tmp_path / "broken.key").write_text("not-a-key")

        with pytest.raises(KeyringError, match=r"broken\.key: holds no key") as caught:
            read_folder(tmp_path)
        assert "not-a-key" not in str(caught.value)

    def test_removed(self, tmp_path: Path) -> None:
        """A removed key is gone; removing it twice is no error."""
        added = add_key(tmp_path, START)
        remove_key(added)
        remove_key(added)

        assert read_folder(tmp_path) == []

    def test_no_folder(self, tmp_path: Path) -> None:
        """A folder that is not there holds no key; one that is a file is an error."""
        (tmp_path / "file").touch()

        assert read_folder(tmp_path / "missing") == []
        with pytest.raises(KeyringError, match="cannot be read"):
            read_folder(tmp_path / "file")

    @pytest.mark.parametrize("step", ["fsync", "link"])
    def test_killed_while_writing(self, tmp_path: Path, step: str) -> None:
        """A process that is killed while it makes a key leaves a folder that can be used, and the next one makes its key."""
        old = add_key(tmp_path, START)
        script = f"""
import os, signal, sys
from pathlib import Path
from hub.session.key_folder import add_key
os.{step} = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
add_key(Path(sys.argv[1]), {START} + 1)
"""
        ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, timeout=30)

        assert ended.returncode == -signal.SIGKILL
        assert len(list(tmp_path.iterdir())) == 2, "it was killed in the middle"
        assert read_folder(tmp_path) == [old]
        assert [key.id for key in read_folder(tmp_path)] != [add_key(tmp_path, START + 2).id]


class TestSources:
    """What the settings say of keys."""

    def test_private_redis(self, tmp_path: Path) -> None:
        """A hub with a private Redis has its keys beside its data, unless others are named."""
        alone = Settings(redis=RedisSettings(data_dir=str(tmp_path)))
        named = replace(alone, session=SessionSettings(key_files=["a"]))
        shared = replace(alone, redis=RedisSettings(url="redis://x"), session=SessionSettings(key_dir="b"))

        assert KeySources.of(alone).folder == tmp_path / "keys"
        assert (KeySources.of(named).folder, KeySources.of(named).files) == (None, [Path("a")])
        assert KeySources.of(shared).folder == Path("b")

    def test_files_and_folder(self, tmp_path: Path) -> None:
        """Single files and a folder make one ring."""
        make_key_file(tmp_path / "single")
        added = add_key(tmp_path / "keys", START)
        sources = KeySources(files=[tmp_path / "single"], folder=tmp_path / "keys", activation_seconds=ACTIVATION)

        assert sources.read(START) == [read_key(tmp_path / "single"), added.key]

    def test_nothing(self, tmp_path: Path) -> None:
        """An empty folder is an error that says how a key is made."""
        with pytest.raises(KeyringError, match=r"holds no key; make one with `python run\.py keys rotate --dir"):
            KeySources(folder=tmp_path).read(START)


class TestProvide:
    """The folder of a hub with a private Redis is never without a key."""

    def test_first_start(self, tmp_path: Path) -> None:
        """A key is made once, and kept."""
        folder = tmp_path / "keys"
        provide_keys(folder, tmp_path / "session.key", START)
        first = read_folder(folder)
        provide_keys(folder, tmp_path / "session.key", START + 1)

        assert len(first) == 1
        assert read_folder(folder) == first

    def test_former_key_moves_in(self, tmp_path: Path) -> None:
        """The one key that a former version has made is kept, with its age: sessions outlive the update."""
        former, key = tmp_path / "session.key", secrets.token_bytes(32)
        former.write_bytes(base64.urlsafe_b64encode(key))
        os.utime(former, (START, START))
        provide_keys(tmp_path / "keys", former, START + 1000)

        (moved,) = read_folder(tmp_path / "keys")
        assert (moved.key, moved.made_at, former.exists()) == (key, START, False)

    def test_interrupted_move(self, tmp_path: Path) -> None:
        """A start that ended between copy and removal is made good by the next one."""
        former = tmp_path / "session.key"
        make_key_file(former)
        text, at = former.read_bytes(), former.stat().st_mtime
        provide_keys(tmp_path / "keys", former, START)
        former.write_bytes(text)
        os.utime(former, (at, at))
        provide_keys(tmp_path / "keys", former, START)

        assert len(read_folder(tmp_path / "keys")) == 1
        assert not former.exists()
