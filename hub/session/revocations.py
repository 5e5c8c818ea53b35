"""The revocation queue in Redis: tokens of ended sessions, until the provider has revoked them. It survives restarts.

    hub:revocations        sorted set of session keys, by the time of the next try
    hub:revocation:<key>   the tokens to revoke, encrypted for that session

Claiming an entry postpones it. If the worker crashes, another one claims the entry at the postponed time.
"""

import asyncio
from typing import cast

from hub.session.codec import KeyNotHeld, RecordCodec, UnreadableRecord
from hub.session.due_queue import DueQueue
from hub.session.model import Revocation, session_ref
from hub.session.record_faults import RecordFaults
from hub.session.redis_client import Redis, translated_errors

QUEUE = "hub:revocations"
RECORDS = "hub:revocation:"
CLAIM_SECONDS = 120.0  # longer than a slow provider takes for both tokens
MEMORY_SLACK_SECONDS = 600.0  # an entry outlives `give_up_at`, so that a worker can log the failure


class RevocationQueue:
    """Stores and claims revocations. All methods raise `StoreUnavailable` when Redis does not respond."""

    def __init__(self, redis: Redis, codec: RecordCodec, faults: RecordFaults | None = None) -> None:
        self._faults = faults or RecordFaults()
        self._redis = redis
        self._codec = codec
        self._queue = DueQueue(redis, QUEUE, CLAIM_SECONDS)

    async def put(self, revocation: Revocation, now: float, due_at: float, key_id: bytes = b"") -> None:
        """Queue the revocation of a session's tokens; replace its entry if there is one.

        Parameters:
            now: Epoch seconds.
            due_at: Time of the first try; epoch seconds.
            key_id: ID of the session key to encrypt with; empty: the usual one.
        """
        lifetime_seconds = max(revocation.give_up_at, due_at) - now + MEMORY_SLACK_SECONDS
        sealed = self._codec.encode_revocation(revocation, key_id)
        with translated_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.set(RECORDS + revocation.key, sealed, px=int(lifetime_seconds * 1000))
                pipe.zadd(QUEUE, {revocation.key: due_at})
                await pipe.execute()

    async def hasten(self, key: str, due_at: float) -> None:
        """Advance the entry of a session to `due_at` (epoch seconds), if there is an entry and it is due later."""
        with translated_errors():
            await self._redis.zadd(QUEUE, {key: due_at}, xx=True, lt=True)

    async def claim(self, now: float, limit: int) -> list[Revocation]:
        """Claim and return at most `limit` entries that are due at `now` (epoch seconds).

        The caller calls `put`, `forget` or `leave` for each. Entries whose session key this worker lacks are left.
        """
        found = await asyncio.gather(*(self._load(key, now) for key in await self._queue.claim(now, limit)))
        return [revocation for revocation in found if revocation is not None]

    async def leave(self, key: str, now: float) -> None:
        """Leave a claimed entry to another worker, which can do what this one cannot. `now`: epoch seconds."""
        await self._queue.leave(key, now)

    async def forget(self, key: str) -> None:
        """Remove the entry of a session."""
        with translated_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.zrem(QUEUE, key)
                pipe.delete(RECORDS + key)
                await pipe.execute()

    async def _load(self, key: str, now: float) -> Revocation | None:
        with translated_errors():
            sealed = cast(bytes | None, await self._redis.get(RECORDS + key))
        try:
            if sealed is not None:
                return self._codec.decode_revocation(sealed, key)
        except KeyNotHeld as error:
            self._faults.report("revocation", session_ref(key), error)
            await self.leave(key, now)
            return None
        except UnreadableRecord as error:
            self._faults.report("revocation", session_ref(key), error)
        with translated_errors():
            await self._redis.zrem(QUEUE, key)
        return None
