"""DOOR to Redis: the lease under which one process of all nodes refreshes the tokens of a session.

The lease is renewed while the provider is slow and ends by itself when its holder dies. It is no proof against a holder that was
frozen and wakes up late: what such a holder writes is refused by the version of the session (`replace_if_unchanged`).
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.clock import Clock
from hub.errors import StoreUnavailable
from hub.session.redis_client import Redis, translated_errors
from hub.tasks import end_tasks

LEASE_SECONDS = 6.0  # a crash in mid-refresh holds the next one up for this long at most

RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class RefreshLock:
    """Leases by session key."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._renew = redis.register_script(RENEW)
        self._release = redis.register_script(RELEASE)

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[bool]:
        """Try to take the lease of a session and hold it for the block; yields False if another process has it.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        name, owner = f"hub:lock:{key}", secrets.token_hex(8)
        with translated_errors():
            taken = await self._redis.set(name, owner, nx=True, px=int(LEASE_SECONDS * 1000))
        if not taken:
            yield False
            return
        renewal = asyncio.create_task(self._keep(name, owner))
        try:
            yield True
        finally:
            await end_tasks([renewal])
            await self._let_go(name, owner)

    async def _keep(self, name: str, owner: str) -> None:
        while True:
            await self._clock.sleep(LEASE_SECONDS / 3)
            try:
                with translated_errors():
                    if not await self._renew(keys=[name], args=[owner, int(LEASE_SECONDS * 1000)]):
                        return  # let go, or somebody else's by now
            except StoreUnavailable:
                continue  # the lease lasts for two more tries

    async def _let_go(self, name: str, owner: str) -> None:
        try:
            with translated_errors():
                await self._release(keys=[name], args=[owner])
        except StoreUnavailable:
            return  # it ends by itself
