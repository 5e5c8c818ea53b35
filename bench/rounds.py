"""A round: a fixed number of requests that all callers of a load share, and what came of them. Knows no transport."""

import asyncio
import time
from array import array
from collections.abc import Callable
from typing import Protocol

ROUND_SECONDS = 300.0  # longer than the slowest round takes on the slowest machine that is worth measuring on


class WrongAnswer(Exception):
    """An answer was not the one that the upstream gives, or did not come: the figures would be worthless."""


class Round:
    """Hands out the requests, takes the answers' times, and tells when all have come.

    Attributes:
        latencies: Seconds from sending to having the whole answer, one for each answer.
        seconds: Time from the first request to the last answer; 0 until then.
    """

    def __init__(self, requests: int, timer: Callable[[], float] = time.perf_counter) -> None:
        self.now = timer
        self.latencies = array("d")
        self.seconds = 0.0
        self._requests = requests
        self._sent = 0
        self._began = timer()
        self._finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self) -> bool:
        """Tell whether there is another request to send; if so the caller has to send it."""
        if self._sent == self._requests:
            return False
        self._sent += 1
        return True

    def answered(self, started: float) -> None:
        """Count the right answer to a request that was sent at `started` (of `now`)."""
        now = self.now()
        self.latencies.append(now - started)
        if len(self.latencies) == self._requests and not self._finished.done():
            self.seconds = now - self._began
            self._finished.set_result(None)

    def fail(self, error: Exception) -> None:
        """End the round, which has failed."""
        if not self._finished.done():
            self._finished.set_exception(error)

    async def finished(self) -> None:
        """Wait for the last answer.

        Raises:
            WrongAnswer: An answer was wrong, or a connection was lost.
            TimeoutError: Answers are missing after `ROUND_SECONDS`.
        """
        async with asyncio.timeout(ROUND_SECONDS):
            await self._finished


class Load(Protocol):
    """Callers with open connections. Each sends its next request when its last one was answered (a closed loop)."""

    async def run(self, requests: int) -> Round:
        """Send that many requests and return the finished round; raises like `Round.finished`."""

    def close(self) -> None:
        """Close the connections."""
