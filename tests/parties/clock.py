"""A clock that the test moves. Sleepers wake when time passes them, in order."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from typing import TypeVar

Result = TypeVar("Result")

STEP_SECONDS = 0.05
START = 1_800_000_000.0  # an epoch second that no test depends on


class ManualClock:
    """Stands still until `advance` is called."""

    def __init__(self, start: float = START) -> None:
        self._now = start
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now - START

    @property
    def waiting(self) -> int:
        """How many still wait for their time."""
        return sum(not wake.done() for _, _, wake in self._sleepers)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        await self._wake_after(seconds)

    def call_later(self, seconds: float, callback: Callable[[], object]) -> asyncio.Future[None]:
        """Call `callback` when so much time has passed, unless what is returned was cancelled."""
        timer = self._wake_after(seconds)
        timer.add_done_callback(lambda done: None if done.cancelled() else callback())
        return timer

    def _wake_after(self, seconds: float) -> asyncio.Future[None]:
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), wake))
        return wake

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass: wake each sleeper at its own instant and let what it does run."""
        end = self._now + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now, _, wake = heapq.heappop(self._sleepers)
            if not wake.done():
                wake.set_result(None)
            await self._settle()
        self._now = end
        await self._settle()

    def freeze(self, seconds: float) -> None:
        """Let `seconds` pass in which nothing runs, as in a process that is suspended: sleepers wake with the next `advance`."""
        self._now += seconds

    def set_back(self, seconds: float) -> None:
        """Set the time back, as an operator or a time server does. Who sleeps then sleeps for longer."""
        self._now -= seconds

    async def advance_until(self, done: Awaitable[Result]) -> Result:
        """Let time pass as fast as it really does until `done` is, and return its result: for what polls while I/O is real.

        Faster, a slow machine would see the patience of those who wait come to its end before the other side has answered.
        """
        task = asyncio.ensure_future(done)
        while not task.done():
            await self.advance(STEP_SECONDS)
            await asyncio.wait({task}, timeout=STEP_SECONDS)
        return task.result()

    @staticmethod
    async def _settle() -> None:
        for _ in range(20):  # callbacks of callbacks: enough turns for what needs no I/O
            await asyncio.sleep(0)


class LeapingLoop(asyncio.SelectorEventLoop):
    """asyncio's event loop with timers that a test can make due: its time goes on as it does, and leaps ahead when told to."""

    _ahead_seconds = 0.0

    def time(self) -> float:
        return super().time() + self._ahead_seconds

    def leap(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self._ahead_seconds += seconds


def leap(seconds: float) -> None:
    """Let `seconds` pass at once for the timers of the running loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, LeapingLoop)
    loop.leap(seconds)
