"""Which sessions are near their end, and what their pages know about it. Pure: returns what is to be told, and tells nobody.

What a channel knows of its session may be old, since another tab or worker may have been active: before anybody is warned, and
while the warning stands, the store is to be asked.
"""

from dataclasses import dataclass
from typing import Any, Literal

from hub.session.model import Lifetimes, Session

LONGEST_PAUSE_SECONDS = 5.0  # between two looks at a session that was warned: so late its page hears that all is well again

EndKind = Literal["idle", "absolute"]


@dataclass(frozen=True, slots=True)
class Told:
    """An event for the page."""

    name: Literal["expiring", "extended"]
    data: dict[str, Any]


@dataclass(slots=True)
class _Warned:
    kind: EndKind
    ask_at: float


class EndWarnings:
    """The warnings of one worker. `now` is epoch seconds."""

    def __init__(self, lifetimes: Lifetimes) -> None:
        self._lifetimes = lifetimes
        self._pause = min(LONGEST_PAUSE_SECONDS, lifetimes.warning_seconds / 4)
        self._warned: dict[str, _Warned] = {}

    def must_ask(self, key: str, session: Session, now: float) -> bool:
        """Tell whether the store has to say how the session stands: it is near its end, as far as this worker knows."""
        warned = self._warned.get(key)
        if warned is not None:
            return now >= warned.ask_at or not self._is_near(session, now)
        return self._is_near(session, now)

    def look(self, key: str, session: Session, now: float) -> Told | None:
        """Take note of a session as the store has it, and return what its page does not know yet."""
        warned = self._warned.get(key)
        if not self._is_near(session, now):
            if warned is None:
                return None
            del self._warned[key]
            return Told("extended", {"in_ms": self._in_ms(session, now)})
        kind = self._kind(session)
        self._warned[key] = _Warned(kind, now + self._pause)
        if warned is not None and warned.kind == kind:
            return None
        return Told("expiring", {"in_ms": self._in_ms(session, now), "kind": kind})

    def forget(self, key: str) -> None:
        """Drop what is known of a session that has no channel here any more."""
        self._warned.pop(key, None)

    def _is_near(self, session: Session, now: float) -> bool:
        warned_at = self._lifetimes.warned_at(session)
        return warned_at is not None and now >= warned_at

    def _kind(self, session: Session) -> EndKind:
        return "idle" if self._lifetimes.idle_end(session) < self._lifetimes.absolute_end(session) else "absolute"

    def _in_ms(self, session: Session, now: float) -> int:
        return max(round((self._lifetimes.end(session) - now) * 1000), 0)
