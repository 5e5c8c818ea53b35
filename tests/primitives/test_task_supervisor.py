"""Service tasks: restarted without end, and only the required ones may end the process."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from structlog.testing import capture_logs

from hub.primitives.task_supervisor import FAILURE_SECONDS, LONGEST_WAIT_SECONDS, STEADY_SECONDS, TaskSupervisor
from tests.parties.clock import ManualClock


class Work:
    """Work that fails as often as it is told to."""

    def __init__(self, failures: float = float("inf"), runs_seconds: float = 0.0, clock: ManualClock | None = None) -> None:
        self.runs = 0
        self.failures = failures
        self._runs_seconds = runs_seconds
        self._clock = clock

    async def __call__(self) -> None:
        """Run once."""
        self.runs += 1
        if self._clock is not None:
            await self._clock.sleep(self._runs_seconds)
        if self.runs <= self.failures:
            raise KeyError(self.runs)
        await asyncio.Event().wait()


class Dependency:
    """What a required task depends on."""

    def __init__(self) -> None:
        self.responds = True

    async def probe(self) -> bool:
        """Tell whether it responds."""
        return self.responds


@pytest.fixture
def clock() -> ManualClock:
    """A clock of the test's own."""
    return ManualClock()


@pytest.fixture
def restarts() -> list[str]:
    """The names of restarted tasks."""
    return []


@pytest.fixture
async def tasks(clock: ManualClock, restarts: list[str]) -> AsyncIterator[TaskSupervisor]:
    """A supervisor without jitter."""
    tasks = TaskSupervisor(clock, report_restart=restarts.append, jitter=lambda: 0.0)
    yield tasks
    await tasks.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_task_that_runs_is_left_alone(tasks: TaskSupervisor, clock: ManualClock, restarts: list[str]) -> None:
    """Nothing is reported of it."""
    work = Work(failures=0)
    tasks.start("feed", work)
    await clock.advance(1000)

    assert (work.runs, restarts, tasks.failing) == (1, [], [])


async def test_restarted_with_backoff(tasks: TaskSupervisor, clock: ManualClock, restarts: list[str]) -> None:
    """Each failure in a row doubles the wait, up to the longest one; it is logged with the exception, and counted."""
    work = Work()
    seen = []
    with capture_logs() as events:
        tasks.start("feed", work)
        for seconds in (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0):
            await clock.advance(seconds)
            seen.append(work.runs)

    assert seen == [1, 2, 3, 4, 5, 6, 7, 8]
    assert restarts == ["feed"] * 7
    failed = [event for event in events if event["event"] == "task.failed"]
    assert [event["retry_in"] for event in failed] == [0.5, 1, 2, 4, 8, 10, 10, 10]
    assert {event["task"] for event in failed} == {"feed"}
    assert repr(failed[1]["exc_info"]) == "KeyError(2)"


async def test_without_end(tasks: TaskSupervisor, clock: ManualClock) -> None:
    """Two thousand failures neither stop the restarts nor make the wait longer."""
    work = Work()
    with capture_logs():
        tasks.start("feed", work)
        await clock.advance(2000 * LONGEST_WAIT_SECONDS)

    assert work.runs > 2000
    assert tasks.given_up == []


async def test_failing_until_it_runs_again(tasks: TaskSupervisor, clock: ManualClock) -> None:
    """A restarted task counts as running once it has run for a while."""
    with capture_logs() as events:
        tasks.start("feed", Work(failures=2))
        tasks.start("watch", Work(failures=0))
        await clock.advance(0)
        failing = [tasks.failing]
        await clock.advance(1.5)
        failing.append(tasks.failing)
        await clock.advance(STEADY_SECONDS)
        failing.append(tasks.failing)

    assert failing == [["feed"], ["feed"], []]
    assert [event["event"] for event in events] == ["task.failed", "task.failed", "task.recovered"]


async def test_a_failure_after_a_steady_run_counts_as_the_first(tasks: TaskSupervisor, clock: ManualClock) -> None:
    """The wait begins anew."""
    with capture_logs() as events:
        tasks.start("feed", Work(runs_seconds=STEADY_SECONDS + 1, clock=clock))
        await clock.advance(10 * STEADY_SECONDS)

    waits = [event["retry_in"] for event in events if event["event"] == "task.failed"]
    assert len(waits) > 3
    assert set(waits) == {0.5}


async def test_an_early_end_is_a_failure(tasks: TaskSupervisor, clock: ManualClock, restarts: list[str]) -> None:
    """A task that is to run as long as the process is restarted if it returns."""
    with capture_logs() as events:
        tasks.start("feed", lambda: asyncio.sleep(0))
        await clock.advance(1)

    assert len(restarts) >= 1
    assert "EndedEarly" in repr(events[0]["exc_info"])


