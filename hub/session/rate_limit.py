"""DOOR to Redis: how often somebody may fail before the next attempt has to wait.

Each attempt is counted before it is made, in one script, so that a hundred at once are no way round the limit; one that succeeds
is taken back. Redis being down means that nobody may try.

    hub:limit:<kind>:<hash>   hash: level (attempts not yet forgiven), at, strikes (waits in a row), free_at
"""

import ipaddress
from dataclasses import dataclass
from typing import cast

from hub.errors import TooManyRequests
from hub.primitives.clock import Clock
from hub.primitives.secret import digest
from hub.session.redis_client import Redis, translated_errors

LONGEST_WAIT_SECONDS = 300.0  # longer ones would let a stranger who knows a name lock its owner out for good
FORGIVEN_SECONDS = 3600.0  # after this long without failures a user name is as good as new

TAKE = """
local limit, forgiven, first, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local now = tonumber(ARGV[5])
local known = redis.call('HMGET', KEYS[1], 'level', 'at', 'strikes', 'free_at')
local level, at = tonumber(known[1] or 0), tonumber(known[2] or now)
local strikes, free_at = tonumber(known[3] or 0), tonumber(known[4] or 0)
if now < free_at then return string.format('%.3f', free_at - now) end
at = math.min(at, now)
level = math.max(0, level - (now - at) * limit / forgiven) + 1
if level > limit - 1 then
  strikes = strikes + 1
  free_at = now + math.min(first * 2 ^ (strikes - 1), longest)
end
redis.call('HSET', KEYS[1], 'level', string.format('%.6f', level), 'at', ARGV[5], 'strikes', strikes,
  'free_at', string.format('%.3f', free_at))
redis.call('EXPIRE', KEYS[1], math.ceil(forgiven + longest))
return '0'
"""

GIVE_BACK = """
local known = redis.call('HMGET', KEYS[1], 'level', 'strikes')
if not known[1] then return 0 end
redis.call('HSET', KEYS[1], 'level', string.format('%.6f', math.max(0, known[1] - 1)),
  'strikes', math.max(0, known[2] - 1), 'free_at', 0)
return 1
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """How often something may fail.

    Attributes:
        kind: Part of the key in Redis.
        attempts: Failures that are free.
        forgiven_seconds: Time in which that many failures are forgotten, little by little.
        first_wait_seconds: Wait after the last free one; each further failure doubles it.
        longest_wait_seconds: The wait grows no longer than this.
    """

    kind: str
    attempts: int
    forgiven_seconds: float
    first_wait_seconds: float
    longest_wait_seconds: float

    @classmethod
    def of_user(cls, attempts: int) -> "Limit":
        """Return the limit of one user name: so many in a minute, and then ever more seldom."""
        return cls("user", attempts, FORGIVEN_SECONDS, 60.0, LONGEST_WAIT_SECONDS)

    @classmethod
    def of_address(cls, attempts: int) -> "Limit":
        """Return the limit of one address: so many a minute. No longer waits: many people may share it."""
        return cls("address", attempts, 60.0, 60.0 / attempts, 60.0 / attempts)


class RateLimiter:
    """Counts attempts in Redis. All methods raise `StoreUnavailable` when Redis does not answer."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._take = redis.register_script(TAKE)
        self._give_back = redis.register_script(GIVE_BACK)

    async def take(self, limit: Limit, who: str) -> None:
        """Count an attempt that is about to be made.

        Raises:
            TooManyRequests: It must not be made now; `retry_after_seconds` says when.
        """
        numbers = [limit.attempts, limit.forgiven_seconds, limit.first_wait_seconds, limit.longest_wait_seconds]
        with translated_errors():
            wait = float(cast(bytes, await self._take(keys=[_name(limit, who)], args=[*numbers, repr(self._clock.now())])))
        if wait > 0:
            raise TooManyRequests("Too many failed attempts. Wait a moment, then try again.", retry_after_seconds=wait)

    async def give_back(self, limit: Limit, who: str) -> None:
        """Take back an attempt that succeeded."""
        with translated_errors():
            await self._give_back(keys=[_name(limit, who)])

    async def forget(self, limit: Limit, who: str) -> None:
        """Forget all attempts: the right person has shown up."""
        with translated_errors():
            await self._redis.delete(_name(limit, who))


def network_of(address: str) -> str:
    """Return what an address is counted as: itself, or for IPv6 its /64, within which one machine picks addresses freely."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _name(limit: Limit, who: str) -> str:
    return f"hub:limit:{limit.kind}:{digest(who)}"
