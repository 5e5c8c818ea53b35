"""How sessions end by themselves: with a warning before, and with the last channel, even if a worker is killed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import websockets

from hub.primitives.clock import SystemClock
from hub.process.embedded_redis import running_url
from hub.session.event_feed import EventFeed
from hub.session.events import SessionEvent, SessionHasEnded
from hub.session.key_folder import read_folder
from hub.session.keyring import Keyring
from hub.session.last_channel import ENDING
from hub.session.redis_client import connect
from hub.telemetry.metrics import Metrics
from tests.parties.browser import Browser
from tests.parties.channel import Channel, ChannelClosedError
from tests.scenarios.conftest import Clinic, StartClinic
from tests.waiting import settled, soon, until


@asynccontextmanager
async def ends_of(clinic: Clinic) -> AsyncIterator["asyncio.Queue[SessionHasEnded]"]:
    """Hear of every session that ends."""
    redis, heard = connect(running_url(clinic.hub.folder / "var"), 2.0), asyncio.Queue[SessionHasEnded]()

    async def hear(event: SessionEvent) -> None:
        if isinstance(event, SessionHasEnded):
            heard.put_nowait(event)

    listening = asyncio.Event()

    async def on_gap() -> None:
        listening.set()

    keyring = Keyring([dated.key for dated in read_folder(clinic.hub.folder / "var/keys")])
    feed = EventFeed(redis, keyring, SystemClock(), Metrics())
    task = asyncio.create_task(feed.run(hear, on_gap))
    await listening.wait()
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await redis.aclose()


async def noted(clinic: Clinic, sessions: int) -> None:
    """Wait until the workers have said of so many sessions that they have a channel."""
    redis = connect(running_url(clinic.hub.folder / "var"), 2.0)
    while await redis.zcard(ENDING) < sessions:
        await asyncio.sleep(0.05)  # another process does it, twice a second, and announces nothing
    await redis.aclose()


async def kill_worker_of(clinic: Clinic, channel: Channel) -> None:
    """Kill the worker that holds this channel: one after the other, until the channel breaks."""
    for ends, started in enumerate(clinic.hub.events("worker.started")[:2], 1):
        os.kill(started["pid"], signal.SIGKILL)
        await until(lambda ends=ends: len(clinic.hub.events("worker.exited")) == ends, 0.02)  # type: ignore[misc]
        if await settled(channel.closed.done):  # the system has closed the sockets of a process that has ended
            return
    raise AssertionError("the channel is on no worker")


async def dial_again(clinic: Clinic, browser: Browser, channel: Channel) -> Channel:
    """Return the channel, or another one if it broke: what a page does."""
    try:
        await channel.request("GET", "/api/echo")
    except (ChannelClosedError, websockets.ConnectionClosed):
        await clinic.hub.ready()
        return await Channel.open(browser)
    return channel


async def test_session_ends_although_its_worker_was_killed(start_clinic: StartClinic) -> None:
    """Nobody cleans up after the worker; a page that dials again keeps its session, one that is gone does not."""
    async with (
        start_clinic(HUB_SERVER_PROCESSES="2", HUB_SESSION_END_AFTER_LAST_CHANNEL_SECONDS="5") as clinic,
        ends_of(clinic) as ends,
        clinic.browser("alice") as gone,
        clinic.browser("bob") as back,
    ):
        lost = await Channel.open(gone)
        other = await Channel.open(back)
        assert (await gone.fetch("/api/echo")).status == (await back.fetch("/api/echo")).status == 200
        await noted(clinic, 2)
        await kill_worker_of(clinic, lost)
        other = await dial_again(clinic, back, other)
        ended = await soon(ends.get())

        assert (ended.reason, ends.empty()) == ("last_channel", True)
        assert (await gone.fetch("/hub/session")).json()["reason"] == "last_channel"
        assert (await other.request("GET", "/api/echo")).body["subject"] == "bob"
        await other.close()


async def test_warned_and_ended(start_clinic: StartClinic) -> None:
    """Polling marked passive does not keep a session: its page is warned, then told why it is over. Activity takes it back."""
    async with start_clinic(HUB_SESSION_IDLE_TIMEOUT_SECONDS="6") as clinic, clinic.browser("alice") as browser:
        channel = await Channel.open(browser)

        async def poll() -> None:
            while True:
                await channel.request("GET", "/api/slow?seconds=0.3", passive=True)

        polling = asyncio.create_task(poll())
        first = await channel.events.get()
        await browser.fetch("/hub/session")  # in another tab, the user does something
        events = [first, *[await channel.events.get() for _ in range(3)]]
        with pytest.raises(ChannelClosedError) as closed:
            await polling

    assert [event["name"] for event in events] == ["expiring", "extended", "expiring", "ended"]
    assert first["data"]["kind"] == "idle"
    assert 0 < first["data"]["in_ms"] <= 3000
    assert events[-1]["data"]["reason"] == "idle"
    assert closed.value.code == 4401
