"""The session of one channel: as the last request found it, and how the channel ends with it."""

from collections.abc import Sequence

from hub.channel.interfaces import ChannelServices
from hub.channel.messages import SessionFacts
from hub.dispatch import Caller
from hub.errors import IdentityChanged, NotAuthenticated, SessionEnded, StoreUnavailable
from hub.gateway.routes import Route
from hub.idempotency.outcome import Verdict
from hub.session.model import Session, SessionId

UNKNOWN_REASON = "unknown"  # the store no longer knows the session, so nobody knows why it ended
OTHER_USER_REASON = "identity"


class ChannelSession:
    """What a channel knows of its session.

    Attributes:
        id: The session ID that the channel was opened with; the session may have moved to another since.
        session: The session as the dispatch last found it.
    """

    __slots__ = ("_identity", "_services", "id", "session")

    def __init__(self, services: ChannelServices, session_id: SessionId, session: Session) -> None:
        self.id = session_id
        self.session = session
        self._identity = session.identity
        self._services = services

    async def admit(self, route: Route | None, address: str, *, passive: bool) -> Session:
        """Return the session for a request of this channel; parameters as `Caller` and `Dispatch.admit`.

        Raises:
            SessionEnded: It has ended, or belongs to another user than at the handshake: the channel ends as well.
            TooManyRequests, StoreUnavailable: As `Dispatch.admit`.
        """
        caller = Caller(transport="channel", session_id=self.id, address=address, identity=self._identity, passive=passive)
        try:
            session = await self._services.dispatch.admit(caller, route)
        except SessionEnded:
            raise
        except NotAuthenticated as error:
            raise SessionEnded(reason=UNKNOWN_REASON) from error
        except IdentityChanged as error:
            raise SessionEnded(reason=OTHER_USER_REASON) from error
        if session is None:  # for the type checker: a channel always has one
            raise SessionEnded(reason=UNKNOWN_REASON)
        self.session = session
        return session

    def accept(self, session: Session) -> None:
        """Take over the session as the store has it now.

        Raises:
            SessionEnded: It belongs to another user than at the handshake.
        """
        if session.identity != self._identity:
            raise SessionEnded(reason=OTHER_USER_REASON)
        self.session = session

    async def verdicts(self, keys: Sequence[str]) -> Sequence[Verdict] | None:
        """Return how the requests with these idempotency keys stand, in their order; None if the store does not respond."""
        try:
            return await self._services.executor.verdicts(self.session, keys)
        except StoreUnavailable:
            return None

    def facts(self) -> SessionFacts:
        """Return what the page learns about its session."""
        session, lifetimes, now = self.session, self._services.lifetimes, self._services.clock.now()
        return SessionFacts(
            session.subject,
            idle_ms=max(round((lifetimes.idle_end(session) - now) * 1000), 0),
            absolute_ms=max(round((lifetimes.absolute_end(session) - now) * 1000), 0),
            name=session.name,
            identity=session.identity,
        )
