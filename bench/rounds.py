"""A round: the requests that all callers of a load share, when each may leave, and what came of them. Knows no transport."""

import asyncio
import time
from array import array
from collections import deque
from collections.abc import Callable
from typing import Protocol

SLOWEST_SECONDS = 120.0  # how long after the end of a round its last answers may come, on the slowest machine worth measuring on
TICK_SECONDS = 0.001  # the clock of a paced round

Send = Callable[[float], None]  # sends a request whose time counts from the given moment of the round's timer


class WrongAnswer(Exception):
    """An answer was not the one that the upstream gives, or did not come: the figures would be worthless."""


class Round:
    """Hands out requests as fast as callers ask (a closed loop), takes the answers' times, and tells when all have come.

    Attributes:
        latencies: Seconds from sending to having the whole answer, one for each answer.
        seconds: Time from the beginning to the last answer; 0 until then.
    """

    def __init__(
        self, *, requests: float = float("inf"), seconds: float = float("inf"), timer: Callable[[], float] = time.perf_counter
    ) -> None:
        """Hand out so many requests, or as many as there are in that time: whichever ends first."""
        self.now = timer
        self.latencies = array("d")
        self.seconds = 0.0
        self._left = requests
        self._under_way = 0
        self._began = timer()
        self._until = self._began + seconds
        self._finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def ask(self, send: Send) -> None:
        """Ask for the next request of one caller: `send` is called when it may leave, if there is one."""
        now = self.now()
        if self._left > 0 and now < self._until:
            self._hand_out(send, now)
        else:
            self._end()

    def answered(self, started: float) -> None:
        """Count the right answer to a request that was sent at `started`. The caller asks for the next one afterwards."""
        self.latencies.append(self.now() - started)
        self._under_way -= 1

    def fail(self, error: Exception) -> None:
        """End the round, which has failed."""
        if not self._finished.done():
            self._finished.set_exception(error)

    async def finished(self) -> None:
        """Wait for the last answer.

        Raises:
            WrongAnswer: An answer was wrong, or a connection was lost.
            TimeoutError: Answers are missing long after the end of the round.
        """
        async with asyncio.timeout(min(self._until - self.now(), SLOWEST_SECONDS) + SLOWEST_SECONDS):
            await self._finished

    def _hand_out(self, send: Send, started: float) -> None:
        self._left -= 1
        self._under_way += 1
        send(started)

    def _end(self) -> None:
        if self._under_way == 0 and not self._finished.done():
            self.seconds = self.now() - self._began
            self._finished.set_result(None)


class TurnsRound(Round):
    """Keeps a fixed number of requests under way, of callers in turn: each is asked before the first is asked again."""

    def __init__(self, *, requests: int, at_once: int) -> None:
        super().__init__(requests=requests)
        self._at_once = at_once
        self._idle: deque[Send] = deque()

    def ask(self, send: Send) -> None:
        """Ask for the next request of one caller; it comes when all others have had their turn."""
        self._idle.append(send)
        while self._idle and self._left > 0 and self._under_way < self._at_once:
            self._hand_out(self._idle.popleft(), self.now())
        if self._left <= 0:
            self._end()


class PacedRound(Round):
    """Hands out requests at a fixed rate (an open loop). Each counts from the moment at which it should have left.

    So a request that waits because all callers are busy pays for its waiting: there is no coordinated omission.
    """

    def __init__(self, rate: float, seconds: float, timer: Callable[[], float] = time.perf_counter) -> None:
        """Hand out `rate` requests a second."""
        super().__init__(requests=round(rate * seconds), timer=timer)
        self._interval = 1 / rate
        self._next = self._began
        self._idle: deque[Send] = deque()
        self._tick()

    def ask(self, send: Send) -> None:
        """Ask for the next request of one caller: at once if one is late, else when it is due."""
        self._idle.append(send)
        self._hand_out_due()

    def _tick(self) -> None:
        self._hand_out_due()
        if not self._finished.done():
            asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)

    def _hand_out_due(self) -> None:
        while self._idle and self._left > 0 and self._next <= self.now():
            due, self._next = self._next, self._next + self._interval
            self._hand_out(self._idle.popleft(), due)
        if self._left <= 0:
            self._end()


class Load(Protocol):
    """Callers with open connections. Each asks for its next request when its last one was answered."""

    async def run(self, current: Round) -> None:
        """Take part in a round until it is finished; raises like `Round.finished`."""

    def close(self) -> None:
        """Close the connections."""
