"""DOOR to Redis: the tokens of ended sessions, until the provider has revoked them. They survive restarts of every worker.

    hub:revocations        sorted set of session keys by the time of the next try
    hub:revocation:<key>   what has to be revoked, sealed for that session

A worker that claims an entry pushes its time on. If it crashes before it is done, another one takes the entry up then.
"""

import asyncio
from typing import cast

from hub.session.codec import Codec, UnreadableRecord
from hub.session.due_queue import DueQueue
from hub.session.model import Revocation, session_ref
from hub.session.redis_client import Redis, translated_errors
from hub.telemetry import log

QUEUE = "hub:revocations"
RECORDS = "hub:revocation:"
CLAIM_SECONDS = 120.0  # longer than a provider that answers slowly takes for both tokens
MEMORY_SLACK_SECONDS = 600.0  # an entry outlives its end, so that giving up is seen

logger = log.get(__name__)


class Revocations:
    """The queue. All methods raise `StoreUnavailable` when Redis does not answer."""

    def __init__(self, redis: Redis, codec: Codec) -> None:
        self._redis = redis
        self._codec = codec
        self._queue = DueQueue(redis, QUEUE, CLAIM_SECONDS)

    async def put(self, revocation: Revocation, now: float, due_at: float) -> None:
        """Have the tokens revoked from `due_at` on (epoch seconds), in place of what is queued for the same session."""
        kept = max(revocation.give_up_at, due_at) - now + MEMORY_SLACK_SECONDS
        with translated_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.set(RECORDS + revocation.key, self._codec.encode_revocation(revocation), px=int(kept * 1000))
                pipe.zadd(QUEUE, {revocation.key: due_at})
                await pipe.execute()

    async def hasten(self, key: str, due_at: float) -> None:
        """Let a session's entry be due at `due_at`, if that is earlier than it is; nothing if there is none."""
        with translated_errors():
            await self._redis.zadd(QUEUE, {key: due_at}, xx=True, lt=True)

    async def claim(self, now: float, limit: int) -> list[Revocation]:
        """Return at most `limit` entries that are due. Whoever gets one has to `put` it again or to `forget` it."""
        found = await asyncio.gather(*(self._load(key) for key in await self._queue.claim(now, limit)))
        return [revocation for revocation in found if revocation is not None]

    async def forget(self, key: str) -> None:
        """Drop a session's entry: nothing is left to do."""
        with translated_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.zrem(QUEUE, key)
                pipe.delete(RECORDS + key)
                await pipe.execute()

    async def _load(self, key: str) -> Revocation | None:
        with translated_errors():
            sealed = cast(bytes | None, await self._redis.get(RECORDS + key))
        try:
            if sealed is not None:
                return self._codec.decode_revocation(sealed, key)
        except UnreadableRecord:  # its key was taken out of the keyring
            logger.warning("revocation.unreadable", session_ref=session_ref(key))
        await self.forget(key)
        return None
