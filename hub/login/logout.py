"""Logging out: the session ends in the store first, then at the provider, and last the tokens are revoked.

The order is IRIS's: it finds its session by the ID token, and no longer does once the tokens are revoked. The ID token goes to
the provider from the hub itself or not at all: a browser never holds one.
"""

import asyncio

from hub import log
from hub.errors import HubError
from hub.oidc.providers import Providers
from hub.session.model import Session, SessionId
from hub.session.sessions import Sessions

logger = log.get(__name__)


class Logout:
    """Ends sessions at the request of their users."""

    def __init__(self, sessions: Sessions, providers: Providers, return_url: str) -> None:
        self._sessions = sessions
        self._providers = providers
        self._return_url = return_url
        self._revocations: set[asyncio.Task[None]] = set()

    async def end(self, session_id: SessionId, address: str = "") -> str:
        """End the session, and return the URL to which the browser should go now.

        That is the provider's end-session endpoint where the provider has one that browsers visit (RP-Initiated Logout 1.0),
        else the application. A provider that does not answer holds nobody up: the session of the hub is over in any case.

        Parameters:
            address: Where the user is, for the audit.

        Raises:
            StoreUnavailable: Redis does not answer; the user is still logged in.
        """
        session = await self._sessions.end(session_id.key, "logout", address=address)
        if session is None:
            return self._return_url
        try:
            destination = await self._end_at_provider(session)
        except HubError as error:
            logger.warning("logout.provider_failed", session_ref=session.ref, problem=error.slug, detail=error.detail)
            destination = self._return_url
        revocation = asyncio.create_task(self._revoke(session))
        self._revocations.add(revocation)
        revocation.add_done_callback(self._revocations.discard)
        return destination

    async def close(self) -> None:
        """Wait for the revocations under way."""
        await asyncio.gather(*self._revocations, return_exceptions=True)

    async def _end_at_provider(self, session: Session) -> str:
        provider, tokens = self._providers.of(session.provider, session.issuer), session.tokens
        return await provider.log_out(id_token=tokens.id_token, access_token=tokens.access_token, return_url=self._return_url)

    async def _revoke(self, session: Session) -> None:
        """Revoke the tokens (RFC 7009), the refresh token first: with it the provider drops what was made from it."""
        tokens = session.tokens
        try:
            provider = self._providers.of(session.provider, session.issuer)
            if tokens.refresh_token is not None:
                await provider.revoke(tokens.refresh_token, "refresh_token")
            await provider.revoke(tokens.access_token, "access_token")
        except HubError as error:
            logger.warning("logout.revocation_failed", session_ref=session.ref, problem=error.slug, detail=error.detail)
