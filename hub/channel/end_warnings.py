"""Warns pages before their session ends, and tells them when the end was postponed. Pure: returns the events to be sent.

The session that a channel has may be stale, because the user may be active on another tab or worker. So the store must be asked
before a warning, and again as long as the warning stands.
"""

from dataclasses import dataclass
from typing import Any, Literal

from hub.session.model import Lifetimes, Session

LONGEST_PAUSE_SECONDS = 5.0  # between two checks of a session after its warning: the longest delay of `extended`

EndKind = Literal["idle", "absolute"]


@dataclass(frozen=True, slots=True)
class SessionEndNotice:
    """An event of topic `session` for the page."""

    name: Literal["expiring", "extended"]
    data: dict[str, Any]


@dataclass(slots=True)
class _Warned:
    kind: EndKind
    next_check_at: float


class EndWarnings:
    """The sessions of one worker whose pages have been warned. `now` is epoch seconds."""

    def __init__(self, lifetimes: Lifetimes) -> None:
        self._lifetimes = lifetimes
        self._pause = min(LONGEST_PAUSE_SECONDS, lifetimes.warning_seconds / 4)
        self._warned: dict[str, _Warned] = {}

    def needs_check(self, key: str, session: Session, now: float) -> bool:
        """Return whether to load the session from the store: it is near its end by what this worker knows, or was warned."""
        warned = self._warned.get(key)
        if warned is not None:
            return now >= warned.next_check_at or not self._is_near(session, now)
        return self._is_near(session, now)

    def update(self, key: str, session: Session, now: float) -> SessionEndNotice | None:
        """Record a session as the store has it; return the event to send to its pages, None if there is nothing new."""
        warned = self._warned.get(key)
        if not self._is_near(session, now):
            if warned is None:
                return None
            del self._warned[key]
            return SessionEndNotice("extended", {"in_ms": self._in_ms(session, now)})
        kind = self._kind(session)
        self._warned[key] = _Warned(kind, now + self._pause)
        if warned is not None and warned.kind == kind:
            return None
        return SessionEndNotice("expiring", {"in_ms": self._in_ms(session, now), "kind": kind})

    def forget(self, key: str) -> None:
        """Remove a session that has no channel on this worker any more."""
        self._warned.pop(key, None)

    def _is_near(self, session: Session, now: float) -> bool:
        warned_at = self._lifetimes.warned_at(session)
        return warned_at is not None and now >= warned_at

    def _kind(self, session: Session) -> EndKind:
        return "idle" if self._lifetimes.idle_end(session) < self._lifetimes.absolute_end(session) else "absolute"

    def _in_ms(self, session: Session, now: float) -> int:
        return max(round((self._lifetimes.end(session) - now) * 1000), 0)
