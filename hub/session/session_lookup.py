"""The session of a request, found in the same way for every door, also while the session store is down."""

from hub.errors import NotAuthenticated, StoreUnavailable
from hub.primitives.clock import Clock
from hub.session.model import Session, SessionId
from hub.session.sessions import Sessions
from hub.session.store_outage import PROBE_SECONDS, TRUSTED_SECONDS, StoreOutage


class SessionLookup:
    """Finds sessions, and tolerates a short outage of the store.

    A session that the store confirmed within the last `TRUSTED_SECONDS` goes on during an outage. All others get 503: an outage
    is never taken for the end of a session.

    Attributes:
        outage: Whether the store is down.
        cached: `Sessions.cached`: returns the session if that takes no call to the store, else None; then call `find`.
    """

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self.outage = StoreOutage()
        self.cached = sessions.cached
        self._sessions = sessions
        self._clock = clock

    async def find(self, session_id: SessionId | None, *, passive: bool) -> Session:
        """Return the session of a browser, which has not ended. A `passive` request leaves the idle timeout alone.

        Raises:
            NotAuthenticated: There is none.
            SessionEnded: There was one; the extension `reason` tells why it ended.
            StoreUnavailable: The store is down, and has not confirmed the session recently enough.
        """
        if session_id is not None and not self.outage.may_ask(self._clock.monotonic()):
            return self._trusted(session_id)
        try:
            session = await self._sessions.current(session_id, passive=passive)
        except StoreUnavailable as error:
            self.outage.began(self._clock.monotonic())
            if session_id is None:
                raise
            return self._trusted(session_id, error)
        except NotAuthenticated:
            if session_id is not None:
                self.outage.ended()
            raise
        self.outage.ended()
        return session

    def _trusted(self, session_id: SessionId, cause: StoreUnavailable | None = None) -> Session:
        session = self._sessions.last_confirmed(session_id, within_seconds=TRUSTED_SECONDS)
        if session is None:
            detail = "Try again in a moment. You are still logged in."
            raise StoreUnavailable(detail, retry_after_seconds=PROBE_SECONDS) from cause
        return session
