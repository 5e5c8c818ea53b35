"""Two worker processes: one that dies is replaced, all end together, and their figures are one."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from hub.config.settings import ServerSettings, Settings
from hub.process.supervisor import KILL_SECONDS, Supervisor, WorkersFailed
from tests.parties.browser import Browser
from tests.parties.channel import Channel
from tests.parties.clock import leap
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.parties.hub import Hub, settings
from tests.parties.resource_server import RawResourceServer, answering
from tests.waiting import hang_timeout, settled, until

pytestmark = pytest.mark.timing_sensitive

CALLS = 20  # on connections of their own, which the kernel spreads: one in half a million times all land on one worker


@asynccontextmanager
async def two_workers() -> AsyncIterator[Hub]:
    """Run a hub of two workers, with a provider that logs in at once and an API for everybody."""
    api = await RawResourceServer.start(answering(200, body=b"here"))
    routes = [{"prefix": "/api", "target": api.url, "token": "none"}]
    try:
        async with HostileProvider.start() as provider:
            environment = settings(provider.issuer, CLIENT_ID, CLIENT_SECRET, routes, HUB_SERVER_PROCESSES="2")
            async with Hub.start(environment) as hub:
                await logged(hub, "hub.listening", 2)
                yield hub
    finally:
        await api.stop()


@pytest.mark.expects_log
async def test_workers_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the system starts no process, the hub ends by an error: it does not go on without workers."""

    async def start_none(*_: Any, **__: Any) -> asyncio.subprocess.Process:
        raise BlockingIOError("too many processes")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start_none)
    supervisor = Supervisor(Settings(server=ServerSettings(processes=2)), None)

    async with hang_timeout():
        with pytest.raises(WorkersFailed):
            await supervisor.run(asyncio.Event(), asyncio.Event())


async def test_time_to_stop() -> None:
    """A worker has its drain delay and its shutdown timeout to stop, and is killed a little later."""

    class StuckWorker:
        def __init__(self) -> None:
            self.told, self.killed = asyncio.Event(), asyncio.Event()

        def send_signal(self, _: int) -> None:
            self.told.set()

        def kill(self) -> None:
            self.killed.set()

        async def wait(self) -> None:
            await self.killed.wait()

    worker: Any = StuckWorker()
    supervisor = Supervisor(Settings(server=ServerSettings(drain_delay_seconds=100, shutdown_timeout_seconds=10)), None)
    ending = asyncio.create_task(supervisor._end(worker))
    await worker.told.wait()
    leap(100 + 10)
    was_killed = await settled(worker.killed.is_set)
    leap(2 * KILL_SECONDS)
    await ending

    assert (was_killed, worker.killed.is_set()) == (False, True)


@pytest.mark.expects_log
async def test_workers_that_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that ends after it was ready is started again, however soon that was; one that never was ready ends the hub."""
    start, starts = asyncio.create_subprocess_exec, 0

    async def start_worker(*_: str, **options: Any) -> asyncio.subprocess.Process:
        nonlocal starts
        starts += 1
        return await start("sh", "-c", "echo ready; exit 1" if starts < 4 else "exit 1", **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start_worker)
    monkeypatch.setattr("hub.process.supervisor.RESTART_SECONDS", 0.0)
    supervisor = Supervisor(Settings(server=ServerSettings(processes=1)), None)

    async with hang_timeout():
        with pytest.raises(WorkersFailed):
            await supervisor.run(asyncio.Event(), asyncio.Event())

    assert starts == 4


async def logged(hub: Hub, event: str, times: int) -> list[dict[str, Any]]:
    """Wait until the hub has logged an event so many times; return all of them."""
    await until(lambda: len(hub.events(event)) >= times, 0.02)  # other processes: nothing announces them but their log
    return hub.events(event)


async def call(hub: Hub) -> int:
    """Call the API on a new connection; return the status."""
    headers = {"X-Hub-CSRF": "1"}
    async with aiohttp.ClientSession() as http, http.get(f"{hub.url}/api/x", headers=headers) as answer:
        assert await answer.read() == b"here"
        return answer.status


async def ends_of(pids: list[int]) -> list[asyncio.Event]:
    """Return events that are set when these processes have ended."""
    loop, ends = asyncio.get_running_loop(), []
    for pid in pids:
        descriptor, end = os.pidfd_open(pid), asyncio.Event()

        def ended(descriptor: int = descriptor, end: asyncio.Event = end) -> None:
            loop.remove_reader(descriptor)
            os.close(descriptor)
            end.set()

        loop.add_reader(descriptor, ended)
        ends.append(end)
    return ends


async def test_dead_worker_is_replaced() -> None:
    """A worker that is killed is started again, and meanwhile the other one serves; open channels of the dead are not counted."""
    async with two_workers() as hub, Browser(hub.url) as browser:
        await browser.open("/hub/login")
        channels = [await Channel.open(browser) for _ in range(6)]
        assert await hub.metric("hub_channels") == len(channels)
        first, second = [event["pid"] for event in hub.events("worker.started")]

        for count, pid in enumerate((first, second), start=1):
            os.kill(pid, signal.SIGKILL)
            await logged(hub, "worker.exited", count)
            assert {await call(hub) for _ in range(5)} == {200}
            await logged(hub, "hub.listening", 2 + count)

        assert {(await channel.closed).code for channel in channels} == {1006}
        assert [event["exit_status"] for event in hub.events("worker.exited")] == [-signal.SIGKILL] * 2
        assert await hub.metric("hub_channels") == 0
        assert await hub.metric("hub_logins_total", outcome="completed") == 1
        assert (await browser.fetch("/hub/session")).json()["authenticated"]
        assert "Traceback" not in hub.log()


async def test_workers_are_of_the_same_hub() -> None:
    """Another hub in the folder in which this one was started, such as sources beside an installed one, is not taken."""
    async with two_workers() as hub:
        other = hub.folder / "hub"
        other.mkdir()
        (other / "__init__.py").write_text("raise SystemExit('another hub')")
        os.kill(hub.events("worker.started")[0]["pid"], signal.SIGKILL)
        await logged(hub, "hub.listening", 3)

        assert "another hub" not in hub.log()


async def test_figures_are_summed() -> None:
    """Whichever worker is asked, it answers for both, as soon as both have handed on what they counted."""
    async with two_workers() as hub:
        assert {await call(hub) for _ in range(CALLS)} == {200}

        async with hang_timeout():
            while {await hub.metric("hub_requests_total", transport="http") for _ in range(8)} != {CALLS}:
                await asyncio.sleep(0.1)


async def test_all_end_together() -> None:
    """SIGTERM ends the workers, the private Redis and the hub itself, with exit code 0."""
    async with two_workers() as hub:
        pids = [event["pid"] for event in (*hub.events("worker.started"), *hub.events("redis.started"))]
        ends = await ends_of(pids)
        async with hang_timeout():
            assert await hub.stop() == 0
            await asyncio.gather(*(end.wait() for end in ends))

        assert len(ends) == 3
        assert len(hub.events("hub.stopped")) == 2
        assert hub.events("worker.exited") == []
        assert "Traceback" not in hub.log()


async def test_nothing_is_left_behind() -> None:
    """Workers and private Redis end even if the hub is killed and can tell nobody."""
    async with two_workers() as hub:
        pids = [event["pid"] for event in (*hub.events("worker.started"), *hub.events("redis.started"))]
        ends = await ends_of(pids)
        assert hub.process is not None
        hub.process.kill()
        async with hang_timeout():
            await asyncio.gather(*(end.wait() for end in ends))
            assert await hub.process.wait() == -signal.SIGKILL
