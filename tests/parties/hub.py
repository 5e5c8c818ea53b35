"""The hub as its operators run it: a process of its own, configured by environment, stopped by signals."""

import asyncio
import fcntl
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp

from tests.parties.listeners import chosen
from tests.waiting import hang_timeout

PROJECT = Path(__file__).resolve().parent.parent.parent


_held: list[int] = []  # locks that this process keeps until its end


def free_port() -> int:
    """Return a port for this test process alone: below those that the kernel gives to clients, never the same one twice.

    A lock for each port keeps test processes that run at the same time apart.
    """
    for port in range(20_000, 32_000):
        lock = os.open(Path(tempfile.gettempdir(), f"hub-test-port-{port}"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            os.close(lock)
            continue
        _held.append(lock)
        return port
    raise AssertionError("no port is free")


def public_url(port: int) -> str:
    """Return the URL under which browsers reach a hub of these tests."""
    return f"http://localhost:{port}"


def redirect_uri(port: int) -> str:
    """Return what has to be registered for it at the provider."""
    return f"{public_url(port)}/hub/callback"


class Hub:
    """One running hub.

    Attributes:
        url: Its public URL.
        admin_url: Its admin listener.
        log_file: What it wrote to standard error.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path, port: int, package: Path = PROJECT) -> None:
        self.port, self.admin_port = port, int(environment.get("HUB_ADMIN_PORT") or free_port())
        self.url = public_url(port)
        self.admin_url = f"http://127.0.0.1:{self.admin_port}"
        self.folder = folder
        self.log_file = folder / "hub.log"
        self._environment = {
            "HUB_SERVER_PORT": str(self.port),
            "HUB_SERVER_PUBLIC_URL": self.url,
            "HUB_ADMIN_PORT": str(self.admin_port),
            "HUB_REDIS_DATA_DIR": str(folder / "var"),
            "HUB_LOG_FORMAT": "json",
            "HUB_STATIC_ROOT": str(PROJECT / "static"),
            "HUB_SERVER_LISTENER": chosen.get(),
            "HUB_LIMITS_REQUESTS_PER_SESSION": "0",  # tests call as fast as they can
            **environment,
        }
        self._package = package
        self.process: asyncio.subprocess.Process | None = None

    @classmethod
    @asynccontextmanager
    async def start(
        cls, environment: Mapping[str, str], *, port: int | None = None, wait: bool = True, package: Path = PROJECT
    ) -> AsyncIterator[Self]:
        """Start a hub with settings from `environment` in a folder of its own; stop it at the end. `package` holds its code."""
        with tempfile.TemporaryDirectory(prefix="hub-") as folder:
            hub = cls(environment, Path(folder), port or free_port(), package)
            try:
                await hub.run()
                if wait:
                    await hub.ready()
                yield hub
            finally:
                await hub.stop()

    def configure(self, **environment: str) -> None:
        """Change settings for the next `run`."""
        self._environment.update(environment)

    async def run(self) -> None:
        """Start the process."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        (self.folder / "hub.toml").touch()
        with self.log_file.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "hub", "--config", str(self.folder / "hub.toml")),
                cwd=self.folder,
                env={**clean, "PYTHONPATH": str(self._package), **self._environment},
                stderr=log,
                stdout=log,
            )

    async def ready(self) -> None:
        """Wait until the hub says that it can serve."""
        await self._reached(self.is_ready)

    async def unready(self) -> None:
        """Wait until the hub says that it cannot serve."""

        async def is_unready() -> bool:
            return not await self.is_ready()

        await self._reached(is_unready)

    async def listening(self, workers: int = 1) -> None:
        """Wait until so many workers of the hub listen, ready or not."""

        async def is_listening() -> bool:
            return len(self.events("hub.listening")) >= workers

        await self._reached(is_listening)

    async def _reached(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait until `condition` holds; fail with the log as soon as the process has ended, or if it hangs."""
        assert self.process is not None
        try:
            async with hang_timeout():
                while not await condition():
                    assert self.process.returncode is None, self.log()
                    await asyncio.sleep(0.05)  # nothing announces it but the ports and the log of a real process
        except TimeoutError as error:
            raise AssertionError(f"the hub did not come to it:\n{self.log()}") from error

    async def is_ready(self) -> bool:
        """Tell whether the hub says that it can serve."""
        try:
            return (await self.admin("/readyz"))[0] == 200
        except aiohttp.ClientConnectionError:
            return False

    async def stop(self) -> int:
        """End the hub as an operator does; return its exit code."""
        if self.process is None:
            return 0
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            async with hang_timeout():
                return await self.process.wait()
        except TimeoutError as error:
            self.process.kill()
            raise AssertionError(f"the hub did not stop:\n{self.log()}") from error

    async def admin(self, path: str) -> tuple[int, str]:
        """Return status and text of a page of the admin listener."""
        async with aiohttp.ClientSession() as http, http.get(self.admin_url + path) as answer:
            return answer.status, await answer.text()

    async def metric(self, name: str, **labels: str) -> float:
        """Return the sum of a metric over all workers, restricted to `labels`."""
        _, text = await self.admin("/metrics")
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        lines = [line for line in text.splitlines() if line.startswith((name + " ", name + "{"))]
        return sum(float(line.rpartition(" ")[2]) for line in lines if all(label in line for label in wanted))

    def log(self) -> str:
        """Return all that the hub has logged."""
        return self.log_file.read_text()

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the log events called `name`."""
        records = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [record for record in records if record.get("event") == name]


def settings(issuer: str, client_id: str, client_secret: str, routes: list[dict[str, Any]], **more: str) -> dict[str, str]:
    """Return the environment of a hub that logs in at `issuer`."""
    return {
        "HUB_PROVIDER_ISSUER": issuer,
        "HUB_PROVIDER_CLIENT_ID": client_id,
        "HUB_PROVIDER_CLIENT_SECRET": client_secret,
        "HUB_ROUTES": json.dumps(routes),
        **more,
    }
