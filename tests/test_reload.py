"""SIGHUP, and keys that change under a running hub: nothing is restarted, nobody waits, and what is wrong changes nothing."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from hub.session.key_folder import add_key, read_folder
from hub.session.keyring import key_id, make_key_file, read_key
from tests.parties.hub import PROJECT, Hub, free_port, settings
from tests.waiting import hang_timeout, until

pytestmark = pytest.mark.timing_sensitive

NO_PROVIDER = "http://127.0.0.1:9"
LOOK_SECONDS = 0.02


@asynccontextmanager
async def running_hub(**environment: str) -> AsyncIterator[Hub]:
    """Run a hub with a private Redis; its provider does not matter."""
    async with Hub.start(settings(NO_PROVIDER, "hub", "secret", [], **environment), wait=False) as hub:
        for _ in range(int(environment.get("HUB_SERVER_PROCESSES", "1"))):
            await hub.listening()
        yield hub


def tell(hub: Hub, text: str) -> None:
    """Write a settings file, and tell the hub to read it."""
    (hub.folder / "hub.toml").write_text(text)
    assert hub.process is not None
    hub.process.send_signal(signal.SIGHUP)


async def logged(condition: Callable[[], object]) -> None:
    """Wait for something that happens in another process; nothing announces it but what that process writes."""
    await until(condition, LOOK_SECONDS)


async def status(hub: Hub) -> int:
    """Return the status of a call to the hub."""
    async with aiohttp.ClientSession() as http, http.get(f"{hub.url}/hub/session") as answer:
        return answer.status


class TestReload:
    """SIGHUP to a hub of one process."""

    async def test_keys_of_the_settings_file(self, tmp_path: Path) -> None:
        """Keys that the file names since then are in use: here the first of them encrypts, since the folder's own is too new."""
        make_key_file(tmp_path / "single")
        async with running_hub() as hub:
            tell(hub, f'[session]\nkey_files = ["{tmp_path}/single"]\n')
            await logged(lambda: hub.events("hub.reloaded"))

            (changed,) = hub.events("session_keys.changed")
            (own,) = read_folder(hub.folder / "var/keys")
            assert (changed["encrypts"], changed["decrypt"]) == (key_id(read_key(tmp_path / "single")).hex(), [own.id])
            assert await status(hub) == 200

    async def test_mistakes_change_nothing(self, tmp_path: Path) -> None:
        """Settings that are wrong, and a key file that holds no key, are logged as errors; the hub goes on as it was."""
        async with running_hub() as hub:
            tell(hub, "[server]\nport = 'x'\n[nonsense]\n")
            await logged(lambda: hub.events("hub.reload_failed"))
            (tmp_path / "broken").write_text("half a key")
            tell(hub, f'[session]\nkey_files = ["{tmp_path}/broken"]\n')
            await logged(lambda: len(hub.events("hub.reload_failed")) == 2)

            first, _ = hub.events("hub.reload_failed")
            assert any("nonsense" in mistake for mistake in first["mistakes"])
            (trouble,) = hub.events("session_keys.load_failed")
            assert (trouble["level"], "broken: holds no key" in trouble["trouble"]) == ("error", True)
            assert "half a key" not in hub.log()
            assert await status(hub) == 200
            assert hub.events("session_keys.changed") == []
            tell(hub, "")
            await logged(lambda: hub.events("hub.reloaded"))

    async def test_log_level(self) -> None:
        """`log.level` is followed: what is below it is no longer written, and then is again."""
        async with running_hub() as hub:
            await status(hub)
            await logged(lambda: hub.events("request"))
            tell(hub, '[log]\nlevel = "ERROR"\n')
            written = -1
            async with hang_timeout():
                while written != len(hub.events("request")):
                    written = len(hub.events("request"))
                    await status(hub)
                    await asyncio.sleep(0.05)
            assert hub.events("hub.reloaded") == []
            tell(hub, '[log]\nlevel = "INFO"\n')
            await logged(lambda: len(hub.events("hub.reloaded")) == 1)

    async def test_signal_during_the_start(self, tmp_path: Path) -> None:
        """A SIGHUP that comes while the process is still starting is kept, and followed; it does not end the process."""
        hub = Hub(settings(NO_PROVIDER, "hub", "secret", []), tmp_path, free_port())
        await hub.run()
        try:
            assert hub.process is not None
            waits = Path(f"/proc/{hub.process.pid}/status")
            await logged(lambda: blocks_sighup(waits.read_text()))
            hub.process.send_signal(signal.SIGHUP)
            await logged(lambda: hub.events("hub.reloaded"))
            assert hub.process.returncode is None
        finally:
            await hub.stop()


