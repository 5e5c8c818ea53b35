"""A queue in Redis that many workers share: a sorted set of keys, by the time at which each is due."""

from typing import cast

from hub.session.redis_client import Redis, translated_errors

LEFT_SECONDS = 10.0  # in which a worker does not claim again what it has left to others
MAX_LEFT = 200  # keys that a worker remembers to have left

CLAIM = """
local limit, others, keys = tonumber(ARGV[3]), {}, {}
for index = 4, #ARGV do others[ARGV[index]] = true end
for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, limit + #ARGV - 3)) do
  if #keys < limit and not others[key] then
    redis.call('ZADD', KEYS[1], ARGV[2], key)
    keys[#keys + 1] = key
  end
end
return keys
"""


class DueQueue:
    """Gives each due key to one worker. All methods raise `StoreUnavailable` when Redis does not respond.

    A claimed key is due again after `claim_seconds`, in case its worker dies. A worker that cannot do the work leaves the key to
    others: it is due for them at once, and for this worker only after `LEFT_SECONDS`. Else it could claim the key each time,
    because all workers look at the same interval.
    """

    def __init__(self, redis: Redis, name: str, claim_seconds: float) -> None:
        self._name = name
        self._claim_seconds = claim_seconds
        self._claim = redis.register_script(CLAIM)
        self._redis = redis
        self._left: dict[str, float] = {}  # keys that others have to do, and until when; epoch seconds

    async def claim(self, now: float, limit: int) -> list[str]:
        """Claim and return at most `limit` keys that are due at `now` (epoch seconds), the longest due first."""
        self._left = {key: until for key, until in self._left.items() if until > now}
        arguments: list[str | float] = [now, now + self._claim_seconds, limit, *self._left]
        with translated_errors():
            keys = cast(list[bytes], await self._claim(keys=[self._name], args=arguments))
        return [key.decode(errors="replace") for key in keys]

    async def leave(self, key: str, now: float) -> None:
        """Leave a claimed key to other workers, because this one cannot do the work. `now`: epoch seconds."""
        if len(self._left) >= MAX_LEFT:
            del self._left[next(iter(self._left))]
        self._left[key] = now + LEFT_SECONDS
        with translated_errors():
            await self._redis.zadd(self._name, {key: now}, xx=True, lt=True)