async def test_work_that_finishes(tasks: TaskSupervisor, clock: ManualClock, restarts: list[str]) -> None:
    """It may return; it is restarted only if it fails."""
    runs = []

    async def discover() -> None:
        runs.append(True)
        if len(runs) == 1:
            raise KeyError

    with capture_logs():
        tasks.start("discovery", discover, finishes=True)
        await clock.advance(100)

    assert (len(runs), len(restarts), tasks.failing) == (2, 1, [])


async def test_a_cancellation_from_below_is_a_failure(tasks: TaskSupervisor, clock: ManualClock, restarts: list[str]) -> None:
    """A cancelled future of a library does not end the task silently."""

    async def work() -> None:
        if not restarts:
            waits: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            waits.cancel()
            await waits
        await asyncio.Event().wait()

    with capture_logs():
        tasks.start("feed", work)
        await clock.advance(10)

    assert (restarts, tasks.failing) == (["feed"], [])


async def test_stop(tasks: TaskSupervisor, clock: ManualClock) -> None:
    """One task can be stopped while it runs, and while it waits for its restart."""
    running, failing = Work(failures=0), Work()
    with capture_logs():
        handles = [tasks.start("one", running), tasks.start("two", failing)]
        await clock.advance(0)
        for handle in handles:
            await handle.stop()
        await clock.advance(100)

    assert (running.runs, failing.runs) == (1, 1)


class TestRequired:
    """Tasks without which the process cannot serve."""

    async def test_given_up_after_a_while(self, tasks: TaskSupervisor, clock: ManualClock) -> None:
        """Not before the dependency has responded for so long, and the restarts go on meanwhile."""
        with capture_logs() as events:
            tasks.start("feed", Work(), required=Dependency().probe)
            waiting = asyncio.create_task(tasks.wait_until_given_up())
            await clock.advance(FAILURE_SECONDS - 1)
            before = (tasks.given_up, waiting.done())
            await clock.advance(LONGEST_WAIT_SECONDS + 1)

        assert before == ([], False)
        assert (tasks.given_up, waiting.done()) == (["feed"], True)
        assert [event["task"] for event in events if event["event"] == "task.given_up"] == ["feed"]

    async def test_others_never_end_the_process(self, tasks: TaskSupervisor, clock: ManualClock) -> None:
        """However long they fail."""
        with capture_logs():
            tasks.start("figures", Work())
            await clock.advance(100 * FAILURE_SECONDS)

        assert tasks.given_up == []
        assert tasks.failing == ["figures"]

    async def test_an_outage_of_the_dependency_does_not_count(self, tasks: TaskSupervisor, clock: ManualClock) -> None:
        """A restart would not help; the time begins anew when the dependency is back."""
        redis = Dependency()
        with capture_logs():
            tasks.start("feed", Work(), required=redis.probe)
            await clock.advance(FAILURE_SECONDS - LONGEST_WAIT_SECONDS)
            redis.responds = False
            await clock.advance(10 * FAILURE_SECONDS)
            redis.responds = True
            await clock.advance(FAILURE_SECONDS - 1)
            during = tasks.given_up
            await clock.advance(2 * LONGEST_WAIT_SECONDS)

        assert (during, tasks.given_up) == ([], ["feed"])

    async def test_a_task_that_recovers_starts_anew(self, tasks: TaskSupervisor, clock: ManualClock) -> None:
        """Failures before a steady run do not count."""
        is_broken, breaks = True, asyncio.Event()

        async def work() -> None:
            if not is_broken:
                await breaks.wait()
            raise KeyError

        with capture_logs():
            tasks.start("feed", work, required=Dependency().probe)
            await clock.advance(FAILURE_SECONDS - LONGEST_WAIT_SECONDS)
            is_broken = False
            await clock.advance(LONGEST_WAIT_SECONDS + STEADY_SECONDS)
            assert tasks.failing == []
            is_broken = True
            breaks.set()
            await clock.advance(FAILURE_SECONDS - 1)
            assert (tasks.failing, tasks.given_up) == (["feed"], [])
            await clock.advance(LONGEST_WAIT_SECONDS + 1)

        assert tasks.given_up == ["feed"]

    async def test_a_suspended_process_does_not_count(self, tasks: TaskSupervisor, clock: ManualClock) -> None:
        """A machine that sleeps for an hour between two failures is no hour of failing."""
        runs = []

        async def work() -> None:
            runs.append(True)
            if len(runs) == 3:
                clock.freeze(3600)
            raise KeyError

        with capture_logs():
            tasks.start("feed", work, required=Dependency().probe)
            await clock.advance(4)

        assert len(runs) >= 3
        assert tasks.given_up == []


@pytest.mark.parametrize(("jitter", "expected"), [(lambda: 0.0, 0.5), (lambda: 1.0, 0.75)])
async def test_jitter(clock: ManualClock, jitter: Callable[[], float], expected: float) -> None:
    """Chance lengthens the waits by up to a half, so that workers do not fail in step."""
    tasks = TaskSupervisor(clock, jitter=jitter)
    with capture_logs() as events:
        tasks.start("feed", Work())
        await clock.advance(0)
        await tasks.close()

    assert events[0]["retry_in"] == expected
