"""Ends sessions some time after their last channel has closed, on whichever worker that was, and even if that worker crashed.

Each worker says over and over, until when the sessions whose channels it holds are to live. When nobody says so any more the time
comes to its end, and any worker ends the session. One that never had a channel is not concerned.

An outage of Redis, or a pause of this process, silences workers whose channels are open. After one, and after its own start, a
worker ends nothing until everybody has had time to speak again.
"""

import asyncio
from collections.abc import Callable, Sequence

from hub.errors import StoreUnavailable
from hub.primitives.clock import Clock
from hub.session.last_channel import LastChannelStore
from hub.session.sessions import Sessions
from hub.telemetry import log

LOOK_SECONDS = 1.0
BATCH = 100
PUSHES_IN_TIME = 3  # two may get lost

logger = log.get(__name__)


class Presence:
    """One worker's part in it."""

    def __init__(self, board: LastChannelStore, sessions: Sessions, clock: Clock, seconds: float) -> None:
        """Take the time that a session has after its last channel; 0: as long as it likes."""
        self._board = board
        self._sessions = sessions
        self._clock = clock
        self._seconds = seconds
        self._noted: set[str] = set()
        self._pushed_at = float("-inf")
        self._looked_at = float("-inf")
        self._ends_from = float("-inf")

    def note(self, key: str) -> None:
        """Take note that the first channel of a session has opened here, or that the last one has closed."""
        if self._seconds:
            self._noted.add(key)

    async def run(self, present: Callable[[], Sequence[str]]) -> None:
        """Work until cancelled.

        Parameters:
            present: Returns the keys of the sessions that have a channel here.
        """
        if not self._seconds:
            await asyncio.Event().wait()
        while True:
            try:
                await self.look(present())
            except StoreUnavailable:
                logger.debug("presence.store_unavailable")  # the background refresh says so louder
            await self._clock.sleep(min(LOOK_SECONDS, self._seconds / 10))

    async def look(self, present: Sequence[str]) -> None:
        """Push on the sessions that have a channel here, and end those that have none anywhere.

        Raises:
            StoreUnavailable: Redis does not answer; the next look makes up for it.
        """
        await self._push(present)
        now = self._clock.monotonic()
        if now - self._looked_at > self._seconds / PUSHES_IN_TIME:
            self._ends_from = now + self._seconds
        overdue = await self._board.claim(self._clock.now(), BATCH if now >= self._ends_from else 0)
        self._looked_at = now
        for key in overdue:
            await self._sessions.end(key, "last_channel")
        await self._board.forget(overdue)

    async def _push(self, present: Sequence[str]) -> None:
        now, noted = self._clock.monotonic(), frozenset(self._noted)
        is_time = now - self._pushed_at >= self._seconds / PUSHES_IN_TIME
        keys = list(noted.union(present)) if is_time else list(noted)
        if keys:
            await self._board.push(keys, self._clock.now() + self._seconds)
        self._noted -= noted
        if is_time:
            self._pushed_at = now
