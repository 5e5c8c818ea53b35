"""Login attempts in Redis: logins that have begun and have not been completed.

    hub:attempt:<key>       encrypted login attempt; it can be taken once
    hub:attempt-done:<key>  return path of a completed attempt
    hub:browser:<key>       sorted set of the attempts of one browser, by the time of their begin
    hub:restart:<key>       marks a browser whose login was restarted automatically

`<key>` is a hash: of `state`, or of the pre-login cookie.
"""

from dataclasses import dataclass
from typing import cast

from hub.session.codec import RecordCodec, UnreadableRecord
from hub.session.model import LoginAttempt
from hub.session.redis_client import Redis, translated_errors


@dataclass(frozen=True, slots=True)
class FinishedAttempt:
    """A login attempt that was completed before.

    Attributes:
        return_to: The path to which the login led.
    """

    return_to: str


class LoginAttemptStore:
    """Stores login attempts in Redis. All methods raise `StoreUnavailable` when Redis does not respond."""

    def __init__(self, redis: Redis, codec: RecordCodec) -> None:
        self._redis = redis
        self._codec = codec

    async def put(self, state_key: str, attempt: LoginAttempt, lifetime_seconds: float, limit: int) -> None:
        """Store a login attempt by the hash of its `state`, and delete the oldest attempts of its browser beyond `limit`."""
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
        """Return and delete the login attempt of a `state`, which works once (RFC 9700 section 4.7).

        A completed attempt is returned as `FinishedAttempt`. None: unknown, expired, or encrypted with a key that is gone.
        """
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
        """Store the return path of a completed login, for a callback that is loaded a second time."""
        with translated_errors():
            await self._redis.set(_finished_name(state_key), return_to, px=int(lifetime_seconds * 1000))

    async def may_restart(self, browser_key: str, within_seconds: float) -> bool:
        """Return True if a failed login of this browser may restart automatically, once in `within_seconds`.

        True also records the restart.
        """
        with translated_errors():
            return bool(await self._redis.set(f"hub:restart:{browser_key}", 1, nx=True, px=int(within_seconds * 1000)))


def _attempt_name(state_key: str) -> str:
    return f"hub:attempt:{state_key}"


def _finished_name(state_key: str) -> str:
    return f"hub:attempt-done:{state_key}"
