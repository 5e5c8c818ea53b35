"""Time as a dependency: the only module that reads a clock or waits, so that a test can own both."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """Something that is to happen later."""

    def cancel(self) -> object:
        """See to it that it does not happen; too late does no harm."""


class Clock(Protocol):
    """What the hub asks of time. Tests hand in a clock that they move by hand."""

    def now(self) -> float:
        """Return the wall clock: epoch seconds, UTC. For instants that are stored or compared with other machines."""

    def monotonic(self) -> float:
        """Return seconds that never go back. For measuring and for deadlines inside one process."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Call `callback` after `seconds`, never before this returns. Costs less than a task that sleeps."""


class SystemClock:
    """The clock of this machine. It is read several times with each request, so nothing stands between."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, callback)
