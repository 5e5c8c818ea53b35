"""Ends sessions a set time after their last channel has closed, on any worker, even if that worker crashed.

Each worker extends the deadline of the sessions whose channels it holds, again and again. When no worker extends it, the
deadline passes, and any worker ends the session. A session that never had a channel has no deadline.

During an outage of Redis or a pause of this process, workers cannot extend deadlines although their channels are open. After
one, and after its own start, a worker ends no session until all workers have had time to extend theirs.
"""

import asyncio
from collections.abc import Callable, Sequence

from hub.errors import StoreUnavailable
from hub.primitives.clock import Clock
from hub.session.last_channel import LastChannelStore
from hub.session.model import SessionKeyMissing
from hub.session.sessions import Sessions
from hub.telemetry import log

PERIOD_SECONDS = 1.0
BATCH = 100
PUSHES_IN_TIME = 3  # extensions within one deadline, so that two may get lost

logger = log.get(__name__)


class Presence:
    """Extends and checks the deadlines of sessions, for one worker."""

    def __init__(self, board: LastChannelStore, sessions: Sessions, clock: Clock, seconds: float) -> None:
        """Parameters:
        seconds: Time from the close of the last channel to the end of the session; 0: sessions are not ended.
        """
        self._board = board
        self._sessions = sessions
        self._clock = clock
        self._seconds = seconds
        self._noted: set[str] = set()
        self._pushed_at = float("-inf")
        self._checked_at = float("-inf")
        self._ends_from = float("-inf")

    def note(self, key: str) -> None:
        """Record that the first channel of a session opened on this worker, or that the last one closed."""
        if self._seconds:
            self._noted.add(key)

    async def run(self, present: Callable[[], Sequence[str]]) -> None:
        """Extend and check deadlines until cancelled. `present` returns the sessions that have a channel on this worker."""
        if not self._seconds:
            await asyncio.Event().wait()
        while True:
            try:
                await self.check(present())
            except StoreUnavailable:
                logger.debug("presence.store_unavailable")  # the background refresh logs the outage as a warning
            await self._clock.sleep(min(PERIOD_SECONDS, self._seconds / 10))

    async def check(self, present: Sequence[str]) -> None:
        """Extend the deadlines of the sessions in `present`, and end the sessions whose deadline has passed.

        Raises:
            StoreUnavailable: Redis does not respond; the next call extends and ends what this one could not.
        """
        await self._push(present)
        now = self._clock.monotonic()
        if now - self._checked_at > self._seconds / PUSHES_IN_TIME:
            self._ends_from = now + self._seconds
        overdue = await self._board.claim(self._clock.now(), BATCH if now >= self._ends_from else 0)
        self._checked_at = now
        await self._board.forget([key for key in overdue if await self._end(key)])

    async def _end(self, key: str) -> bool:
        """End a session. Return False if this worker cannot open it: it is due again for another worker."""
        try:
            await self._sessions.end(key, "last_channel")
        except SessionKeyMissing:
            return False
        return True

    async def _push(self, present: Sequence[str]) -> None:
        now, noted = self._clock.monotonic(), frozenset(self._noted)
        is_time = now - self._pushed_at >= self._seconds / PUSHES_IN_TIME
        keys = list(noted.union(present)) if is_time else list(noted)
        if keys:
            await self._board.push(keys, self._clock.now() + self._seconds)
        self._noted -= noted
        if is_time:
            self._pushed_at = now
