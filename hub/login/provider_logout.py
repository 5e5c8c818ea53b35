"""Logout at the provider: ends the hub's sessions when the session at the provider ends.

Front-Channel Logout 1.0 and Back-Channel Logout 1.0. All tokens are revoked, even refresh tokens with `offline_access`, which
section 2.7 of the latter would preserve for clients that work without the user. The hub does not: it deletes its copies with the
session, and only a thief could still use the tokens.
"""

from collections.abc import Iterable

from hub.errors import BadRequest, ProviderMisbehaved, StoreUnavailable
from hub.oidc.logout_token import LogoutClaims
from hub.oidc.providers import Providers
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret
from hub.session.logout_tokens import LogoutTokenStore
from hub.session.model import Session
from hub.session.node_registry import NodeRegistry
from hub.session.sessions import Sessions
from hub.telemetry import log

logger = log.get(__name__)


class ProviderLogout:
    """Ends sessions when their provider says so."""

    def __init__(
        self, sessions: Sessions, providers: Providers, seen: LogoutTokenStore, nodes: NodeRegistry, clock: Clock
    ) -> None:
        self._sessions = sessions
        self._providers = providers
        self._seen = seen
        self._nodes = nodes
        self._clock = clock

    async def by_browser(self, provider: str, issuer: str, session_id: str) -> int:
        """End the sessions that belong to a session at the provider (front-channel logout). Return their number.

        The request is not authenticated. An attacker would have to know issuer and `sid`.

        Parameters:
            provider: Name of the provider in the settings.
            session_id: `sid` of the session at the provider.

        Raises:
            BadRequest: There is no such OpenID Provider, or `issuer` is that of another one. Nothing has ended.
            StoreUnavailable: Redis does not respond, or another node has to end a session. Some of the sessions may still exist.
        """
        if issuer != self.issuer(provider):
            raise BadRequest("iss: is not the issuer of this provider.")
        count = await self._end(await self._sessions.of_provider_session(issuer, session_id), provider)
        await self._nodes.leave_to_others(await self._sessions.missing_keys_of_provider_session(issuer, session_id))
        return count

    async def by_token(self, provider: str, token: Secret) -> int:
        """End the sessions that a logout token names. Return their number; 0 is no error, because they may have ended before.

        Raises:
            BadRequest: There is no such OpenID Provider, or the token is not valid or was used before.
            ProviderUnavailable: The provider's keys are not available; the token may be sent again.
            StoreUnavailable: Redis does not respond, or another node has to end a session; the token may be sent again.
        """
        try:
            claims = await self._providers.openid(provider).checks.logout_token(token)
        except ProviderMisbehaved as error:
            raise BadRequest(error.detail) from error
        if not await self._seen.is_new(claims.issuer, claims.token_id, claims.expires_at - self._clock.now()):
            raise BadRequest("The logout token was used before.")
        try:
            count = await self._end(await self._named(claims), provider)
            await self._nodes.leave_to_others(await self._missing_keys(claims))
            return count
        except StoreUnavailable:
            await self._seen.forget(claims.issuer, claims.token_id)
            raise

    def issuer(self, provider: str) -> str:
        """Return the issuer of the OpenID Provider with this name.

        Raises:
            BadRequest: There is no such OpenID Provider.
        """
        return self._providers.openid(provider).issuer

    async def _named(self, claims: LogoutClaims) -> list[Session]:
        """Return the sessions of one session at the provider, or all sessions of the user if the token has no `sid`."""
        if claims.session_id is not None:
            found = await self._sessions.of_provider_session(claims.issuer, claims.session_id)
            return [session for session in found if claims.subject in (None, session.subject)]
        return [] if claims.subject is None else await self._sessions.of_user(claims.issuer, claims.subject)

    async def _missing_keys(self, claims: LogoutClaims) -> set[str]:
        """Return the IDs of session keys that this node lacks, of sessions that the token may name."""
        if claims.session_id is not None:
            return await self._sessions.missing_keys_of_provider_session(claims.issuer, claims.session_id)
        return set() if claims.subject is None else await self._sessions.missing_keys_of_user(claims.issuer, claims.subject)

    async def _end(self, sessions: Iterable[Session], provider: str) -> int:
        ended = [await self._sessions.end(session.key, "provider") for session in sessions]
        count = sum(session is not None for session in ended)
        logger.info("provider.logout_received", provider=provider, sessions=count)
        return count
