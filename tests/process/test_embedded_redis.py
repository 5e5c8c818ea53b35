"""The private server: for its owner only, keeps its data, never twice on one folder, never left behind."""

import asyncio
import os
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis.asyncio

from hub.process.embedded_redis import EmbeddedRedis, EmbeddedRedisError
from hub.session.redis_client import Redis
from tests.parties.hub import PROJECT

pytestmark = pytest.mark.timing_sensitive

PARENT = """
import asyncio, sys
from pathlib import Path
from hub.telemetry import log
from hub.process.embedded_redis import EmbeddedRedis
async def main():
    log.configure("INFO", "json")
    server = EmbeddedRedis(Path(sys.argv[1]))
    await server.start()
    print(server.url, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder with a short path, which does not exist yet."""
    folder = Path(tempfile.mkdtemp(prefix="hubd-"))
    yield folder / "var"
    shutil.rmtree(folder)


@asynccontextmanager
async def running(data_dir: Path, max_memory_mib: int = 1024) -> AsyncIterator[tuple[EmbeddedRedis, Redis]]:
    """Run a server on `data_dir`, with a client of it."""
    server = EmbeddedRedis(data_dir, max_memory_mib)
    await server.start()
    client = redis.asyncio.Redis.from_url(server.url)
    try:
        yield server, client
    finally:
        await client.aclose()
        await server.stop()


def mode(path: Path) -> int:
    """Return the permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def socket_of(server: EmbeddedRedis) -> Path:
    """Return the path of a server's socket."""
    return Path(server.url.removeprefix("unix://"))


async def test_owner_only(data_dir: Path) -> None:
    """Nobody but the owner can open the socket, the folder or the lock; and there is no TCP port."""
    (data_dir / "redis").mkdir(mode=0o777, parents=True)
    async with running(data_dir) as (server, client):
        assert mode(socket_of(server)) & 0o077 == 0
        assert mode(data_dir / "redis") == 0o700
        assert mode(data_dir / "redis" / "lock") == 0o600
        assert (await client.config_get("port"))["port"] == "0"


async def test_a_full_store_refuses(data_dir: Path) -> None:
    """No session is dropped to make room, and every change goes to the append-only file."""
    async with running(data_dir) as (_, client):
        settings = await client.config_get("maxmemory", "maxmemory-policy", "appendonly")

    assert settings == {"maxmemory": str(1024**3), "maxmemory-policy": "noeviction", "appendonly": "yes"}


async def test_memory_is_limited(data_dir: Path) -> None:
    """A full store rejects what would be new, and still returns what it holds."""
    async with running(data_dir, max_memory_mib=4) as (_, client):
        await client.set("session", b"kept")
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            for number in range(8):
                await client.set(f"more-{number}", bytes(2**20))

        assert await client.get("session") == b"kept"


async def test_data_is_kept(data_dir: Path) -> None:
    """What was stored is there after a restart, and after a crash of the server too."""
    async with running(data_dir) as (_, client):
        await client.set("hub:session:a", "first", ex=1000)
    async with running(data_dir) as (server, client):
        assert await client.get("hub:session:a") == b"first"
        assert 0 < await client.ttl("hub:session:a") <= 1000
        await client.set("hub:session:b", "second")
        assert server._process is not None
        server._process.kill()
        await asyncio.to_thread(server._process.wait)
    async with running(data_dir) as (_, client):
        assert await client.get("hub:session:b") == b"second"


async def test_folder_in_use(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second hub on the same folder is refused in words that help, and leaves the first alone."""
    monkeypatch.setattr("hub.process.embedded_redis.LOCK_TRIES", 3)
    async with running(data_dir) as (_, client):
        second = EmbeddedRedis(data_dir)
        with pytest.raises(EmbeddedRedisError, match=r"redis\.data_dir: another hub is using .*var\. Stop it, or set"):
            await second.start()
        assert await client.ping()
    async with running(data_dir) as (_, client):  # and what it had opened is closed
        assert await client.ping()


async def test_unusable_folder(data_dir: Path) -> None:
    """A folder that cannot be made is reported with the setting's name and the reason."""
    (data_dir.parent / "file").touch()

    with pytest.raises(EmbeddedRedisError, match=r"redis\.data_dir: .* cannot be used \(Not a directory\)"):
        await EmbeddedRedis(data_dir.parent / "file" / "var").start()


async def test_server_that_ends(data_dir: Path) -> None:
    """Broken data: the message says what the server said last and where there is more; the folder is free again."""
    broken = data_dir / "redis" / "appendonlydir" / "appendonly.aof.manifest"
    broken.parent.mkdir(parents=True)
    broken.write_text("this is no manifest\n")
    with pytest.raises(EmbeddedRedisError, match=r"ended at its start \(Invalid AOF manifest.*\)\. Read .*valkey\.log"):
        await EmbeddedRedis(data_dir).start()

    broken.unlink()
    async with running(data_dir) as (_, client):
        assert await client.ping()


async def test_long_path(data_dir: Path) -> None:
    """Where the folder's path is too long for a socket, the socket goes to a folder of its own, which is removed later."""
    deep = data_dir / ("d" * 60) / ("e" * 60)
    async with running(deep) as (server, client):
        await client.set("a", "b")
        socket = socket_of(server)
        assert len(str(socket)) <= 100
        assert mode(socket.parent) == 0o700

    assert not socket.parent.exists()
    async with running(deep) as (_, client):
        assert await client.get("a") == b"b"


async def test_odd_path(data_dir: Path) -> None:
    """Characters that mean something in a URL do not in a folder's name."""
    async with running(data_dir / "50%25 of all? #1") as (_, client):
        assert await client.ping()


async def test_stale_socket(data_dir: Path) -> None:
    """A socket file that a crash has left is no obstacle."""
    (data_dir / "redis").mkdir(parents=True)
    (data_dir / "redis" / "socket").touch()
    async with running(data_dir) as (_, client):
        assert await client.ping()


async def test_stop_twice(data_dir: Path) -> None:
    """Stopping a server that is stopped, or was never started, does nothing."""
    server = EmbeddedRedis(data_dir)
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()

    assert not socket_of(server).exists()


async def test_ends_with_its_parent(data_dir: Path) -> None:
    """A hub that is killed leaves no server behind; the next one on this folder waits for its end and finds the data."""
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(data_dir)), cwd=PROJECT, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    client = redis.asyncio.Redis.from_url((await parent.stdout.readline()).decode().strip())
    pid = (await client.info("server"))["process_id"]
    await client.set("hub:session:a", "kept")
    gone = await end_of(pid)
    parent.send_signal(signal.SIGKILL)
    async with running(data_dir) as (_, next_client):
        assert await next_client.get("hub:session:a") == b"kept"
        assert (await next_client.info("server"))["process_id"] != pid
        assert gone.is_set()
    await client.aclose()
    await parent.communicate()


async def end_of(pid: int) -> asyncio.Event:
    """Return an event that is set when a process, which need not be a child, has ended."""
    descriptor, event, loop = os.pidfd_open(pid), asyncio.Event(), asyncio.get_running_loop()

    def ended() -> None:
        event.set()
        loop.remove_reader(descriptor)
        os.close(descriptor)

    loop.add_reader(descriptor, ended)
    return event
