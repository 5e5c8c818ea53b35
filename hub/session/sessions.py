"""The life of a session, as the rest of the hub sees it: start, current, end. Every end is stored, told and counted here."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from hub.errors import NotAuthenticated, StoreUnavailable
from hub.primitives.clock import Clock
from hub.session.ends import ended, ended_by
from hub.session.events import EventFeed, SessionEvent, SessionHasEnded, SessionWasReplaced
from hub.session.known_sessions import KnownSessions
from hub.session.model import EndReason, Lifetimes, Revocation, Session, SessionId, Tombstone, session_ref
from hub.session.revocations import Revocations
from hub.session.store import SessionStore
from hub.telemetry import audit, log
from hub.telemetry.metrics import Metrics

REPLACED_GRACE_SECONDS = 10.0  # for requests under way, and for tabs that have not taken up the new cookie yet

NOT_REVOKED: frozenset[EndReason] = frozenset({"refused"})  # the provider has just said that the refresh token is worth nothing
REVOKED_AFTER_SECONDS: dict[EndReason, float] = {
    "logout": 60.0,  # first the session at the provider has to end, after which `Logout` does not wait any longer
    "replaced": REPLACED_GRACE_SECONDS + 5.0,
}
REVOCATION_TRIED_SECONDS = 86400.0

logger = log.get(__name__)


class Sessions:
    """Starts, finds and ends sessions."""

    def __init__(
        self,
        store: SessionStore,
        events: EventFeed,
        revocations: Revocations,
        lifetimes: Lifetimes,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._events = events
        self._revocations = revocations
        self._clock = clock
        self._metrics = metrics
        self._known = KnownSessions(clock)
        self.lifetimes = lifetimes

    async def start(self, session: Session, present: str = "") -> None:
        """Store a session that a login has just made.

        Parameters:
            present: Key of the session that the browser has had so far; empty: none. If it is the same user's, its id goes on for
                a short grace, for the requests under way, and stands for the new session; another user's ends at once.

        Raises:
            StoreUnavailable: Redis does not answer; the user is not logged in.
        """
        await self._store.create(session)
        logger.info("session.started", session_ref=session.ref, subject=session.subject, provider=session.provider)
        audit.record(
            "audit.login_succeeded",
            **_who(session),
            provider=session.provider,
            address=session.address,
            client=session.client,
            acr=session.acr,
            replaces=session_ref(present),
        )
        if present:
            await self._replace(present, session)

    async def _replace(self, key: str, successor: Session) -> None:
        present = await self._store.load(key)
        if not isinstance(present, Session):
            return
        if present.identity != successor.identity:
            await self.end(present.key, "other_user", address=successor.address)
            return
        if await self._move(present.key, successor.key) is None:
            return
        logger.info("session.replaced", session_ref=present.ref, by=successor.ref, subject=successor.subject)
        self._metrics.sessions_ended.labels("replaced").inc()
        _audit_end(present, "replaced", successor.address)
        await self._revoke_later(present, "replaced")
        await self._tell(SessionWasReplaced(present.key, self._clock.now() + REPLACED_GRACE_SECONDS))

    async def _move(self, key: str, successor: str) -> Session | None:
        try:
            return await self._store.move(key, successor, REPLACED_GRACE_SECONDS)
        finally:
            self._known.forget(key)

    # -- finding ------------------------------------------------------------------------------------------------------

    def known(self, session_id: SessionId | None, *, passive: bool = False) -> Session | None:
        """Return what `current` would return if that needs no question to the store and no note in it; None: ask `current`."""
        session = None if session_id is None else self._known.get(session_id.key)
        if session is None:
            return None
        now = self._clock.now()
        if self.lifetimes.end_reason(session, now) or not (passive or now < self._touched_from(session)):
            return None
        return session

    async def current(self, session_id: SessionId | None, *, passive: bool = False) -> Session:
        """Return the living session of a browser, and count this as activity of its user unless `passive`.

        What the store said within the last second (`hub.session.known_sessions`) is enough: for requests, not to end a session.

        Raises:
            NotAuthenticated: There is none.
            SessionEnded: There was one; the extension `reason` tells why it ended.
            StoreUnavailable: Redis does not answer, so nobody knows.
        """
        key = _key_of(session_id)
        found = self._known.get(key) or await self._known.find(key, self._store.load)
        if not isinstance(found, Session):
            raise _absent(found)
        now = self._clock.now()
        if self.lifetimes.end_reason(found, now):
            return await self.by_key(key, passive=passive)  # another worker may have noted activity since
        return await self._used(found, now, passive=passive)

    async def confirmed(self, session_id: SessionId | None, *, passive: bool = False) -> Session:
        """Return the living session of a browser as the store has it now; else like `current`."""
        return await self.by_key(_key_of(session_id), passive=passive)

    async def by_key(self, key: str, *, passive: bool = True) -> Session:
        """Return the living session stored under `key`; like `confirmed`."""
        found = await self._known.ask(key, self._store.load)
        if not isinstance(found, Session):
            raise _absent(found)
        now = self._clock.now()
        if reason := self.lifetimes.end_reason(found, now):
            await self.end(found.key, reason)
            raise ended(reason)
        return await self._used(found, now, passive=passive)

    async def _used(self, session: Session, now: float, *, passive: bool) -> Session:
        """Return a living session; write down that it is used, unless `passive` or written down a moment ago."""
        if passive or now < self._touched_from(session):
            return session
        touched, lives = replace(session, touched_at=now), False
        self._known.amend(touched)  # before it is written: the requests beside this one need not write it as well
        try:
            lives = await self._store.touch(session, now)
        finally:
            if not lives:
                self._known.forget(session.key)
        return touched if lives else await self.by_key(session.key)

    def _touched_from(self, session: Session) -> float:
        """Return from when on activity is worth writing down again."""
        return session.touched_at + self.lifetimes.touch_interval_seconds

    # -- what is known without asking ---------------------------------------------------------------------------------

    def hear(self, event: SessionEvent) -> None:
        """Take note of what became of a session, here or elsewhere."""
        self._known.hear(event)

    def feed_began(self) -> None:
        """Take note that from now on all events are heard: what the store says may be remembered for a moment."""
        self._known.feed_began()

    def feed_lost(self) -> None:
        """Take note that events may be missed: nothing is answered from memory."""
        self._known.feed_lost()

    # -- writing ------------------------------------------------------------------------------------------------------

    async def replace_if_unchanged(self, session: Session, fence: int | None = None) -> Session:
        """Store new tokens of a session, as `SessionStore.replace_if_unchanged` does, and know them from now on.

        Raises:
            Conflict: Somebody else has written meanwhile, or the session has ended.
            StoreUnavailable: Redis does not answer.
        """
        self._known.forget(session.key)
        return await self._known.ask(session.key, lambda _: self._store.replace_if_unchanged(session, fence))

    async def end(self, key: str, reason: EndReason, *, address: str = "") -> Session | None:
        """End the session, tell all workers, and have its tokens revoked; return it as it last was, or None if it was over.

        Parameters:
            address: From where a person has ended it, for the audit.

        Raises:
            StoreUnavailable: Redis does not answer; the session lives on.
        """
        try:
            session = await self._store.end(key, reason)
        finally:
            self._known.forget(key)
        if session is None:
            return None
        logger.info("session.ended", session_ref=session_ref(key), reason=reason, subject=session.subject)
        self._metrics.sessions_ended.labels(reason).inc()
        _audit_end(session, reason, address)
        await self._tell(SessionHasEnded(key, reason, self._clock.now(), session.identity))
        await self._revoke_later(session, reason)
        return session

    async def of_user(self, issuer: str, subject: str) -> list[Session]:
        """Return the living sessions of a user, the latest first."""
        sessions = await self._store.living(await self._store.keys_of_user(issuer, subject))
        return sorted(sessions, key=lambda session: session.created_at, reverse=True)

    async def of_provider_session(self, issuer: str, provider_session_id: str) -> list[Session]:
        """Return the living sessions that came out of one session at the provider (`sid`)."""
        return await self._store.living(await self._store.keys_of_provider_session(issuer, provider_session_id))

    async def of_identity(self, identity: str) -> list[Session]:
        """Return the living sessions of the user with this `Session.identity`."""
        return await self._store.living(await self._store.keys_of_identity(identity))

    def all(self, prefix: str = "") -> AsyncIterator[Session]:
        """Yield every living session whose key begins with `prefix`, in no order: for operators."""
        return self._store.scan(prefix)

    async def _revoke_later(self, session: Session, reason: EndReason) -> None:
        """Put the tokens of an ended session into the queue. Nobody waits for the provider here."""
        if reason in NOT_REVOKED:
            return
        now = self._clock.now()
        revocation = Revocation.of(session, now + REVOCATION_TRIED_SECONDS)
        try:
            await self._revocations.put(revocation, now, now + REVOKED_AFTER_SECONDS.get(reason, 0.0))
        except StoreUnavailable:  # a moment ago it was there; the tokens live until they expire
            logger.warning("revocation.not_queued", session_ref=session.ref)

    async def _tell(self, event: SessionHasEnded | SessionWasReplaced) -> None:
        try:
            await self._events.publish(event)
        except StoreUnavailable:
            logger.warning("session.end_not_published", session_ref=session_ref(event.key))


def _key_of(session_id: SessionId | None) -> str:
    if session_id is None:
        raise _absent(None)
    return session_id.key


def _absent(found: Tombstone | None) -> NotAuthenticated:
    """Return the error for a session that is not there: none was, or none is any more."""
    return NotAuthenticated("Log in to use this application.") if found is None else ended(found.reason)


def _audit_end(session: Session, reason: EndReason, address: str) -> None:
    audit.record("audit.session_ended", **_who(session), reason=reason, by=ended_by(reason), address=address)


def _who(session: Session) -> dict[str, Any]:
    """Return how the audit names a session and its user."""
    return {"subject": session.subject, "issuer": session.issuer, "session_ref": session.ref}
