"""DOOR to Redis: the lease under which one process of all nodes refreshes the tokens of a session.

The lease lives in the session's own record, so it ends with the session. It is renewed while the provider is slow and runs out by
itself when its holder dies. Each lease has a fencing number, one more than the last: what a holder writes that was frozen and
wakes up late is refused, because a later lease was given out meanwhile (`SessionStore.replace_if_unchanged`). Time is Redis's, so
the clocks of the nodes do not matter.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hub.errors import StoreUnavailable
from hub.primitives.clock import Clock
from hub.primitives.tasks import end_tasks
from hub.session.redis_client import Redis, translated_errors
from hub.session.store import session_name

LEASE_SECONDS = 6.0  # a crash in mid-refresh holds the next one up for this long at most

NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

TAKE = (
    NOW
    + """
local session = redis.call('HMGET', KEYS[1], 'version', 'lease_until')
if not session[1] then return 0 end
if session[2] and tonumber(session[2]) > now then return false end
redis.call('HSET', KEYS[1], 'lease_owner', ARGV[1], 'lease_until', now + ARGV[2])
return redis.call('HINCRBY', KEYS[1], 'fence', 1)
"""
)

RENEW = (
    NOW
    + """
if redis.call('HGET', KEYS[1], 'lease_owner') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'lease_until', now + ARGV[2])
return 1
"""
)

RELEASE = """
if redis.call('HGET', KEYS[1], 'lease_owner') ~= ARGV[1] then return 0 end
return redis.call('HDEL', KEYS[1], 'lease_owner', 'lease_until')
"""


@dataclass(slots=True)
class Lease:
    """A lease that was taken.

    Attributes:
        fence: Its number: a later lease of the same session has a larger one.
        until: Instant of the clock's `monotonic` until which it is certainly held; moved on by each renewal.
    """

    fence: int
    until: float


class RefreshLock:
    """Leases by session key."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._take = redis.register_script(TAKE)
        self._renew = redis.register_script(RENEW)
        self._release = redis.register_script(RELEASE)

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[Lease | None]:
        """Try to take the lease of a session and hold it for the block; yields None if another process has it.

        A session that has ended needs no lease: fence 0 is yielded, with which nothing can be written.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        name, owner, asked_at = session_name(key), secrets.token_hex(8), self._clock.monotonic()
        with translated_errors():
            fence = await self._take(keys=[name], args=[owner, int(LEASE_SECONDS * 1000)])
        if fence is None:
            yield None
            return
        lease = Lease(int(fence), asked_at + LEASE_SECONDS)
        renewal = asyncio.create_task(self._keep(name, owner, lease))
        try:
            yield lease
        finally:
            await end_tasks([renewal])
            await self._let_go(name, owner)

    def is_held(self, lease: Lease) -> bool:
        """Tell whether no other process can have taken the lease since: false after this one was frozen for too long."""
        return self._clock.monotonic() < lease.until

    async def _keep(self, name: str, owner: str, lease: Lease) -> None:
        while True:
            await self._clock.sleep(LEASE_SECONDS / 3)
            asked_at = self._clock.monotonic()
            try:
                with translated_errors():
                    if not await self._renew(keys=[name], args=[owner, int(LEASE_SECONDS * 1000)]):
                        return  # let go, or somebody else's by now
            except StoreUnavailable:
                continue  # the lease lasts for two more tries
            lease.until = asked_at + LEASE_SECONDS

    async def _let_go(self, name: str, owner: str) -> None:
        try:
            with translated_errors():
                await self._release(keys=[name], args=[owner])
        except StoreUnavailable:
            return  # it ends by itself
