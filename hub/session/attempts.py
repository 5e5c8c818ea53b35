"""DOOR to Redis: login attempts that were begun and have not come back yet.

    hub:attempt:<key>       sealed login attempt, taken once
    hub:attempt-done:<key>  where a finished one led
    hub:browser:<key>       sorted set of the attempts that one browser has begun
    hub:restart:<key>       this browser's login was begun anew by itself already

`<key>` is a hash: of `state`, or of the pre-login cookie.
"""

from dataclasses import dataclass
from typing import cast

from hub.session.codec import Codec, UnreadableRecord
from hub.session.model import LoginAttempt
from hub.session.redis_client import Redis, translated_errors


@dataclass(frozen=True, slots=True)
class FinishedAttempt:
    """A `state` that was used already: where its login led."""

    return_to: str


class LoginAttempts:
    """Login attempts in Redis. All methods raise `StoreUnavailable` when Redis does not answer."""

    def __init__(self, redis: Redis, codec: Codec) -> None:
        self._redis = redis
        self._codec = codec

    async def put(self, state_key: str, attempt: LoginAttempt, lifetime_seconds: float, limit: int) -> None:
        """Store a login attempt for `lifetime_seconds`; of more than `limit` of one browser the oldest give way."""
        browser = f"hub:browser:{attempt.browser_key}"
        lifetime = int(lifetime_seconds * 1000)
        with translated_errors():
            await self._redis.set(_attempt_name(state_key), self._codec.encode_attempt(attempt, state_key), px=lifetime)
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.zadd(browser, {state_key: attempt.created_at})
                pipe.pexpire(browser, lifetime)
                pipe.zrange(browser, 0, -limit - 1)
                pipe.zremrangebyrank(browser, 0, -limit - 1)
                oldest = (await pipe.execute())[2]
            for stale in oldest:
                await self._redis.delete(_attempt_name(stale.decode()))

    async def take(self, state_key: str) -> LoginAttempt | FinishedAttempt | None:
        """Return a login attempt and delete it: a `state` works once. A used one tells where it led."""
        with translated_errors():
            sealed = cast(bytes | None, await self._redis.getdel(_attempt_name(state_key)))
            if sealed is None:
                return_to = cast(bytes | None, await self._redis.get(_finished_name(state_key)))
                return None if return_to is None else FinishedAttempt(return_to.decode())
        try:
            return self._codec.decode_attempt(sealed, state_key)
        except UnreadableRecord:
            return None

    async def finish(self, state_key: str, return_to: str, lifetime_seconds: float) -> None:
        """Remember where the login of this `state` led, for a callback that is loaded a second time."""
        with translated_errors():
            await self._redis.set(_finished_name(state_key), return_to, px=int(lifetime_seconds * 1000))

    async def may_restart(self, browser_key: str, within_seconds: float) -> bool:
        """Tell whether a failed login of this browser may begin anew by itself: once in `within_seconds`."""
        with translated_errors():
            return bool(await self._redis.set(f"hub:restart:{browser_key}", 1, nx=True, px=int(within_seconds * 1000)))


def _attempt_name(state_key: str) -> str:
    return f"hub:attempt:{state_key}"


def _finished_name(state_key: str) -> str:
    return f"hub:attempt-done:{state_key}"
