"""Sessions in Redis that end a while after their last channel was closed.

    hub:ending   sorted set of session keys, by the time at which each session ends

Every worker postpones the end of the sessions whose channels it holds. A worker that crashes postpones nothing any more, so no
cleanup is necessary.
"""

from collections.abc import Sequence

from hub.session.due_queue import DueQueue
from hub.session.redis_client import Redis, translated_errors

ENDING = "hub:ending"
BATCH = 1000
CLAIM_SECONDS = 30.0  # longer than ending a session takes; after it, another worker ends the sessions of a crashed one


class LastChannelStore:
    """Stores when sessions end. All methods raise `StoreUnavailable` when Redis does not respond."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._queue = DueQueue(redis, ENDING, CLAIM_SECONDS)

    async def push(self, keys: Sequence[str], until: float) -> None:
        """Postpone the end of each session to `until` (epoch seconds) or later."""
        with translated_errors():
            for start in range(0, len(keys), BATCH):
                await self._redis.zadd(ENDING, dict.fromkeys(keys[start : start + BATCH], until), gt=True)

    async def claim(self, now: float, limit: int) -> list[str]:
        """Claim and return at most `limit` sessions that are due at `now` (epoch seconds).

        The caller ends each session and then calls `forget`.
        """
        return await self._queue.claim(now, limit)

    async def forget(self, keys: Sequence[str]) -> None:
        """Remove sessions that have ended."""
        if keys:
            with translated_errors():
                await self._redis.zrem(ENDING, *keys)
