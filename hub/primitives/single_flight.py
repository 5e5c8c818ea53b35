"""One task a key at a time: who asks for what is under way already waits for that."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

import structlog

from hub.primitives.failure import ExpectedFailure

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")

logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class SingleFlight(Generic[Key, Result]):
    """Tasks by key, which go on when those who wait for them are cancelled.

    Parameters:
        what: Names the work in the log, should it crash: `task.crashed`.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._running: dict[Key, asyncio.Task[Result]] = {}

    def __contains__(self, key: Key) -> bool:
        """Return whether the work runs for this key."""
        return key in self._running

    def start(self, key: Key, work: Callable[[], Coroutine[Any, Any, Result]]) -> asyncio.Task[Result]:
        """Begin the work, or join the task that does it already."""
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(work())
            self._running[key] = task
            task.add_done_callback(lambda done: self._finished(key, done))
        return task

    async def do(self, key: Key, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Return the result of the work, or raise its error. Whoever waits may be cancelled; the work is not."""
        return await asyncio.shield(self.start(key, work))

    async def close(self) -> None:
        """Wait for all that is under way."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _finished(self, key: Key, task: asyncio.Task[Result]) -> None:
        del self._running[key]
        if task.cancelled():
            return
        error = task.exception()  # reading it also keeps asyncio from complaining when nobody waited
        if error is not None and not isinstance(error, ExpectedFailure):
            logger.error("task.crashed", what=self._what, exc_info=error)
