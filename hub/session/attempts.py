"""Login attempts: logins that have begun and have not been completed.

An attempt is sealed and kept by the browser that began it, in a cookie. A login that begins therefore leaves nothing in Redis,
however many there are, and only that browser can complete it. Redis gets one key when an attempt is completed:

    hub:attempt-used:<key>  marks a used attempt, until the attempt has expired

`<key>` is the hash of `state`. The attempt is sealed for it.
"""

import base64
import binascii

from hub.session.codec import RecordCodec, UnreadableRecord
from hub.session.model import LoginAttempt
from hub.session.redis_client import Redis, mark_once, translated_errors


class LoginAttempts:
    """Seals login attempts for the browser, and makes sure that each is completed once."""

    def __init__(self, redis: Redis, codec: RecordCodec) -> None:
        self._redis = redis
        self._codec = codec

    def seal(self, state_key: str, attempt: LoginAttempt) -> str:
        """Return an attempt encrypted with the session key, in characters that a cookie may contain.

        Parameters:
            state_key: Hash of the `state` of the authorization request.
        """
        return base64.urlsafe_b64encode(self._codec.encode_attempt(attempt, state_key)).rstrip(b"=").decode()

    def open(self, state_key: str, sealed: str) -> LoginAttempt | None:
        """Return the attempt of a `state`; None if this hub did not seal it for this `state`, or if its session key is gone."""
        try:
            return self._codec.decode_attempt(base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)), state_key)
        except (UnreadableRecord, binascii.Error, ValueError):
            return None

    async def use(self, state_key: str, seconds: float) -> bool:
        """Mark an attempt as used. Return False if it was used before (RFC 9700 section 4.7).

        Parameters:
            seconds: Time until the attempt expires.

        Raises:
            StoreUnavailable: Redis does not respond, so the attempt cannot be used.
        """
        with translated_errors():
            return await mark_once(self._redis, _name(state_key), max(int(seconds * 1000), 1))

    async def release(self, state_key: str) -> None:
        """Remove the mark: the provider issued nothing for this attempt. A flood of invented codes thus leaves nothing in Redis.

        Raises:
            StoreUnavailable: Redis does not respond. The mark stays until the attempt expires.
        """
        with translated_errors():
            await self._redis.delete(_name(state_key))


def _name(state_key: str) -> str:
    return f"hub:attempt-used:{state_key}"
