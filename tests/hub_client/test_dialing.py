"""The Python client while no hub takes its calls: a clock that records the pauses stands in for time."""

import asyncio
from typing import Any

import pytest

from hub.primitives.clock import SystemClock
from hub_client import ChannelClient, ChannelRefused, Login
from hub_client.client import LONGEST_PAUSE_SECONDS
from hub_client.link import Link, LinkClosed
from tests.waiting import hang_timeout

FAILURES = 2_000


class RecordingClock(SystemClock):
    """Notes each pause and lets none pass; `enough` is set after `FAILURES` of them."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.enough = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Note the pause."""
        self.pauses.append(seconds)
        if len(self.pauses) >= FAILURES:
            self.enough.set()
        await asyncio.sleep(0)


async def test_many_failed_dials_keep_the_client_dialing(monkeypatch: Any) -> None:
    """Two thousand failed dials in a row neither overflow the pause nor make it longer than its cap."""

    async def dial(*_: object) -> Link:
        raise LinkClosed(1006, "nobody listens")

    monkeypatch.setattr(Link, "dial", dial)
    clock = RecordingClock()
    async with ChannelClient("http://hub.example", Login("", ""), clock=clock, jitter=lambda: 1.0) as client, hang_timeout():
        await clock.enough.wait()

    assert client.dials >= FAILURES
    assert max(clock.pauses) == clock.pauses[FAILURES - 1] == LONGEST_PAUSE_SECONDS


@pytest.mark.expects_log
async def test_a_defect_fails_the_requests() -> None:
    """If the client can dial no more, requests fail at once, now and later: nobody waits for a timeout."""

    async def login() -> Login:
        raise ZeroDivisionError

    async with ChannelClient("http://hub.example", login) as client, hang_timeout():
        for _ in range(2):
            with pytest.raises(ChannelRefused, match="ZeroDivisionError"):
                await client.request("GET", "/api/x", timeout_seconds=1_000_000)
