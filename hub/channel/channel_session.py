"""The session of one channel: its current state or, while the store does not respond, a recent one."""

from collections.abc import Sequence

from hub.channel.interfaces import ChannelServices
from hub.channel.messages import SessionFacts
from hub.channel.outage import PROBE_SECONDS, TRUSTED_SECONDS
from hub.errors import NotAuthenticated, SessionEnded, StoreUnavailable
from hub.idempotency.outcome import Verdict
from hub.session.model import Session, SessionId
from hub.session.session_cache import TTL_SECONDS as CACHE_SECONDS

UNKNOWN_REASON = "unknown"  # the store no longer has the session or its tombstone, so the reason for its end is lost


class ChannelSession:
    """The session of a channel as the store confirmed it last.

    Attributes:
        id: The session ID with which the channel was opened. A later login may have given the session a new one.
        session: The session at its last confirmation by the store.
    """

    __slots__ = ("_confirmed_at", "_services", "id", "session")

    def __init__(self, services: ChannelServices, session_id: SessionId, session: Session) -> None:
        self.id = session_id
        self.session = session
        self._services = services
        self._confirmed_at = services.clock.monotonic()

    async def current(self, *, passive: bool) -> Session:
        """Return the session for a request. Unless `passive`, the request counts as activity of the user.

        Raises:
            SessionEnded: The session has ended, or belongs to another user than at the handshake.
            StoreUnavailable: The store does not respond, and its last confirmation is too old.
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
        """Replace the session by `session`, which the store has confirmed, and return it.

        Parameters:
            age_seconds: Longest time since that confirmation.

        Raises:
            SessionEnded: The session belongs to another user than at the handshake.
        """
        if session is not self.session and (session.issuer, session.subject) != (self.session.issuer, self.session.subject):
            raise SessionEnded(reason="identity")
        self.session = session
        self._confirmed_at = max(self._confirmed_at, self._services.clock.monotonic() - age_seconds)
        return session

    async def verdicts(self, keys: Sequence[str]) -> Sequence[Verdict] | None:
        """Return the verdicts on the requests with these idempotency keys, in their order; None if the store does not respond."""
        try:
            return await self._services.once.verdicts(self.session, keys)
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

    def _trusted(self) -> Session:
        """Return the last confirmed session while it may be used without the store.

        Raises:
            StoreUnavailable: The last confirmation is older than `TRUSTED_SECONDS`, or the session has reached a timeout.
        """
        clock = self._services.clock
        is_confirmed = clock.monotonic() - self._confirmed_at <= TRUSTED_SECONDS
        if not is_confirmed or self._services.lifetimes.end_reason(self.session, clock.now()):
            raise StoreUnavailable("Try again in a moment. You are still logged in.", retry_after_seconds=PROBE_SECONDS)
        return self.session
