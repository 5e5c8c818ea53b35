"""The pace of uploads: who is too slow, and who only looks like it."""

import asyncio
from typing import Any

import pytest

from hub.config.settings import UpstreamSettings
from hub.errors import UploadStalled
from hub.gateway.upload_pace import UploadPace
from tests.parties.clock import ManualClock

RATE, GRACE, LONGEST = 500, 30, 3600


def limits(**changes: Any) -> UpstreamSettings:
    """Return limits in round numbers."""
    given = {"upload_bytes_per_second": RATE, "upload_grace_seconds": GRACE, "upload_max_seconds": LONGEST}
    return UpstreamSettings(**{**given, **changes})


@pytest.fixture
def clock() -> ManualClock:
    """A clock that the test moves."""
    return ManualClock()


async def lasts(pace: UploadPace, clock: ManualClock, size: int, every: float) -> float:
    """Send `size` bytes every so many seconds to an API that takes them at once; return after how many seconds it ends."""
    began = clock.monotonic()
    while clock.monotonic() - began < 2 * LONGEST:
        try:
            pace.check()
        except UploadStalled:
            break
        waiting = asyncio.create_task(pace.wait())
        await clock.advance(every)
        if not waiting.done():
            pace.received(size)
            pace.wake()
        try:
            await waiting
        except UploadStalled:
            break
    return clock.monotonic() - began


async def test_trickle_ends(clock: ManualClock) -> None:
    """A byte every ten seconds buys no time worth mentioning."""
    assert await lasts(UploadPace(limits(), clock), clock, 1, 10) == GRACE + 10  # the wait in which the grace ends


@pytest.mark.parametrize(("size", "every"), [(RATE, 1), (20 * RATE, 20), (RATE * GRACE, GRACE - 1), (1_000_000, 25)])
async def test_slow_but_honest(clock: ManualClock, size: int, every: float) -> None:
    """At the least rate, or above it with pauses, an upload ends by its total time alone."""
    assert LONGEST <= await lasts(UploadPace(limits(), clock), clock, size, every) <= LONGEST + every


async def test_below_the_rate(clock: ManualClock) -> None:
    """Half of the rate uses up the grace in twice its time."""
    assert await lasts(UploadPace(limits(), clock), clock, RATE // 2, 1) == pytest.approx(2 * GRACE, abs=1)


async def test_a_fast_beginning_buys_no_slow_end(clock: ManualClock) -> None:
    """What was sent before counts for the grace at most."""
    pace = UploadPace(limits(), clock)
    pace.received(50_000_000)

    assert await lasts(pace, clock, 1, 10) == GRACE + 10


async def test_time_of_the_api_does_not_count(clock: ManualClock) -> None:
    """A client is not late while its segments wait to be read."""
    pace = UploadPace(limits(), clock)
    await clock.advance(GRACE * 10)
    waiting = asyncio.create_task(pace.wait())
    await clock.advance(GRACE - 1)
    assert not waiting.done()
    pace.wake()
    await waiting


async def test_client_without_credit_is_not_late(clock: ManualClock) -> None:
    """Whoever may not send is waited for, until the upload as a whole has lasted too long."""
    may_send = False
    pace = UploadPace(limits(), clock, lambda: may_send)
    waiting = asyncio.create_task(pace.wait())
    await clock.advance(GRACE * 3 + 1)
    assert not waiting.done()
    may_send = True
    await clock.advance(GRACE)

    with pytest.raises(UploadStalled):
        await waiting


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "less than 500 bytes per second for 30 seconds"),
        ({"upload_bytes_per_second": 0}, "Nothing was received for 30 seconds"),
        ({"upload_max_seconds": 20}, "longer than 20 seconds"),
    ],
)
async def test_reason(clock: ManualClock, changes: dict[str, Any], text: str) -> None:
    """The client is told which limit it was."""
    waiting = asyncio.create_task(UploadPace(limits(**changes), clock).wait())
    await clock.advance(GRACE)

    with pytest.raises(UploadStalled, match=text):
        await waiting


async def test_no_limits(clock: ManualClock) -> None:
    """Without a rate, any byte renews the grace; without a longest time, there is none."""
    assert await lasts(UploadPace(limits(upload_bytes_per_second=0, upload_max_seconds=0), clock), clock, 1, 20) >= 2 * LONGEST


async def test_canceled_wait(clock: ManualClock) -> None:
    """It leaves no timer, and the next wait is as good."""
    pace = UploadPace(limits(), clock)
    waiting = asyncio.create_task(pace.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert clock.waiting == 0
    again = asyncio.create_task(pace.wait())
    await asyncio.sleep(0)
    pace.wake()
    await again
