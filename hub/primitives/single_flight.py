"""Single-flight: concurrent calls with the same key share one execution of the work."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from hub.primitives.failure import ExpectedFailure
from hub.primitives.tasks import end_tasks, report_crash, start_task

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")


class Abandoned(Exception):
    """The caller that executed the work was cancelled or failed unexpectedly. Another caller must execute it."""


def accept_all(_result: object) -> bool:
    """Reject no result."""
    return False


class SingleFlight(Generic[Key, Result]):
    """Shares work by key, in one of two ways.

    With `start` and `do`, a task executes the work and continues if callers are cancelled. With `do_inline`, the first caller
    executes it itself, without a task; if that caller is cancelled, another one executes it again.

    Parameters:
        what: Name of the work in the log event `task.crashed`.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._running: dict[Key, asyncio.Task[Result]] = {}
        self._waiting: dict[Key, list[asyncio.Future[Result]]] = {}  # for the caller that executes the work inline

    def __contains__(self, key: Key) -> bool:
        """Return whether the work runs for this key."""
        return self._runs(key) or key in self._waiting

    def start(self, key: Key, work: Callable[[], Coroutine[Any, Any, Result]]) -> asyncio.Task[Result]:
        """Start a task for the work, or return the task that runs."""
        if not self._runs(key):
            self._running[key] = start_task(work(), self._what, functools.partial(self._ended, key))
        return self._running[key]

    async def do(
        self,
        key: Key,
        work: Callable[[], Coroutine[Any, Any, Result]],
        rejects: Callable[[Result], bool] = accept_all,
    ) -> Result:
        """Return the result of the work, or raise its exception. Cancelling this call does not cancel the work.

        Parameters:
            rejects: Returns whether this caller cannot use a result. If an execution that began before this call had such a
                result, the work is executed again.
        """
        while True:
            joined = self._runs(key)
            result = await asyncio.shield(self.start(key, work))
            if not joined or not rejects(result):
                return result

    async def do_inline(self, key: Key, work: Callable[[], Awaitable[Result]]) -> Result:
        """Return the result of the work, which the first caller executes. An `ExpectedFailure` is raised to all callers."""
        while (waiting := self._waiting.get(key)) is not None:
            future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
            waiting.append(future)
            try:
                return await future
            except Abandoned:
                continue
        return await self._lead(key, work)

    async def close(self) -> None:
        """Return when all tasks have ended by themselves."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def cancel(self) -> None:
        """Cancel all tasks, and return when they have ended."""
        await end_tasks(list(self._running.values()))

    async def _lead(self, key: Key, work: Callable[[], Awaitable[Result]]) -> Result:
        waiting = self._waiting[key] = []
        failure: Exception = Abandoned()
        try:
            result = await work()
            for future in waiting:
                if not future.done():
                    future.set_result(result)
            return result
        except ExpectedFailure as error:
            failure = error
            raise
        finally:
            del self._waiting[key]
            for future in waiting:
                if not future.done():
                    future.set_exception(failure)

    def _runs(self, key: Key) -> bool:
        task = self._running.get(key)
        return task is not None and not task.done()

    def _ended(self, key: Key, task: asyncio.Task[Result]) -> None:
        if self._running.get(key) is task:  # otherwise a new execution began before the loop called this
            del self._running[key]
        report_crash(task)  # also marks the exception as retrieved if no caller waits
