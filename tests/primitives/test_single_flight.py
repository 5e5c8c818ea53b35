"""One task a key at a time."""

import asyncio
import logging

import pytest

from hub.errors import ProviderUnavailable
from hub.primitives.single_flight import SingleFlight


class Work:
    """Something that is done when told, and counts how often it was begun."""

    def __init__(self, error: Exception | None = None) -> None:
        self.begun = 0
        self.may_end = asyncio.Event()
        self._error = error

    async def __call__(self) -> int:
        """Wait to be told; return the number of this run, or fail."""
        self.begun += 1
        number = self.begun
        await self.may_end.wait()
        if self._error is not None:
            raise self._error
        return number


async def test_many_wait_for_one() -> None:
    """Whoever comes while it runs gets the same result; whoever comes later gets a new one."""
    flights, work = SingleFlight[str, int]("test"), Work()
    callers = [asyncio.ensure_future(flights.do("a", work)) for _ in range(20)]
    work.may_end.set()

    assert await asyncio.gather(*callers) == [1] * 20
    assert await flights.do("a", work) == 2


async def test_other_keys_do_not_wait() -> None:
    """Another key is another work."""
    flights, slow, fast = SingleFlight[str, int]("test"), Work(), Work()
    fast.may_end.set()
    waiting = flights.start("a", slow)

    assert await flights.do("b", fast) == 1
    assert ("a" in flights, "b" in flights, waiting.done()) == (True, False, False)
    slow.may_end.set()
    await waiting


async def test_caller_that_goes_away() -> None:
    """Cancelling who waits does not cancel the work; the others get its result."""
    flights, work = SingleFlight[str, int]("test"), Work()
    gone = asyncio.ensure_future(flights.do("a", work))
    other = asyncio.ensure_future(flights.do("a", work))
    while not work.begun:
        await asyncio.sleep(0)
    gone.cancel()
    work.may_end.set()

    assert await other == 1
    assert gone.cancelled()


async def test_errors_reach_all_who_wait() -> None:
    """An error of the hub's own is theirs to handle and is not logged; the next try is a new one."""
    flights, work = SingleFlight[str, int]("test"), Work(ProviderUnavailable("down"))
    work.may_end.set()
    results = await asyncio.gather(*(flights.do("a", work) for _ in range(3)), return_exceptions=True)

    assert [type(result) for result in results] == [ProviderUnavailable] * 3
    assert "a" not in flights


@pytest.mark.expects_log
async def test_crash_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A defect is logged even if nobody waited for the work."""
    flights, work = SingleFlight[str, int]("test"), Work(ZeroDivisionError())
    work.may_end.set()
    flights.start("a", work)
    await flights.close()

    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_close_waits() -> None:
    """Closing waits for what is under way: a result on its way must not be lost."""
    flights, work = SingleFlight[str, int]("test"), Work()
    task = flights.start("a", work)
    closing = asyncio.ensure_future(flights.close())
    await asyncio.sleep(0)
    assert not closing.done()
    work.may_end.set()
    await closing

    assert task.result() == 1
