"""DOOR to Redis: which logout tokens were seen already (OpenID Connect Back-Channel Logout 1.0 section 2.6, rule 8).

    hub:logout-token:<hash>   stands for the issuer and `jti` of a token, as long as the token could be sent again

Without Redis nobody knows whether a token is new, so that none is taken.
"""

from hub.primitives.secret import digest
from hub.session.redis_client import Redis, translated_errors

NAMES = "hub:logout-token:"


class SeenLogoutTokens:
    """The tokens that were taken. All methods raise `StoreUnavailable` when Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def is_new(self, issuer: str, token_id: str, seconds: float) -> bool:
        """Tell whether nobody has asked about this token before, and remember it for `seconds`: its remaining life."""
        with translated_errors():
            return bool(await self._redis.set(_name(issuer, token_id), b"", nx=True, px=max(int(seconds * 1000), 1)))

    async def forget(self, issuer: str, token_id: str) -> None:
        """Let the token be sent once more: what it asks for was not done."""
        with translated_errors():
            await self._redis.delete(_name(issuer, token_id))


def _name(issuer: str, token_id: str) -> str:
    return NAMES + digest(f"{issuer}|{token_id}")
