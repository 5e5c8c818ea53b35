"""Used logout tokens in Redis, against replay (OpenID Connect Back-Channel Logout 1.0 section 2.6, rule 8).

    hub:logout-token:<hash>   issuer and `jti` of a used token, until the token expires

Without Redis no logout token is accepted, because a replay could not be detected.
"""

from hub.primitives.secret import digest
from hub.session.redis_client import Redis, mark_once, translated_errors

NAMES = "hub:logout-token:"


class LogoutTokenStore:
    """Stores used logout tokens. All methods raise `StoreUnavailable` when Redis does not respond."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def is_new(self, issuer: str, token_id: str, seconds: float) -> bool:
        """Mark a token as used. Return False if it was used before.

        Parameters:
            token_id: `jti` of the token.
            seconds: Time until the token expires.
        """
        with translated_errors():
            return await mark_once(self._redis, _name(issuer, token_id), max(int(seconds * 1000), 1))

    async def forget(self, issuer: str, token_id: str) -> None:
        """Mark a token as unused, so that the provider can send it again after a failed logout."""
        with translated_errors():
            await self._redis.delete(_name(issuer, token_id))


def _name(issuer: str, token_id: str) -> str:
    return NAMES + digest(f"{issuer}|{token_id}")
