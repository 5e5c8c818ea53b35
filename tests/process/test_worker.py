"""One worker process, run inside the test: when it ends because it can serve no longer, and how it stops."""

import asyncio
import secrets
import socket
from pathlib import Path
from typing import Any

import pytest

from hub.config.settings import AdminSettings, ProviderSettings, RedisSettings, ServerSettings, SessionSettings, Settings
from hub.primitives.clock import SystemClock
from hub.primitives.secret import Secret
from hub.process import server
from hub.process.server import LAST_REQUESTS_SECONDS, TasksFailed, Worker
from hub.session.event_feed import EventFeed
from tests.listener.parts import Client
from tests.parties.clock import ManualClock
from tests.parties.hub import free_port
from tests.parties.listeners import chosen
from tests.waiting import hang_timeout, soon, until


@pytest.fixture
def worker_settings(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a worker that gives up soon, with a provider that is not there."""
    monkeypatch.setattr(server, "spare_the_collector", lambda: None)
    key = tmp_path / "session.key"
    key.write_text(secrets.token_urlsafe(32))
    key.chmod(0o600)
    return Settings(
        server=ServerSettings(port=free_port(), task_failure_seconds=0.1, listener=chosen.get()),
        admin=AdminSettings(port=0),
        redis=RedisSettings(url=redis_url),
        session=SessionSettings(key_files=[str(key)]),
        provider=ProviderSettings(issuer="http://127.0.0.1:9", client_id="hub", client_secret=Secret("secret")),
    )


@pytest.fixture
def worker(worker_settings: Settings) -> Worker:
    """A worker with these settings."""
    return Worker(worker_settings, None, SystemClock())


async def fail(*_: Any) -> None:
    """Fail as a defect does."""
    raise KeyError("defect")


@pytest.mark.expects_log
async def test_ends_if_a_required_task_cannot_run(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis responds, and the event feed fails all the same: the process ends by an error, after it has drained."""
    monkeypatch.setattr(EventFeed, "run", fail)

    async with hang_timeout():
        with pytest.raises(TasksFailed, match="session events"):
            await worker.run(asyncio.Event(), asyncio.Event())


@pytest.mark.expects_log
async def test_a_stop_is_no_failure(worker: Worker) -> None:
    """A worker that is told to stop returns."""
    stop = asyncio.Event()
    stop.set()
    async with hang_timeout():
        await worker.run(stop, asyncio.Event())


@pytest.mark.each_listener
@pytest.mark.expects_log
async def test_last_requests(worker_settings: Settings, clock: ManualClock) -> None:
    """When a worker stops, idle connections get a second for the request that may be on its way; then they are closed."""
    port = worker_settings.server.port
    request = b"GET /hub/session HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"
    stop, ready = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(Worker(worker_settings, None, clock).run(stop, asyncio.Event(), ready.set))
    await soon(ready.wait())
    clients = [Client(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(2)]
    for each in clients:
        await each.send(request)
        assert (await each.answer())[0] == 200
    stop.set()
    await until(lambda: refuses(port))
    busy, idle = clients
    await busy.send(request)
    status, headers, _ = await busy.answer()

    assert (status, headers["connection"].lower(), await busy.rest()) == (200, "close", b"")
    assert not idle.reader.at_eof()

    await clock.advance(LAST_REQUESTS_SECONDS)

    assert await idle.rest() == b""
    await soon(running)
    for each in clients:
        each.writer.close()


@pytest.mark.each_listener
@pytest.mark.expects_log
async def test_stop_without_connections(worker_settings: Settings, clock: ManualClock) -> None:
    """A worker without connections stops at once."""
    stop = asyncio.Event()
    stop.set()

    await soon(Worker(worker_settings, None, clock).run(stop, asyncio.Event()))


def refuses(port: int) -> bool:
    """Tell whether nobody listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
