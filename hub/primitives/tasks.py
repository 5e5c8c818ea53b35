"""Tasks that somebody owns: each is ended by its owner, never restarted, and an unforeseen exception is logged.

`hub.primitives.task_supervisor` restarts tasks that run as long as the process. No other module creates tasks.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from typing import Any, TypeVar

import structlog

from hub.primitives.failure import ExpectedFailure

CANCEL_AGAIN_SECONDS = 0.1

Result = TypeVar("Result")
StartTask = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]

logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


def report_crash(task: asyncio.Future[Any]) -> None:
    """Log how a task ended if that was unforeseen. A cancellation and an `ExpectedFailure` are foreseen."""
    error = unforeseen_error(task)
    if error is not None:
        what = task.get_name() if isinstance(task, asyncio.Task) else "future"
        logger.error("task.crashed", what=what, exc_info=error)


def unforeseen_error(task: asyncio.Future[Any]) -> BaseException | None:
    """Return the exception with which a task ended, unless it is foreseen. Marks the exception as retrieved."""
    if task.cancelled():
        return None
    error = task.exception()
    return None if isinstance(error, ExpectedFailure) else error


def start_task(
    work: Coroutine[Any, Any, Result], what: str, on_end: Callable[[asyncio.Task[Result]], object] = report_crash
) -> asyncio.Task[Result]:
    """Start a task. The caller keeps it and cancels it.

    Parameters:
        what: Names the work in the log.
        on_end: Called when the task has ended; it retrieves the exception.
    """
    task = asyncio.create_task(work, name=what)
    task.add_done_callback(on_end)
    return task


def start_waiting(
    wait: Awaitable[Result], what: str, on_end: Callable[[asyncio.Task[Result]], object] = report_crash
) -> asyncio.Task[Result]:
    """Start a task that waits for anything that can be awaited; else like `start_task`."""
    return start_task(_until(wait), what, on_end)


def task_starter() -> StartTask:
    """Return the function that starts tasks in the running loop, for work that handles each of its exceptions itself.

    It is the loop's own function: a request costs no call more than its task.
    """
    return asyncio.get_running_loop().create_task


class OwnedTasks:
    """The tasks of one owner.

    Parameters:
        what: Names the work in the log.
        on_crash: Called with an unforeseen exception, in place of the log line `task.crashed`.
    """

    def __init__(self, what: str, on_crash: Callable[[BaseException], object] | None = None) -> None:
        self._what = what
        self._on_crash = on_crash
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def __iter__(self) -> Iterator[asyncio.Task[Any]]:
        """Iterate over the tasks that run now."""
        return iter(tuple(self._tasks))

    def start(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Start a task, and keep it until it ends."""
        task = start_task(work, self._what, self._ended)
        self._tasks.add(task)
        return task

    def cancel(self) -> None:
        """Cancel all tasks without waiting for them."""
        for task in self:
            task.cancel()

    async def finish(self) -> None:
        """Return when all tasks have ended by themselves, also those that are started meanwhile."""
        while self._tasks:
            await asyncio.wait(self)

    async def close(self) -> None:
        """Cancel all tasks, and return when they have ended."""
        await end_tasks(self)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if self._on_crash is None:
            report_crash(task)
        elif (error := unforeseen_error(task)) is not None:
            self._on_crash(error)


async def end_tasks(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel `tasks` and return when all have ended. Their exceptions are ignored.

    The cancellation is repeated until it takes effect: in Python 3.11 a cancellation that meets the end of an
    `asyncio.wait_for`, as redis-py uses it, gets lost (cpython issue 81839), and so does one that a library replaces by an
    exception of its own.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_SECONDS)


async def first_of(*waits: Awaitable[Any]) -> None:
    """Return when one of `waits` is done, and cancel the others. Raise its exception if it failed."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end_tasks(tasks)
    for task in done:
        task.result()


async def _until(wait: Awaitable[Result]) -> Result:
    return await wait
