"""Owned tasks: their ends are reported, and they end with their owner."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub.primitives.failure import ExpectedFailure
from hub.primitives.tasks import OwnedTasks, end_tasks, first_of, start_task, task_starter


async def fail_with(error: BaseException) -> None:
    """Raise `error`."""
    raise error


async def for_ever() -> None:
    """Wait until cancelled."""
    await asyncio.Event().wait()


def crashes(events: list[MutableMapping[str, Any]]) -> list[tuple[Any, str]]:
    """Return what was logged as a defect."""
    return [(event["what"], repr(event["exc_info"])) for event in events if event["event"] == "task.crashed"]


class TestEndTasks:
    """Ending tasks for certain."""

    async def test_tasks_end(self) -> None:
        """Tasks that run, have ended, or fail on the way out are all ended afterwards."""

        async def fails_at_the_end() -> None:
            try:
                await for_ever()
            finally:
                raise OSError

        tasks = [asyncio.create_task(for_ever()), asyncio.create_task(fails_at_the_end())]
        done = asyncio.create_task(asyncio.sleep(0))
        await done
        await end_tasks([*tasks, done])

        assert [task.done() for task in tasks] == [True, True]
        assert isinstance(tasks[1].exception(), OSError)

    async def test_lost_cancellation(self) -> None:
        """A loop that takes the first cancellation for an outage is asked again."""
        losses = 0

        async def survives_once() -> None:
            nonlocal losses
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    if losses:
                        raise
                    losses += 1

        task = asyncio.create_task(survives_once())
        await asyncio.sleep(0)
        await end_tasks([task])

        assert task.cancelled()
        assert losses == 1


class TestStartTask:
    """A task whose owner keeps it."""

    async def test_a_crash_is_logged(self) -> None:
        """With the name of the work and the exception."""
        with capture_logs() as events:
            task = start_task(fail_with(KeyError("x")), "upload")
            await asyncio.wait([task])

        assert crashes(events) == [("upload", "KeyError('x')")]

    @pytest.mark.parametrize("error", [ExpectedFailure("refused"), asyncio.CancelledError()])
    async def test_what_is_foreseen_is_not_logged(self, error: BaseException) -> None:
        """Callers handle expected failures, and a cancellation is the owner's own act."""
        with capture_logs() as events:
            await asyncio.wait([start_task(fail_with(error), "upload")])

        assert events == []

    async def test_the_owner_hears_of_the_end(self) -> None:
        """`on_end` gets the task in place of the log line."""
        ended: list[BaseException | None] = []
        with capture_logs() as events:
            await asyncio.wait([start_task(fail_with(KeyError()), "upload", lambda task: ended.append(task.exception()))])

        assert [type(error) for error in ended] == [KeyError]
        assert events == []

    async def test_bare_tasks(self) -> None:
        """The starter makes tasks of the running loop."""
        task = task_starter()(asyncio.sleep(0))

        assert task in asyncio.all_tasks()
        await task


class TestOwnedTasks:
    """The tasks of one owner."""

    async def test_result(self) -> None:
        """The owner may wait for a task; it is forgotten once it has ended."""
        tasks = OwnedTasks("requests")
        task = tasks.start(asyncio.sleep(0, "result"))
        assert list(tasks) == [task]

        assert await task == "result"
        await asyncio.sleep(0)
        assert len(tasks) == 0

    async def test_a_crash_is_logged_and_not_repeated(self) -> None:
        """A failed request is not run again."""
        tasks = OwnedTasks("requests")
        with capture_logs() as events:
            tasks.start(fail_with(KeyError("x")))
            await tasks.finish()

        assert crashes(events) == [("requests", "KeyError('x')")]
        assert len(tasks) == 0

    async def test_the_owner_decides_about_a_crash(self) -> None:
        """`on_crash` hears of unforeseen exceptions only, in place of the log line."""
        heard: list[BaseException] = []
        tasks = OwnedTasks("requests", heard.append)
        with capture_logs() as events:
            tasks.start(fail_with(KeyError("x")))
            tasks.start(fail_with(ExpectedFailure()))
            await tasks.finish()

        assert [repr(error) for error in heard] == ["KeyError('x')"]
        assert events == []

    async def test_close_cancels_and_waits(self) -> None:
        """Nothing of it runs afterwards."""
        tasks, cleaned = OwnedTasks("requests"), []

        async def work() -> None:
            try:
                await for_ever()
            finally:
                await asyncio.sleep(0)
                cleaned.append(True)

        running = [tasks.start(work()) for _ in range(3)]
        await asyncio.sleep(0)
        await tasks.close()

        assert [task.cancelled() for task in running] == [True] * 3
        assert cleaned == [True] * 3

    async def test_finish_waits_for_tasks_that_start_meanwhile(self) -> None:
        """It returns when nothing runs any more, and cancels nothing."""
        tasks, done = OwnedTasks("requests"), []

        async def second() -> None:
            done.append("second")

        async def first() -> None:
            await asyncio.sleep(0)
            tasks.start(second())
            done.append("first")

        tasks.start(first())
        await tasks.finish()

        assert done == ["first", "second"]

    async def test_cancel_does_not_wait(self) -> None:
        """The owner goes on at once."""
        tasks = OwnedTasks("requests")
        task = tasks.start(for_ever())
        await asyncio.sleep(0)
        tasks.cancel()

        assert not task.done()
        await tasks.finish()
        assert task.cancelled()


class TestFirstOf:
    """Waiting for one of several events."""

    async def test_the_others_are_cancelled(self) -> None:
        """It returns with the first, and nothing is left behind."""
        before = asyncio.all_tasks()
        await first_of(for_ever(), asyncio.sleep(0), for_ever())

        assert asyncio.all_tasks() == before

    async def test_a_failure_is_raised(self) -> None:
        """The caller hears why the wait is over."""
        with pytest.raises(KeyError):
            await first_of(for_ever(), fail_with(KeyError()))

    async def test_cancelled(self) -> None:
        """Cancelling the caller cancels all."""
        before = asyncio.all_tasks()
        task = asyncio.create_task(first_of(for_ever(), for_ever()))
        await asyncio.sleep(0)
        await end_tasks([task])

        assert asyncio.all_tasks() == before
