"""The session cache of a worker: requests of the same session within a second need no access to Redis.

Session events invalidate entries at once. While the worker receives no events, nothing is cached. An entry expires
`TTL_SECONDS` after the load from Redis began, so that a lost event has no effect beyond this time. Only sessions are cached,
under their own keys: no tombstones, no missing records, and no replaced keys.

What Redis confirmed last is kept longer, for outages of Redis (`hub.session.session_lookup`), until an event says that it
has ended.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from hub.primitives.clock import Clock
from hub.primitives.single_flight import SingleFlight
from hub.primitives.ttl_cache import BoundedTtlCache
from hub.session.events import SessionEvent, SessionHasEnded, SessionWasRefreshed, SessionWasReplaced
from hub.session.model import Session, Tombstone, UnopenedRecord

TTL_SECONDS = 1.0  # a logout takes effect everywhere within a second, even if its event is lost
MAX_SESSIONS = 10_000  # more than a worker serves in a second; one takes 2 to 5 KiB, mostly tokens

Record = Session | Tombstone | UnopenedRecord | None
Result = TypeVar("Result", bound=Record)
Load = Callable[[str], Awaitable[Result]]


def _nothing(key: str) -> None:
    """Ignore an older version."""


@dataclass(slots=True, eq=False)
class _CachedSession:
    """A cache entry. A load that finishes after its entry was invalidated is not stored.

    Attributes:
        loaded_at: When the load from Redis began; monotonic seconds.
        session: The session; None until the load has finished.
    """

    loaded_at: float
    session: Session | None = None

    def store(self, session: Session, loaded_at: float) -> None:
        """Store the result of a load that began at `loaded_at` (monotonic seconds), unless the entry has a later version."""
        cached = self.session
        if cached is not None and cached.version > session.version:
            return
        if cached is not None and cached.touched_at > session.touched_at:
            session = replace(session, touched_at=cached.touched_at)
        self.session, self.loaded_at = session, max(self.loaded_at, loaded_at)


class SessionCache:
    """Caches the sessions of one worker. Disabled until `feed_began`."""

    def __init__(self, clock: Clock, on_older_version: Callable[[str], None] = _nothing) -> None:
        """Parameters:
        on_older_version: Called with the key of a session that went back to an older version, which Redis does only if it has
            lost writes, or if somebody has put an older record back.
        """
        self._on_older_version = on_older_version
        self._clock = clock
        self._entries: OrderedDict[str, _CachedSession] = OrderedDict()
        self._loads: SingleFlight[_CachedSession, Record] = SingleFlight("session load")
        self._is_listening = False
        self._confirmed: BoundedTtlCache[str, tuple[Session, float]] = BoundedTtlCache(MAX_SESSIONS)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        """Return whether anything of a session is cached, also for outages only."""
        return key in self._entries or key in self._confirmed

    def get(self, key: str) -> Session | None:
        """Return the cached session, or None. The caller checks whether the session has ended."""
        entry = self._entries.get(key)
        if entry is None or self._is_over(entry, self._clock.monotonic()):
            return None
        return entry.session

    async def find(self, key: str, load: Load[Record]) -> Record:
        """Return the result of `load`; concurrent calls for the same session share one load (single-flight)."""
        entry = self._begin(key)
        joins = entry in self._loads
        found = await self._loads.do_inline(entry, lambda: self._load(key, entry, load))
        return self.get(key) or found if joins else found  # another caller may have recorded activity since

    async def load_now(self, key: str, load: Load[Result]) -> Result:
        """Run `load`, which may also write, and return its result. Never shares a load that began before."""
        return await self._load(key, self._begin(key), load)

    def update(self, session: Session) -> None:
        """Replace a cached session by one with the same version, after activity was recorded."""
        entry = self._entries.get(session.key)
        if entry is not None and entry.session is not None and entry.session.version == session.version:
            entry.session = session

    def last_confirmed(self, key: str, within_seconds: float) -> Session | None:
        """Return the session if Redis confirmed it within the last `within_seconds`; else None."""
        session, confirmed_at = self._confirmed.get(key) or (None, 0.0)
        return session if self._clock.monotonic() - confirmed_at <= within_seconds else None

    def invalidate(self, key: str) -> None:
        """Remove an entry, and do not store the result of a running load."""
        self._entries.pop(key, None)

    def forget(self, key: str) -> None:
        """Invalidate an entry of a session that has ended or moved: it is not trusted during an outage either."""
        self.invalidate(key)
        self._confirmed.discard(key)

    def on_event(self, event: SessionEvent) -> None:
        """Invalidate an entry by a session event. Events about this worker's own writes change nothing."""
        match event:
            case SessionWasRefreshed(key=key, version=version):
                if not self._has_version(key, version):
                    self.invalidate(key)
            case SessionHasEnded(key=key) | SessionWasReplaced(key=key):
                self.forget(key)

    def feed_began(self) -> None:
        """Enable the cache: from now on, all events are received."""
        self._entries.clear()
        self._is_listening = True

    def feed_lost(self) -> None:
        """Clear and disable the cache: events may be lost."""
        self._entries.clear()
        self._is_listening = False

    def _has_version(self, key: str, version: int) -> bool:
        entry = self._entries.get(key)
        return entry is not None and entry.session is not None and 0 < version <= entry.session.version

    async def _load(self, key: str, entry: _CachedSession, load: Load[Result]) -> Result:
        loaded_at = self._clock.monotonic()
        found = await load(key)
        is_current = self._entries.get(key) is entry
        if is_current or not self._is_listening:
            self._confirm(key, found, loaded_at)
        if is_current:
            self._store(key, entry, found, loaded_at)
        return found

    def _confirm(self, key: str, found: Record, loaded_at: float) -> None:
        former, confirmed_at = self._confirmed.get(key) or (None, 0.0)
        self._confirmed.discard(key)
        if isinstance(found, Session) and found.key == key:
            if former is not None and found.version < former.version and loaded_at > confirmed_at:
                self._on_older_version(key)
            self._confirmed.put(key, (found, loaded_at))

    def _store(self, key: str, entry: _CachedSession, found: Record, loaded_at: float) -> None:
        if not isinstance(found, Session) or found.key != key:
            self.invalidate(key)
            return
        entry.store(found, loaded_at)
        self._entries.move_to_end(key)

    def _begin(self, key: str) -> _CachedSession:
        """Return the entry for a load that begins now."""
        now = self._clock.monotonic()
        entry = self._entries.get(key)
        if entry is None or self._is_over(entry, now):
            self.invalidate(key)
            entry = _CachedSession(now)
            if self._is_listening:
                self._entries[key] = entry
                self._evict(now)
        return entry

    def _evict(self, now: float) -> None:
        """Remove expired entries, and the oldest beyond `MAX_SESSIONS`."""
        while len(self._entries) > MAX_SESSIONS or self._is_over(next(iter(self._entries.values())), now):
            self._entries.popitem(last=False)

    @staticmethod
    def _is_over(entry: _CachedSession, now: float) -> bool:
        return now - entry.loaded_at >= TTL_SECONDS
