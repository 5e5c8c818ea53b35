"""DOOR to Redis: which sessions are to end because their last channel was closed.

    hub:ending   sorted set of session keys by the time at which each ends, unless a worker with a channel of it pushes that on

Every worker pushes the sessions whose channels it holds. One that crashes pushes no more: nothing has to be cleaned up after it.
"""

from collections.abc import Sequence

from hub.session.due_queue import DueQueue
from hub.session.redis_client import Redis, translated_errors

ENDING = "hub:ending"
BATCH = 1000
CLAIM_SECONDS = 30.0  # longer than ending a session takes; if the worker that has claimed it crashes, another one ends it then


class LastChannels:
    """The ends that are to come. All methods raise `StoreUnavailable` when Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._queue = DueQueue(redis, ENDING, CLAIM_SECONDS)

    async def push(self, keys: Sequence[str], until: float) -> None:
        """Let each session live until `until` (epoch seconds) at least."""
        with translated_errors():
            for start in range(0, len(keys), BATCH):
                await self._redis.zadd(ENDING, dict.fromkeys(keys[start : start + BATCH], until), gt=True)

    async def claim(self, now: float, limit: int) -> list[str]:
        """Return at most `limit` sessions whose time is over. Whoever gets one has to end it, then `forget` it."""
        return await self._queue.claim(now, limit)

    async def forget(self, keys: Sequence[str]) -> None:
        """Drop sessions that have ended."""
        if keys:
            with translated_errors():
                await self._redis.zrem(ENDING, *keys)
