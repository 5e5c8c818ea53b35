"""Logout: ends the session in Redis first, then at the provider, and then revokes the tokens.

IRIS requires this order: it finds its session by the ID token, but not after the tokens were revoked. The hub sends the ID token
itself or not at all, so that no browser ever sees one.
"""

from hub.errors import HubError, NotAuthenticated, StoreUnavailable
from hub.oidc.providers import Providers
from hub.primitives.clock import Clock
from hub.session.ends import require_own_id
from hub.session.model import Session, SessionId, SessionKeyMissing
from hub.session.node_registry import NodeRegistry
from hub.session.revocations import RevocationQueue
from hub.session.sessions import Sessions
from hub.telemetry import log

logger = log.get(__name__)


class Logout:
    """Ends sessions when users log out."""

    def __init__(
        self,
        sessions: Sessions,
        providers: Providers,
        revocations: RevocationQueue,
        nodes: NodeRegistry,
        clock: Clock,
        return_url: str,
    ) -> None:
        self._sessions = sessions
        self._providers = providers
        self._revocations = revocations
        self._nodes = nodes
        self._clock = clock
        self._return_url = return_url

    async def end(self, session_id: SessionId, address: str = "", *, everywhere: bool = False) -> str:
        """End the session. Return the URL to which the browser has to go.

        That is the provider's end-session endpoint if browsers have to visit it (RP-Initiated Logout 1.0), and the application
        otherwise. The session of the hub ends even if the provider does not respond.

        Parameters:
            address: IP address of the user, for the audit.
            everywhere: End all other sessions of the user first. At the provider only the present session ends, but the tokens of
                all sessions are revoked.

        Raises:
            StoreUnavailable: Redis does not respond, or this node lacks the session key of a session, and another one has it. The
                user is still logged in.
            SessionEnded: Another login has replaced the session of this ID. The new session goes on: only its own ID ends it.
        """
        try:
            present = await self._sessions.by_key(session_id.key)
        except SessionKeyMissing as error:
            await self._nodes.leave_to_others([error.key_id])
            return self._return_url
        except NotAuthenticated:
            return self._return_url
        require_own_id(present)
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
        await self._nodes.leave_to_others(await self._sessions.missing_keys_of_user(present.issuer, present.subject))

    async def _end_at_provider(self, session: Session) -> str:
        tokens = session.tokens
        try:
            provider = self._providers.of(session.provider, session.issuer)
            return await provider.log_out(id_token=tokens.id_token, access_token=tokens.access_token, return_url=self._return_url)
        except HubError as error:
            logger.warning("provider.logout_failed", session_ref=session.ref, problem=error.slug, detail=error.detail)
            return self._return_url

    async def _revoke_now(self, session: Session) -> None:
        """Revoke the tokens now. The revocation had to wait for the end of the session at the provider."""
        try:
            await self._revocations.hasten(session.key, self._clock.now())
        except StoreUnavailable:
            logger.info("revocation.not_expedited", session_ref=session.ref)  # it becomes due by itself within a minute
