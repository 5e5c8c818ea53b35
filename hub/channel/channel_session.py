"""The session of one channel, as its last request found it."""

from collections.abc import Sequence

from hub.channel.interfaces import ChannelServices
from hub.channel.messages import SessionFacts
from hub.dispatch import Caller
from hub.errors import IdentityChanged, NotAuthenticated, SessionEnded, StoreUnavailable
from hub.gateway.routes import Route
from hub.idempotency.outcome import Verdict
from hub.session.model import Session, SessionId

UNKNOWN_REASON = "unknown"  # the store no longer has the session or its tombstone, so the reason for its end is lost
OTHER_USER_REASON = "identity"


class ChannelSession:
    """The session of a channel.

    Attributes:
        id: The session ID with which the channel was opened; a later login may have given the session a new one.
        session: The session as the dispatch found it last.
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
            SessionEnded: The session has ended, or belongs to another user than at the handshake. The channel must close.
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
        """Replace the session by `session`, which the store has confirmed.

        Raises:
            SessionEnded: The session belongs to another user than at the handshake.
        """
        if session.identity != self._identity:
            raise SessionEnded(reason=OTHER_USER_REASON)
        self.session = session

    async def verdicts(self, keys: Sequence[str]) -> Sequence[Verdict] | None:
        """Return the verdicts on the requests with these idempotency keys, in their order; None if the store does not respond."""
        try:
            return await self._services.executor.verdicts(self.session, keys)
        except StoreUnavailable:
            return None

    def facts(self) -> SessionFacts:
        """Return the facts about the session that the page receives in `ready`."""
        session, lifetimes, now = self.session, self._services.lifetimes, self._services.clock.now()
        return SessionFacts(
            session.subject,
            idle_ms=max(round((lifetimes.idle_end(session) - now) * 1000), 0),
            absolute_ms=max(round((lifetimes.absolute_end(session) - now) * 1000), 0),
            name=session.name,
            identity=session.identity,
        )
