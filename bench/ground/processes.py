"""Sampling of the resources that processes use during a load."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bench.measure import cpu_seconds, resident_mib

LOOK_SECONDS = 0.25


@dataclass
class Watch:
    """A process that is watched.

    Attributes:
        pid: The process.
        looks: When, and how much CPU time it had used by then; seconds.
        resident_mib: Its memory at each look.
    """

    pid: int
    looks: list[tuple[float, float]] = field(default_factory=list)
    resident_mib: list[float] = field(default_factory=list)

    def look(self) -> None:
        """Take note of what the process has used by now; nothing if it is gone."""
        try:
            self.looks.append((time.monotonic(), cpu_seconds(self.pid)))
            self.resident_mib.append(resident_mib(self.pid))
        except (FileNotFoundError, ProcessLookupError):
            return

    @property
    def cpu_seconds(self) -> float:
        """The CPU time that it used while it was watched."""
        return self.looks[-1][1] - self.looks[0][1]

    def busiest(self, seconds: float = 1.0) -> float:
        """Return the largest share of a core that it used for a while, between 0 and the number of cores."""
        shares = [0.0]
        for number, (began, used) in enumerate(self.looks):
            later = next(((at, total) for at, total in self.looks[number:] if at - began >= seconds * 0.9), None)
            if later is not None:
                shares.append((later[1] - used) / (later[0] - began))
        return max(shares)


@asynccontextmanager
async def watched(pids: Sequence[int]) -> AsyncIterator[list[Watch]]:
    """Watch processes for the block."""
    watches = [Watch(pid) for pid in pids]

    async def look() -> None:
        while True:
            for watch in watches:
                watch.look()
            await asyncio.sleep(LOOK_SECONDS)

    looking = asyncio.create_task(look())
    await asyncio.sleep(0)
    try:
        yield watches
    finally:
        looking.cancel()
        for watch in watches:
            watch.look()
