"""The refresh lease in Redis: one process over all nodes refreshes the tokens of a session at a time.

The lease is part of the session's record and ends with the session. Its holder renews it while the provider is slow; it expires
when the holder dies. Each lease has a fencing token that is larger than all before. If a holder was suspended and another
process took over the lease, the write of the first one is rejected (`SessionStore.replace_if_unchanged`). Expiry uses the clock
of Redis, so the clocks of the nodes do not matter.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hub.errors import StoreUnavailable
from hub.primitives.clock import Clock
from hub.primitives.tasks import end_tasks, start_task
from hub.session.redis_client import Redis, WrongType, translated_errors
from hub.session.store import session_name

CLOCK_BACK_SECONDS = 60.0  # by which the clock of a new primary may be behind; no hub has taken a lease that ends later
LEASE_SECONDS = 6.0  # longest delay of the next refresh after a crash during a refresh

NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

TAKE = (
    NOW
    + """
local session = redis.call('HMGET', KEYS[1], 'version', 'lease_until', 'fence')
if not session[1] then return 0 end
local lease_until = tonumber(session[2] or '') or 0
if lease_until > now and lease_until <= now + ARGV[2] + ARGV[3] then return false end
if session[3] and not (#session[3] < 16 and string.match(session[3], '^%d+$')) then redis.call('HDEL', KEYS[1], 'fence') end
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
    """A lease that this process took.

    Attributes:
        fence: Fencing token. A later lease of the same session has a larger one.
        until: Monotonic seconds until which the lease is certainly held. Each renewal extends it.
    """

    fence: int
    until: float


class RefreshLock:
    """Takes, renews and releases leases of sessions. What calls Redis raises `StoreUnavailable` if Redis does not respond."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._take = redis.register_script(TAKE)
        self._renew = redis.register_script(RENEW)
        self._release = redis.register_script(RELEASE)

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[Lease | None]:
        """Try to take the lease of a session, and hold it during the block. Yield None if another process holds it.

        For a session that has ended, yield a lease with fencing token 0, with which every write is rejected.
        """
        name, owner, asked_at = session_name(key), secrets.token_hex(8), self._clock.monotonic()
        try:
            with translated_errors():
                fence = await self._take(keys=[name], args=[owner, int(LEASE_SECONDS * 1000), int(CLOCK_BACK_SECONDS * 1000)])
        except WrongType:  # no record of a session
            fence = 0
        if fence is None:
            yield None
            return
        lease = Lease(int(fence), asked_at + LEASE_SECONDS)
        renewal = start_task(self._keep(name, owner, lease), "lease renewal")
        try:
            yield lease
        finally:
            await end_tasks([renewal])
            await self._release_lease(name, owner)

    def is_held(self, lease: Lease) -> bool:
        """Return whether the lease is certainly still held. False if this process was suspended for too long."""
        return self._clock.monotonic() < lease.until

    async def _keep(self, name: str, owner: str, lease: Lease) -> None:
        while True:
            await self._clock.sleep(LEASE_SECONDS / 3)
            asked_at = self._clock.monotonic()
            try:
                with translated_errors():
                    if not await self._renew(keys=[name], args=[owner, int(LEASE_SECONDS * 1000)]):
                        return  # released, or taken over by another process
            except StoreUnavailable:
                continue  # there is time for two more tries before the lease expires
            lease.until = asked_at + LEASE_SECONDS

    async def _release_lease(self, name: str, owner: str) -> None:
        try:
            with translated_errors():
                await self._release(keys=[name], args=[owner])
        except StoreUnavailable:
            return  # the lease expires
