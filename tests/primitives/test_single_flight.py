"""Single-flight: with a task, and inline."""

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


async def test_cancel() -> None:
    """Cancelling ends what is under way; whoever waits hears of it."""
    flights, work = SingleFlight[str, int]("test"), Work()
    waiting = asyncio.ensure_future(flights.do("a", work))
    await asyncio.sleep(0)
    await flights.cancel()

    assert "a" not in flights
    with pytest.raises(asyncio.CancelledError):
        await waiting


class TestRejected:
    """A joined execution may bring what its caller wants replaced."""

    async def test_executed_again(self) -> None:
        """The caller that rejects the result of a joined execution gets that of a new one; the others keep the first."""
        flights, work = SingleFlight[str, int]("test"), Work()
        first = asyncio.ensure_future(flights.do("a", work))
        await asyncio.sleep(0)
        rejecting = [asyncio.ensure_future(flights.do("a", work, lambda result: result == 1)) for _ in range(3)]
        content = asyncio.ensure_future(flights.do("a", work, lambda result: result == 7))
        await asyncio.sleep(0)  # all have joined
        work.may_end.set()

        assert await asyncio.gather(first, *rejecting, content) == [1, 2, 2, 2, 1]
        assert work.begun == 2

    async def test_an_execution_that_has_just_ended_is_not_joined(self) -> None:
        """Nor does a caller that rejects its result ask for it for ever, before the loop has had a turn."""
        flights, work = SingleFlight[str, int]("test"), Work()
        work.may_end.set()
        first = flights.start("a", work)
        second = asyncio.ensure_future(flights.do("a", work, lambda result: result == 1))
        await asyncio.sleep(0)

        assert (await first, await second) == (1, 2)

    async def test_an_own_execution_is_taken_as_it_is(self) -> None:
        """It began for this caller: there is nothing better to be had."""
        flights, work = SingleFlight[str, int]("test"), Work()
        work.may_end.set()

        assert await flights.do("a", work, lambda result: True) == 1


class TestInline:
    """The first caller executes the work itself."""

    async def test_many_wait_for_one(self) -> None:
        """Concurrent callers get the same result; a later one executes the work anew. No task is made."""
        flights, work = SingleFlight[str, int]("test"), Work()
        callers = [asyncio.ensure_future(flights.do_inline("a", work)) for _ in range(20)]
        await asyncio.sleep(0)
        assert "a" in flights
        assert asyncio.all_tasks() == {asyncio.current_task(), *callers}
        work.may_end.set()

        assert await asyncio.gather(*callers) == [1] * 20
        assert "a" not in flights
        assert await flights.do_inline("a", work) == 2

    async def test_other_keys_do_not_wait(self) -> None:
        """Another key is another work."""
        flights, slow, fast = SingleFlight[str, int]("test"), Work(), Work()
        waiting = asyncio.ensure_future(flights.do_inline("a", slow))
        fast.may_end.set()

        assert await flights.do_inline("b", fast) == 1
        slow.may_end.set()
        assert await waiting == 1

    async def test_errors_reach_all_who_wait(self) -> None:
        """A store that is down is down for all: nobody waits for a timeout of their own."""
        flights, work = SingleFlight[str, int]("test"), Work(ProviderUnavailable("down"))
        callers = [asyncio.ensure_future(flights.do_inline("a", work)) for _ in range(3)]
        await asyncio.sleep(0)
        work.may_end.set()
        results = await asyncio.gather(*callers, return_exceptions=True)

        assert [type(result) for result in results] == [ProviderUnavailable] * 3
        assert (work.begun, "a" in flights) == (1, False)

    async def test_a_waiting_caller_goes_away(self) -> None:
        """That concerns nobody else."""
        flights, work = SingleFlight[str, int]("test"), Work()
        leading, gone, staying = (asyncio.ensure_future(flights.do_inline("a", work)) for _ in range(3))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        work.may_end.set()

        assert await asyncio.gather(leading, staying) == [1, 1]
        assert gone.cancelled()

    async def test_the_executing_caller_goes_away(self) -> None:
        """One of the others executes the work anew, for all that are left."""
        flights, work = SingleFlight[str, int]("test"), Work()
        leading, *others = (asyncio.ensure_future(flights.do_inline("a", work)) for _ in range(4))
        await asyncio.sleep(0)
        leading.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
        work.may_end.set()

        assert await asyncio.gather(*others) == [2, 2, 2]
        assert (work.begun, leading.cancelled()) == (2, True)

    async def test_a_defect_is_raised_to_its_own_caller(self) -> None:
        """Each of the others meets it for itself, with its own traceback."""
        flights, work = SingleFlight[str, int]("test"), Work(ZeroDivisionError())
        callers = [asyncio.ensure_future(flights.do_inline("a", work)) for _ in range(3)]
        await asyncio.sleep(0)
        work.may_end.set()
        results = await asyncio.gather(*callers, return_exceptions=True)

        assert [type(result) for result in results] == [ZeroDivisionError] * 3
        assert work.begun == 3
