"""Logging out: the session ends in the store first, then at the provider, and last the tokens are revoked.

The order is IRIS's: it finds its session by the ID token, and no longer does once the tokens are revoked. The ID token goes to
the provider from the hub itself or not at all: a browser never holds one.
"""

from hub.errors import HubError, NotAuthenticated, StoreUnavailable
from hub.oidc.providers import Providers
from hub.primitives.clock import Clock
from hub.session.model import Session, SessionId
from hub.session.revocations import RevocationQueue
from hub.session.sessions import Sessions
from hub.telemetry import log

logger = log.get(__name__)


class Logout:
    """Ends sessions at the request of their users."""

    def __init__(
        self, sessions: Sessions, providers: Providers, revocations: RevocationQueue, clock: Clock, return_url: str
    ) -> None:
        self._sessions = sessions
        self._providers = providers
        self._revocations = revocations
        self._clock = clock
        self._return_url = return_url

    async def end(self, session_id: SessionId, address: str = "", *, everywhere: bool = False) -> str:
        """End the session, and return the URL to which the browser should go now.

        That is the provider's end-session endpoint where the provider has one that browsers visit (RP-Initiated Logout 1.0),
        else the application. A provider that does not answer holds nobody up: the session of the hub is over in any case.

        Parameters:
            address: Where the user is, for the audit.
            everywhere: End all other sessions of the user first. At the provider only the present one is ended; the tokens of all
                are revoked.

        Raises:
            StoreUnavailable: Redis does not answer; the user is still logged in, here at least.
        """
        try:
            present = await self._sessions.confirmed(session_id, passive=True)
        except NotAuthenticated:
            return self._return_url
        if everywhere:
            await self._end_others(present, address)
        session = await self._sessions.end(present.key, "logout", address=address)
        if session is None:
            return self._return_url
        destination = await self._end_at_provider(session)
        await self._revoke_now(session)
        return destination

    async def _end_others(self, present: Session, address: str) -> None:
        for session in await self._sessions.of_user(present.issuer, present.subject):
            if session.key != present.key:
                await self._sessions.end(session.key, "elsewhere", address=address)

    async def _end_at_provider(self, session: Session) -> str:
        tokens = session.tokens
        try:
            provider = self._providers.of(session.provider, session.issuer)
            return await provider.log_out(id_token=tokens.id_token, access_token=tokens.access_token, return_url=self._return_url)
        except HubError as error:
            logger.warning("logout.provider_failed", session_ref=session.ref, problem=error.slug, detail=error.detail)
            return self._return_url

    async def _revoke_now(self, session: Session) -> None:
        """Let the revocation, which has waited for the session at the provider to end, wait no longer."""
        try:
            await self._revocations.hasten(session.key, self._clock.now())
        except StoreUnavailable:
            logger.info("logout.revocation_not_hastened", session_ref=session.ref)  # it is due by itself in a minute
