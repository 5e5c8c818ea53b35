"""The sessions that this worker has heard of a moment ago, so that not each request has to ask the store. Knows no Redis.

Events of `hub:events` make it forget at once, and without them it remembers nothing. If one is lost all the same, a session is
trusted for `TRUSTED_SECONDS` from the instant at which the store was asked, and not longer. Only living sessions are remembered,
under their own keys: neither that there is none, nor where a replaced id leads.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from hub.primitives.clock import Clock
from hub.session.events import SessionEvent, SessionHasEnded, SessionWasRefreshed, SessionWasReplaced
from hub.session.model import Session, Tombstone
from hub.session.shared_answer import Abandoned, SharedAnswer

TRUSTED_SECONDS = 1.0  # a logout holds everywhere within a second, whatever becomes of its event
KEPT = 10_000  # sessions within a second, more than a worker serves; one takes 2 to 5 KiB, most of it its tokens

Found = Session | Tombstone | None
Answer = TypeVar("Answer", bound=Found)
Load = Callable[[str], Awaitable[Answer]]


@dataclass(slots=True, eq=False)
class _CachedSession:
    """What is known of one session. A load keeps hold of the entry that it began with: if that was dropped, it comes too late.

    Attributes:
        asked_at: When the store was asked; monotonic seconds.
        session: What it said; None before it did.
        answer: The load under way that others may wait for.
    """

    asked_at: float
    session: Session | None = None
    answer: SharedAnswer[Found] | None = None

    def learn(self, session: Session, asked_at: float) -> None:
        """Take over what the store said to a question of `asked_at`, unless a later version is known."""
        known = self.session
        if known is not None and known.version > session.version:
            return
        if known is not None and known.touched_at > session.touched_at:
            session = replace(session, touched_at=known.touched_at)
        self.session, self.asked_at = session, max(self.asked_at, asked_at)


class KnownSessions:
    """One worker's memory of sessions. Remembers nothing until `feed_began`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, _CachedSession] = OrderedDict()
        self._is_listening = False

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> Session | None:
        """Return a session that may still be trusted, and whose time may be over all the same; None: ask."""
        entry = self._entries.get(key)
        if entry is None or self._is_over(entry, self._clock.monotonic()):
            return None
        return entry.session

    async def find(self, key: str, load: Load[Found]) -> Found:
        """Return what `load` says, or what it says to a request that asks for the same session just now."""
        while True:
            entry = self._begin(key)
            if entry.answer is None:
                return await self._ask_for_all(key, entry, load)
            try:
                found = await entry.answer.wait()
            except Abandoned:
                continue
            return self.get(key) or found  # whoever woke up before may have noted activity already

    async def ask(self, key: str, load: Load[Answer]) -> Answer:
        """Return what `load` says, which certainly begins now. It may write as well."""
        return await self._ask(key, self._begin(key), load)

    def amend(self, session: Session) -> None:
        """Take over what this worker changes about a session beside its version."""
        entry = self._entries.get(session.key)
        if entry is not None and entry.session is not None and entry.session.version == session.version:
            entry.session = session

    def forget(self, key: str) -> None:
        """Ask the next time; what is being loaded now is not remembered either."""
        self._entries.pop(key, None)

    def hear(self, event: SessionEvent) -> None:
        """Forget what an event says is over. The echo of what this worker has written itself changes nothing."""
        match event:
            case SessionWasRefreshed(key=key, version=version):
                if not self._knows(key, version):
                    self.forget(key)
            case SessionHasEnded(key=key) | SessionWasReplaced(key=key):
                self.forget(key)

    def feed_began(self) -> None:
        """Take note that from now on every event is heard."""
        self._entries.clear()
        self._is_listening = True

    def feed_lost(self) -> None:
        """Take note that events may be missed."""
        self._entries.clear()
        self._is_listening = False

    def _knows(self, key: str, version: int) -> bool:
        entry = self._entries.get(key)
        return entry is not None and entry.session is not None and 0 < version <= entry.session.version

    async def _ask_for_all(self, key: str, entry: _CachedSession, load: Load[Found]) -> Found:
        entry.answer = SharedAnswer()
        try:
            return await entry.answer.shared(self._ask(key, entry, load))
        finally:
            entry.answer = None

    async def _ask(self, key: str, entry: _CachedSession, load: Load[Answer]) -> Answer:
        asked_at = self._clock.monotonic()
        found = await load(key)
        if self._entries.get(key) is entry:
            self._learn(key, entry, found, asked_at)
        return found

    def _learn(self, key: str, entry: _CachedSession, found: Found, asked_at: float) -> None:
        if not isinstance(found, Session) or found.key != key:
            self.forget(key)
            return
        entry.learn(found, asked_at)
        self._entries.move_to_end(key)

    def _begin(self, key: str) -> _CachedSession:
        """Return the entry that a load which begins now will fill."""
        now = self._clock.monotonic()
        entry = self._entries.get(key)
        if entry is None or self._is_over(entry, now):
            self.forget(key)
            entry = _CachedSession(now)
            if self._is_listening:
                self._entries[key] = entry
                self._make_room(now)
        return entry

    def _make_room(self, now: float) -> None:
        """Drop the oldest: those that are not trusted any more, and those that are too many."""
        while len(self._entries) > KEPT or self._is_over(next(iter(self._entries.values())), now):
            self._entries.popitem(last=False)

    @staticmethod
    def _is_over(entry: _CachedSession, now: float) -> bool:
        return now - entry.asked_at >= TRUSTED_SECONDS
