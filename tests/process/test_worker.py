"""One worker process, run inside the test: when it ends because it can serve no longer."""

import asyncio
import secrets
from pathlib import Path
from typing import Any

import pytest

from hub.config.settings import AdminSettings, ProviderSettings, RedisSettings, ServerSettings, SessionSettings, Settings
from hub.primitives.secret import Secret
from hub.process import server
from hub.process.server import TasksFailed, Worker
from hub.session.events import EventFeed
from tests.waiting import hang_timeout


@pytest.fixture
def worker(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """A worker that gives up soon, with a provider that is not there."""
    monkeypatch.setattr(server, "spare_the_collector", lambda: None)
    key = tmp_path / "session.key"
    key.write_text(secrets.token_urlsafe(32))
    key.chmod(0o600)
    settings = Settings(
        server=ServerSettings(port=0, task_failure_seconds=0.1),
        admin=AdminSettings(port=0),
        redis=RedisSettings(url=redis_url),
        session=SessionSettings(key_files=[str(key)]),
        provider=ProviderSettings(issuer="http://127.0.0.1:9", client_id="hub", client_secret=Secret("secret")),
    )
    return Worker(settings, None)


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
