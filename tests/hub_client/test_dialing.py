"""The Python client while no hub takes its calls: a clock that records the pauses stands in for time."""

import asyncio
from typing import Any

from hub.primitives.clock import SystemClock
from hub_client import ChannelClient, Login
from hub_client.client import LONGEST_PAUSE_SECONDS
from hub_client.link import Link, LinkClosed

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
    async with ChannelClient("http://hub.example", Login("", ""), clock=clock, jitter=lambda: 1.0) as client:
        async with asyncio.timeout(60):
            await clock.enough.wait()

    assert client.dials >= FAILURES
    assert max(clock.pauses) == clock.pauses[FAILURES - 1] == LONGEST_PAUSE_SECONDS
