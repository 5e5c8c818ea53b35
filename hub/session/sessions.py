"""Start, find and end sessions. Each end is stored, published, logged and counted here."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from hub.errors import NotAuthenticated, StoreUnavailable
from hub.primitives.clock import Clock
from hub.session.ends import ended, ended_by
from hub.session.event_feed import EventFeed
from hub.session.events import SessionEvent, SessionHasEnded, SessionWasReplaced
from hub.session.known_providers import KnownProviders
from hub.session.model import (
    EndReason,
    Lifetimes,
    Revocation,
    Session,
    SessionId,
    SessionKeyMissing,
    Tombstone,
    UnopenedRecord,
    session_ref,
)
from hub.session.revocations import RevocationQueue
from hub.session.session_cache import SessionCache
from hub.session.store import SessionStore
from hub.telemetry import audit, log
from hub.telemetry.metrics import Metrics

REPLACED_GRACE_SECONDS = 10.0  # for running requests, and for tabs that do not use the new cookie yet

NOT_REVOKED: frozenset[EndReason] = frozenset({"refused"})  # the provider has just rejected the refresh token
REVOKED_AFTER_SECONDS: dict[EndReason, float] = {
    "logout": 60.0,  # the session at the provider has to end first; `Logout` then advances the revocation
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
        revocations: RevocationQueue,
        lifetimes: Lifetimes,
        clock: Clock,
        metrics: Metrics,
        known_providers: KnownProviders | None = None,
    ) -> None:
        self._store = store
        self._events = events
        self._revocations = revocations
        self._clock = clock
        self._metrics = metrics
        self._cache = SessionCache(clock, self._count_older_version)
        self.lifetimes = lifetimes
        self.known_providers = known_providers or KnownProviders()

    async def start(self, session: Session, present: str = "") -> None:
        """Store the session of a new login, and replace the session that the browser had.

        Parameters:
            present: Key of the session that the browser had, or "". If it belongs to the same user, its ID is accepted for the
                new session for `REPLACED_GRACE_SECONDS`, because requests may be running. A session of another user ends at once.

        Raises:
            StoreUnavailable: Redis does not respond; the user is not logged in.
        """
        await self._store.create(session)
        logger.info("session.started", session_ref=session.ref, subject=session.subject, provider=session.provider)
        audit.record(
            "audit.login_succeeded",
            **_audit_members(session),
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
            if not present.is_replaced:
                await self.end(present.key, "other_user", address=successor.address)
            return
        moved = await self._move(present.key, successor.key)
        if moved is None:
            return
        present = moved
        logger.info("session.replaced", session_ref=present.ref, by=successor.ref, subject=successor.subject)
        self._metrics.sessions_ended.labels("replaced").inc()
        _audit_end(present, "replaced", successor.address)
        await self._revoke_later(present, "replaced")
        await self._publish(SessionWasReplaced(present.key, self._clock.now() + REPLACED_GRACE_SECONDS))

    async def _move(self, key: str, successor: str) -> Session | None:
        try:
            return await self._store.move(key, successor, REPLACED_GRACE_SECONDS)
        finally:
            self._cache.forget(key)

    # -- finding ------------------------------------------------------------------------------------------------------

    def cached(self, session_id: SessionId | None, *, passive: bool = False) -> Session | None:
        """Return the session from the cache, if `current` would need no access to Redis; else None.

        The caller then awaits `current`. Synchronous, because each request comes here.
        """
        session = None if session_id is None else self._cache.get(session_id.key)
        if session is None or not self.known_providers.has_that_of(session):
            return None
        now = self._clock.now()
        if self.lifetimes.end_reason(session, now) or not (passive or now < self._touched_from(session)):
            return None
        return session

    async def current(self, session_id: SessionId | None, *, passive: bool = False) -> Session:
        """Return the session of a browser, and record activity of its user unless `passive`.

        The session may come from the cache, up to one second old. Use `confirmed` to decide about the end of a session.

        Raises:
            NotAuthenticated: There is no session.
            ProviderMissing: Its provider is not in the settings of this node.
            SessionEnded: The session has ended; `reason` says why.
            StoreUnavailable: Redis does not respond.
        """
        key = _key_of(session_id)
        found = self._cache.get(key) or await self._cache.find(key, self._store.load)
        if not isinstance(found, Session):
            raise _absent(found)
        self.known_providers.require_that_of(found)
        now = self._clock.now()
        if self.lifetimes.end_reason(found, now):
            return await self.by_key(key, passive=passive)  # another worker may have recorded activity
        return await self._used(found, now, passive=passive)

    def last_confirmed(self, session_id: SessionId, *, within_seconds: float) -> Session | None:
        """Return the session if Redis confirmed it within the last `within_seconds` and it has not ended; for outages only."""
        session = self._cache.last_confirmed(session_id.key, within_seconds)
        return None if session is None or self.lifetimes.end_reason(session, self._clock.now()) else session

    async def confirmed(self, session_id: SessionId | None, *, passive: bool = False) -> Session:
        """Return the session of a browser from Redis, not from the cache. Raises the errors of `current`."""
        session = await self.by_key(_key_of(session_id))
        self.known_providers.require_that_of(session)
        return await self._used(session, self._clock.now(), passive=passive)

    async def by_key(self, key: str, *, passive: bool = True) -> Session:
        """Return the session with this key from Redis, not from the cache, whether or not this node knows its provider.

        Raises the other errors of `current`.
        """
        found = await self._cache.load_now(key, self._store.load)
        if not isinstance(found, Session):
            raise _absent(found)
        now = self._clock.now()
        if reason := self.lifetimes.end_reason(found, now):
            await self.end(found.key, reason)
            raise ended(reason)
        return await self._used(found, now, passive=passive)

    async def _used(self, session: Session, now: float, *, passive: bool) -> Session:
        """Record activity, unless `passive` or recorded within `touch_interval_seconds`, and return the session."""
        if passive or session.is_replaced or now < self._touched_from(session):
            return session
        touched, lives = replace(session, touched_at=now), False
        self._cache.update(touched)  # before the write, so that concurrent requests do not write too
        try:
            lives = await self._store.touch(session, now)
        finally:
            if not lives:
                self._cache.invalidate(session.key)
        return touched if lives else await self.by_key(session.key)

    def _touched_from(self, session: Session) -> float:
        """Return when activity is recorded again; epoch seconds."""
        return session.touched_at + self.lifetimes.touch_interval_seconds

    # -- cache --------------------------------------------------------------------------------------------------------

    def __contains__(self, key: str) -> bool:
        """Return whether this worker has anything of a session in its cache."""
        return key in self._cache

    def on_event(self, event: SessionEvent) -> None:
        """Invalidate the cache by an event of any worker, and remember the end of a session."""
        self._cache.on_event(event)
        match event:
            case SessionHasEnded():
                self._store.remember_end(event.key, event.reason, event.at)
            case SessionWasReplaced():
                self._store.remember_end(event.key, "replaced", event.until)

    def feed_began(self) -> None:
        """Enable the cache: from now on, this worker receives all events."""
        self._cache.feed_began()

    def feed_lost(self) -> None:
        """Clear and disable the cache: events may be lost."""
        self._cache.feed_lost()

    # -- writing ------------------------------------------------------------------------------------------------------

    async def replace_if_unchanged(self, session: Session, fence: int | None = None) -> Session:
        """Store new tokens of a session, in Redis and in the cache; see `SessionStore.replace_if_unchanged`.

        Raises:
            Conflict: Another process has written, or the session has ended.
            StoreUnavailable: Redis does not respond.
        """
        self._cache.invalidate(session.key)
        return await self._cache.load_now(session.key, lambda _: self._store.replace_if_unchanged(session, fence))

    async def end(self, key: str, reason: EndReason, *, address: str = "") -> Session | None:
        """End a session, publish this, and queue the revocation of its tokens.

        Return the last state of the session, or None if it had ended before.

        Parameters:
            address: IP address of the person who ends it, for the audit.

        Raises:
            SessionKeyMissing: This worker cannot open the session, which has not ended.
            StoreUnavailable: Redis does not respond; the session has not ended.
        """
        try:
            session = await self._store.end(key, reason)
        finally:
            self._cache.forget(key)
        if session is None:
            return None
        logger.info("session.ended", session_ref=session_ref(key), reason=reason, subject=session.subject)
        self._metrics.sessions_ended.labels(reason).inc()
        _audit_end(session, reason, address)
        await self._publish(SessionHasEnded(key, reason, self._clock.now(), session.identity))
        await self._revoke_later(session, reason)
        return session

    async def of_user(self, issuer: str, subject: str) -> list[Session]:
        """Return the sessions of a user, the latest first. The index says where to look; the records say whose they are."""
        found = await self._store.living(await self._store.keys_of_user(issuer, subject))
        sessions = [session for session in found if (session.issuer, session.subject) == (issuer, subject)]
        return sorted(sessions, key=lambda session: session.created_at, reverse=True)

    async def of_provider_session(self, issuer: str, provider_session_id: str) -> list[Session]:
        """Return the sessions that belong to one session at the provider (`sid`)."""
        found = await self._store.living(await self._store.keys_of_provider_session(issuer, provider_session_id))
        wanted = (issuer, provider_session_id)
        return [session for session in found if (session.issuer, session.provider_session_id) == wanted]

    async def of_identity(self, identity: str) -> list[Session]:
        """Return the sessions of the user with this `Session.identity`."""
        keys = await self._store.keys_of_identity(identity)
        sessions = [session for session in await self._store.living(keys) if session.identity == identity]
        if not sessions and (missing := await self._store.missing_keys_of(keys)):
            raise SessionKeyMissing(min(missing))
        return sessions

    async def missing_keys_of_user(self, issuer: str, subject: str) -> set[str]:
        """Return the IDs of the session keys that this worker lacks to open sessions of a user."""
        return await self._store.missing_keys_of(await self._store.keys_of_user(issuer, subject))

    async def missing_keys_of_provider_session(self, issuer: str, provider_session_id: str) -> set[str]:
        """Return the IDs of the session keys that this worker lacks to open sessions of one session at the provider."""
        return await self._store.missing_keys_of(await self._store.keys_of_provider_session(issuer, provider_session_id))

    async def missing_keys_below(self, prefix: str) -> set[str]:
        """Return the IDs of the session keys that this worker lacks to open sessions whose keys begin with `prefix`.

        Reads all of Redis: only for operators.
        """
        return await self._store.missing_keys_below(prefix)

    def all(self, prefix: str = "") -> AsyncIterator[Session]:
        """Yield all sessions whose keys begin with `prefix`, in no order. Reads all of Redis: only for operators."""
        return self._store.scan(prefix)

    def _count_older_version(self, key: str) -> None:
        self._metrics.record_faults.labels("session", "older_version").inc()
        logger.warning("session.older_version", session_ref=session_ref(key))

    async def _revoke_later(self, session: Session, reason: EndReason) -> None:
        """Queue the revocation of the tokens of an ended session, without waiting for the provider.

        If this node does not know the provider, another one has to revoke. That may lack the newest session key, but could read
        the session, so the revocation is encrypted with the key of the session.
        """
        if reason in NOT_REVOKED:
            return
        now = self._clock.now()
        revocation = Revocation.of(session, now + REVOCATION_TRIED_SECONDS)
        key_id = b"" if self.known_providers.has_that_of(session) else session.sealed_with
        try:
            await self._revocations.put(revocation, now, now + REVOKED_AFTER_SECONDS.get(reason, 0.0), key_id)
        except StoreUnavailable:  # Redis has just failed; the tokens live until they expire
            logger.warning("revocation.not_queued", session_ref=session.ref)

    async def _publish(self, event: SessionHasEnded | SessionWasReplaced) -> None:
        try:
            await self._events.publish(event)
        except StoreUnavailable:
            logger.warning("session.end_not_published", session_ref=session_ref(event.key))


def _key_of(session_id: SessionId | None) -> str:
    if session_id is None:
        raise _absent(None)
    return session_id.key


def _absent(found: Tombstone | UnopenedRecord | None) -> NotAuthenticated:
    """Return the error for a session that does not exist, has ended, or cannot be opened by this worker."""
    if isinstance(found, UnopenedRecord):
        return SessionKeyMissing(found.key_id)
    return NotAuthenticated("Log in to use this application.") if found is None else ended(found.reason)


def _audit_end(session: Session, reason: EndReason, address: str) -> None:
    audit.record("audit.session_ended", **_audit_members(session), reason=reason, by=ended_by(reason), address=address)


def _audit_members(session: Session) -> dict[str, Any]:
    """Return the members that identify a session and its user in the audit."""
    return {"subject": session.subject, "issuer": session.issuer, "session_ref": session.ref}
