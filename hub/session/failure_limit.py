"""Limit failed attempts, such as logins with a wrong password, over all workers. The counters are in Redis.

Each attempt is counted before it is made, in one script, so that concurrent attempts cannot exceed the limit. A successful
attempt is taken back. While Redis does not respond, no attempt is allowed.

    hub:limit:<kind>:<hash>   hash: level (attempts that count), at, strikes (consecutive waits), free_at
"""

import ipaddress
from dataclasses import dataclass
from typing import cast

from hub.errors import TooManyRequests
from hub.primitives.clock import Clock
from hub.primitives.secret import digest
from hub.session.redis_client import Redis, translated_errors

LONGEST_WAIT_SECONDS = 300.0  # with a longer wait, an attacker who knows a user name could lock out its owner
FORGIVEN_SECONDS = 3600.0  # after this time without failures, nothing counts against a user name

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
class FailureLimit:
    """A limit of failed attempts (leaky bucket, then exponential backoff).

    Attributes:
        kind: Part of the name in Redis.
        attempts: Failures without a wait.
        forgiven_seconds: Time in which this number of failures drains, evenly.
        first_wait_seconds: Wait after the last free failure. Each further failure doubles it.
        longest_wait_seconds: Largest wait.
    """

    kind: str
    attempts: int
    forgiven_seconds: float
    first_wait_seconds: float
    longest_wait_seconds: float

    @classmethod
    def of_user(cls, attempts: int) -> "FailureLimit":
        """Return the limit of one user name: `attempts` failures, then waits from 60 s to `LONGEST_WAIT_SECONDS`."""
        return cls("user", attempts, FORGIVEN_SECONDS, 60.0, LONGEST_WAIT_SECONDS)

    @classmethod
    def of_address(cls, attempts: int) -> "FailureLimit":
        """Return the limit of one address: `attempts` failures per minute. Waits do not grow, because many users may share it."""
        return cls("address", attempts, 60.0, 60.0 / attempts, 60.0 / attempts)


class FailureLimiter:
    """Counts attempts in Redis. All methods raise `StoreUnavailable` when Redis does not respond."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._take = redis.register_script(TAKE)
        self._give_back = redis.register_script(GIVE_BACK)

    async def take(self, limit: FailureLimit, name: str) -> None:
        """Count an attempt of a user name or an address before it is made.

        Raises:
            TooManyRequests: The attempt is not allowed for another `retry_after_seconds`.
        """
        numbers = [limit.attempts, limit.forgiven_seconds, limit.first_wait_seconds, limit.longest_wait_seconds]
        with translated_errors():
            wait = float(cast(bytes, await self._take(keys=[_key(limit, name)], args=[*numbers, repr(self._clock.now())])))
        if wait > 0:
            longest = limit.longest_wait_seconds  # another program may have written more
            raise TooManyRequests(
                "Too many failed attempts. Wait a moment, then try again.", retry_after_seconds=min(wait, longest)
            )

    async def give_back(self, limit: FailureLimit, name: str) -> None:
        """Take back a successful attempt."""
        with translated_errors():
            await self._give_back(keys=[_key(limit, name)])

    async def forget(self, limit: FailureLimit, name: str) -> None:
        """Delete all attempts, after a successful login."""
        with translated_errors():
            await self._redis.delete(_key(limit, name))


def network_of(address: str) -> str:
    """Return the name under which an address is counted: the address, or the /64 network of an IPv6 address.

    One machine can use any address of its /64 network.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _key(limit: FailureLimit, name: str) -> str:
    return f"hub:limit:{limit.kind}:{digest(name)}"
