"""Time as a dependency. No other module reads a clock or sleeps, so that tests control time."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A scheduled callback."""

    def cancel(self) -> object:
        """Cancel the callback; no effect if it has run."""


class Clock(Protocol):
    """The clock interface. Tests use a clock that they move by hand."""

    def now(self) -> float:
        """Return the wall clock time in epoch seconds, for times that are stored or compared with other machines."""

    def monotonic(self) -> float:
        """Return seconds that never go back, for durations and deadlines inside one process."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Call `callback` after `seconds`, and never before this method returns. Cheaper than a task that sleeps."""


class SystemClock:
    """The clock of this machine. It has no wrappers, because each request reads it several times."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, callback)
