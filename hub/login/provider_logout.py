"""Logging out at the provider: what it tells the hub ends the sessions that came out of the one which has ended there.

Front-Channel Logout 1.0 and Back-Channel Logout 1.0. Tokens are revoked whatever scope they were granted with: section 2.7 of the
latter would let refresh tokens with `offline_access` live, for clients that go on working for an absent user. The hub does not:
with the session its copies are gone, and a token that nobody holds is of use to a thief only.
"""

from collections.abc import Iterable

from hub.errors import BadRequest, ProviderMisbehaved, StoreUnavailable
from hub.oidc.logout_token import LogoutClaims
from hub.oidc.providers import Providers
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret
from hub.session.logout_tokens import LogoutTokenStore
from hub.session.model import Session
from hub.session.sessions import Sessions
from hub.telemetry import log

logger = log.get(__name__)


class ProviderLogout:
    """Ends sessions at the request of their provider."""

    def __init__(self, sessions: Sessions, providers: Providers, seen: LogoutTokenStore, clock: Clock) -> None:
        self._sessions = sessions
        self._providers = providers
        self._seen = seen
        self._clock = clock

    async def by_browser(self, provider: str, issuer: str, session_id: str) -> int:
        """End the sessions that came out of one at the provider, whose page a browser shows; return how many.

        Whoever knows issuer and `sid` can do this, and nobody else: a browser does not prove who has sent it.

        Parameters:
            provider: Its name in the settings.

        Raises:
            BadRequest: There is no such OpenID Provider, or it is not the one that `issuer` names. Nothing has ended.
            StoreUnavailable: Redis does not answer; some of the sessions may live on.
        """
        if issuer != self.issuer(provider):
            raise BadRequest("iss: this is not the issuer of the provider.")
        return await self._end(await self._sessions.of_provider_session(issuer, session_id), provider)

    async def by_token(self, provider: str, token: Secret) -> int:
        """End the sessions that a logout token names; return how many. None is as good: they may have ended before.

        Raises:
            BadRequest: There is no such OpenID Provider, or the token is not valid, or was used before.
            ProviderUnavailable: The provider's keys cannot be had; the token may be sent again.
            StoreUnavailable: Redis does not answer; the token may be sent again.
        """
        try:
            claims = await self._providers.openid(provider).validate_logout_token(token)
        except ProviderMisbehaved as error:
            raise BadRequest(error.detail) from error
        if not await self._seen.is_new(claims.issuer, claims.token_id, claims.expires_at - self._clock.now()):
            raise BadRequest("The logout token was used before.")
        try:
            return await self._end(await self._named(claims), provider)
        except StoreUnavailable:
            await self._seen.forget(claims.issuer, claims.token_id)
            raise

    def issuer(self, provider: str) -> str:
        """Return the issuer of the OpenID Provider of this name.

        Raises:
            BadRequest: There is none.
        """
        return self._providers.openid(provider).issuer

    async def _named(self, claims: LogoutClaims) -> list[Session]:
        """Return the sessions of one session at the provider, or else all of the user, whether they have a `sid` or not."""
        if claims.session_id is not None:
            found = await self._sessions.of_provider_session(claims.issuer, claims.session_id)
            return [session for session in found if claims.subject in (None, session.subject)]
        return [] if claims.subject is None else await self._sessions.of_user(claims.issuer, claims.subject)

    async def _end(self, sessions: Iterable[Session], provider: str) -> int:
        ended = [await self._sessions.end(session.key, "provider") for session in sessions]
        count = sum(session is not None for session in ended)
        logger.info("logout.by_provider", provider=provider, sessions=count)
        return count