def blocks_sighup(text: str) -> bool:
    """Read in the kernel's description of a process whether it holds SIGHUP back, and only that: before exec all wait."""
    (mask,) = (line.split()[1] for line in text.splitlines() if line.startswith("SigBlk:"))
    return int(mask, 16) == 1 << (signal.SIGHUP - 1)


async def test_every_worker_is_told(tmp_path: Path) -> None:
    """The supervisor passes SIGHUP on; workers that start later read the new settings anyway."""
    make_key_file(tmp_path / "single")
    async with running_hub(HUB_SERVER_PROCESSES="2") as hub:
        await logged(lambda: len(hub.events("hub.listening")) == 2)
        tell(hub, f'[session]\nkey_files = ["{tmp_path}/single"]\n')
        await logged(lambda: len(hub.events("hub.reloaded")) == 2)

        first = key_id(read_key(tmp_path / "single")).hex()
        assert [changed["encrypts"] for changed in hub.events("session_keys.changed")] == [first, first]
        assert hub.events("worker.exited") == []
        assert {await status(hub) for _ in range(5)} == {200}


async def test_rotation_needs_no_signal() -> None:
    """`hub keys rotate` is all that it takes: the hub sees the key by itself, and encrypts with it when its time has come."""
    async with running_hub(HUB_SESSION_KEY_ACTIVATION_SECONDS="1") as hub:
        folder = hub.folder / "var/keys"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub", "keys", "rotate", "--dir", str(folder)), cwd=PROJECT, stdout=asyncio.subprocess.DEVNULL
        )
        assert await process.wait() == 0
        new, old = read_folder(folder)
        await logged(lambda: any(changed["encrypts"] == new.id for changed in hub.events("session_keys.changed")))

        assert hub.events("session_keys.changed")[-1]["decrypt"] == [old.id]


async def test_key_of_a_former_version(tmp_path: Path) -> None:
    """The key that a former version has made in its data folder is the one that the hub goes on with."""
    (tmp_path / "var").mkdir()
    make_key_file(tmp_path / "var/session.key")
    key = read_key(tmp_path / "var/session.key")
    async with running_hub(HUB_REDIS_DATA_DIR=str(tmp_path / "var")):
        (kept,) = read_folder(tmp_path / "var/keys")
        assert kept.key == key
        assert not (tmp_path / "var/session.key").exists()


async def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A private Redis whose keys can be kept nowhere ends the start with exit code 1, and names the folder."""
    (tmp_path / "file").touch()
    environment = settings(NO_PROVIDER, "hub", "secret", [], HUB_SESSION_KEY_DIR=str(tmp_path / "file/keys"))
    async with Hub.start(environment, wait=False) as hub:
        assert hub.process is not None
        assert await hub.process.wait() == 1
        assert "file/keys: " in hub.log()
        assert "Traceback" not in hub.log()


async def test_shared_folder_without_a_key(tmp_path: Path, redis_url: str) -> None:
    """Hubs that share a Redis never make a key by themselves: each would make its own. The message says what to do."""
    environment = settings(NO_PROVIDER, "hub", "secret", [], HUB_REDIS_URL=redis_url, HUB_SESSION_KEY_DIR=str(tmp_path))
    async with Hub.start(environment, wait=False) as hub:
        assert hub.process is not None
        assert await hub.process.wait() == 1
        assert f"{tmp_path}: holds no key; make one with `python run.py keys rotate --dir {tmp_path}`" in hub.log()
        assert read_folder(tmp_path) == []
        add_key(tmp_path, 0.0)
        await hub.run()
        await hub.listening()


async def test_broken_settings_do_not_end_those_who_serve() -> None:
    """A worker that is started anew while the settings file is broken is tried again; the other one serves meanwhile."""
    async with running_hub(HUB_SERVER_PROCESSES="2") as hub:
        await logged(lambda: len(hub.events("hub.listening")) == 2)
        tell(hub, "[nonsense]\n")
        await logged(lambda: len(hub.events("hub.reload_failed")) == 2)
        os.kill(hub.events("worker.started")[0]["pid"], signal.SIGKILL)
        await logged(lambda: [ended["exit_status"] for ended in hub.events("worker.exited")][:2] == [-signal.SIGKILL, 2])

        assert {await status(hub) for _ in range(5)} == {200}
        (hub.folder / "hub.toml").write_text("")
        await logged(lambda: len(hub.events("hub.listening")) == 3)
        assert hub.process is not None
        assert hub.process.returncode is None
