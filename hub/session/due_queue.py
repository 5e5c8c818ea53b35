"""A queue in Redis that many workers share: a sorted set of keys, by the time at which each is due."""

from typing import cast

from hub.session.redis_client import Redis, translated_errors

CLAIM = """
local keys = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, key in ipairs(keys) do redis.call('ZADD', KEYS[1], ARGV[2], key) end
return keys
"""


class DueQueue:
    """Gives each due key to one worker. All methods raise `StoreUnavailable` when Redis does not respond.

    A claimed key is due again after `claim_seconds`, in case its worker dies.
    """

    def __init__(self, redis: Redis, name: str, claim_seconds: float) -> None:
        self._name = name
        self._claim_seconds = claim_seconds
        self._claim = redis.register_script(CLAIM)

    async def claim(self, now: float, limit: int) -> list[str]:
        """Claim and return at most `limit` keys that are due at `now` (epoch seconds), the longest due first."""
        with translated_errors():
            keys = cast(list[bytes], await self._claim(keys=[self._name], args=[now, now + self._claim_seconds, limit]))
        return [key.decode(errors="replace") for key in keys]
