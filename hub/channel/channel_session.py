"""The session of one channel: as it stands, or while the store does not answer as it stood a short while ago."""

from collections.abc import Sequence

from hub.channel.interfaces import ChannelServices
from hub.channel.messages import SessionFacts
from hub.channel.outage import PROBE_SECONDS, TRUSTED_SECONDS
from hub.errors import NotAuthenticated, SessionEnded, StoreUnavailable
from hub.idempotency.outcome import Verdict
from hub.session.model import Session, SessionId
from hub.session.session_cache import TTL_SECONDS as CACHE_SECONDS

UNKNOWN_REASON = "unknown"  # the store no longer knows the session, so nobody knows why it ended


class ChannelSession:
    """What a channel knows of its session.

    Attributes:
        id: The id that the channel was opened with; its session may have moved on to another since.
        session: The session when the store confirmed it last.
    """

    __slots__ = ("_confirmed_at", "_services", "id", "session")

    def __init__(self, services: ChannelServices, session_id: SessionId, session: Session) -> None:
        self.id = session_id
        self.session = session
        self._services = services
        self._confirmed_at = services.clock.monotonic()

    async def current(self, *, passive: bool) -> Session:
        """Return the session for a request, which slides its idle time unless `passive`.

        Raises:
            SessionEnded: It has ended, or belongs to somebody else than at the handshake.
            StoreUnavailable: Nothing is known, or not any more.
        """
        if known := self._services.sessions.cached(self.id, passive=passive):
            return self.accept(known, age_seconds=CACHE_SECONDS)
        outage = self._services.outage
        if not outage.may_ask(self._services.clock.monotonic()):
            return self._trusted()
        try:
            session = await self._services.sessions.current(self.id, passive=passive)
        except StoreUnavailable:
            outage.began(self._services.clock.monotonic())
            return self._trusted()
        except NotAuthenticated as error:
            outage.ended()
            raise error if isinstance(error, SessionEnded) else SessionEnded(reason=UNKNOWN_REASON) from error
        outage.ended()
        return self.accept(session)

    def accept(self, session: Session, *, age_seconds: float = 0.0) -> Session:
        """Take over the session as the store has it, and return it.

        Parameters:
            age_seconds: How long ago, at most, the store has said so.

        Raises:
            SessionEnded: It belongs to somebody else than at the handshake.
        """
        if session is not self.session and (session.issuer, session.subject) != (self.session.issuer, self.session.subject):
            raise SessionEnded(reason="identity")
        self.session = session
        self._confirmed_at = max(self._confirmed_at, self._services.clock.monotonic() - age_seconds)
        return session

    async def verdicts(self, keys: Sequence[str]) -> Sequence[Verdict] | None:
        """Return how the requests with these keys stand, in their order; None if the store does not answer."""
        try:
            return await self._services.once.verdicts(self.session, keys)
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

    def _trusted(self) -> Session:
        """Return the session as this channel knows it, as long as that may be trusted.

        Raises:
            StoreUnavailable: The store has confirmed it too long ago, or its time is over by what is known.
        """
        clock = self._services.clock
        is_confirmed = clock.monotonic() - self._confirmed_at <= TRUSTED_SECONDS
        if not is_confirmed or self._services.lifetimes.end_reason(self.session, clock.now()):
            raise StoreUnavailable("Try again in a moment. You are still logged in.", retry_after_seconds=PROBE_SECONDS)
        return self.session
