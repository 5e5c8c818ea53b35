"""Single-flight without a task: concurrent callers share one load.

It differs from `SingleFlight` in that the first caller runs the load itself, because a task per load costs more than most loads.
"""

import asyncio
from collections.abc import Awaitable, Iterator
from typing import Generic, TypeVar

from hub.errors import HubError

Result = TypeVar("Result")


class Abandoned(Exception):
    """The caller that ran the load was cancelled. Run the load again."""


class SharedLoad(Generic[Result]):
    """One load, run by its first caller. Other callers wait for its result."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[Result]] = []

    async def run(self, load: Awaitable[Result]) -> Result:
        """Return the result of `load`, and give it, or its `HubError`, to all callers of `wait`."""
        failure: Exception = Abandoned()
        try:
            result = await load
            for waiter in self._unfinished():
                waiter.set_result(result)
            return result
        except HubError as error:
            failure = error
            raise
        finally:
            for waiter in self._unfinished():
                waiter.set_exception(failure)

    async def wait(self) -> Result:
        """Return the result of the running load. Cancelling one caller does not affect the others.

        Raises:
            Abandoned: The load was cancelled.
            HubError: The error of the load.
        """
        waiter: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        return await waiter

    def _unfinished(self) -> Iterator[asyncio.Future[Result]]:
        return (waiter for waiter in self._waiting if not waiter.done())
