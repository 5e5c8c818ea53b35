"""CSP sessions and licence units, as the Web Gateway and the licence server of IRIS keep them. Pure but for the locks.

A request without a known session opens one, which takes a licence unit. Without `use_session` it ends with the request and its
unit is held for some seconds more; with it, it lives until it is idle for too long or is ended, and its requests run one by one.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from iris_standin.options import Options

SERVER_COOKIE = "CSPWSERVERID"
UNKNOWN_USER = "UnknownUser"


class LicensesExhausted(Exception):
    """There is no licence unit left for another session."""


@dataclass(slots=True)
class CspSession:
    """One session.

    Attributes:
        user: Whose licence units it takes: `UnknownUser` takes one for each session.
        logged_in: Who was logged in to the session itself, by the reserved query parameters; empty: nobody.
        expires_at: When it ends if nobody asks for it.
        pages: Requests so far.
        turn: Held by the request that runs: those of one session run one by one.
    """

    id: str
    user: str
    logged_in: str = ""
    expires_at: float = 0.0
    pages: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class Reserved:
    """What the reserved query parameters of a request ask of the gateway; nothing of it is the application's business."""

    username: str = ""
    password: str = ""
    ends_session: bool = False
    session_id: str = ""

    @classmethod
    def of(cls, query: str) -> "Reserved":
        """Read a raw query; IRIS does not look at the case of these names."""
        named = {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}

        def value(name: str) -> str:
            return named.get(f"iris{name}", named.get(f"cache{name}", ""))

        return cls(value("username"), value("password"), value("logout") != "", named.get("cspchd", ""))


class CspGateway:
    """All sessions of one application, and the licence units that they take."""

    def __init__(self, options: Callable[[], Options], now: Callable[[], float]) -> None:
        self._options = options
        self._now = now
        self._sessions: dict[str, CspSession] = {}
        self._held: dict[str, tuple[str, float]] = {}  # of sessions that have ended: user, and until when
        self.most = 0
        self.refused = 0
        self.opened = 0

    @property
    def sessions(self) -> list[CspSession]:
        """The sessions that live."""
        self._expire()
        return list(self._sessions.values())

    def find(self, session_id: str) -> CspSession | None:
        """Return a session that lives."""
        self._expire()
        return self._sessions.get(session_id)

    def open(self, user: str) -> CspSession:
        """Return a new session.

        Raises:
            LicensesExhausted: It would take a unit more than there are.
        """
        options = self._options()
        self._expire()
        session = CspSession(secrets.token_urlsafe(24), user if options.license_per == "user" else UNKNOWN_USER)
        self._sessions[session.id] = session
        used = self.units()
        if options.licenses and used > options.licenses:
            del self._sessions[session.id]
            self.refused += 1
            raise LicensesExhausted
        self.opened += 1
        self.most = max(self.most, used)
        return session

    def touch(self, session: CspSession) -> None:
        """Count a request of the session."""
        session.pages += 1
        session.expires_at = self._now() + self._options().csp_session_seconds

    def end(self, session: CspSession, *, after_request: bool = False) -> None:
        """End a session. Its unit is held on for a while: always after a request without `use_session`, else after one page."""
        if self._sessions.pop(session.id, None) is None:
            return
        options = self._options()
        held = options.license_request_seconds if after_request else options.license_grace_seconds * (session.pages <= 1)
        if held:
            self._held[session.id] = session.user, self._now() + held

    def units(self) -> int:
        """Return how many licence units are taken.

        A user who is known by name takes one for up to `license_connections` sessions; beyond that each takes one.
        """
        self._expire()
        users = [session.user for session in self._sessions.values()] + [user for user, _ in self._held.values()]
        by_name = [users.count(user) for user in {*users} - {UNKNOWN_USER}]
        most = self._options().license_connections
        return users.count(UNKNOWN_USER) + sum(1 if count <= most else count for count in by_name)

    def as_json(self) -> dict[str, int]:
        """Return what `/__sim/licenses` tells."""
        return {
            "used": self.units(),
            "sessions": len(self.sessions),
            "most": self.most,
            "opened": self.opened,
            "refused": self.refused,
        }

    def forget(self) -> None:
        """End all sessions and free all units; count anew."""
        self._sessions.clear()
        self._held.clear()
        self.most = self.opened = self.refused = 0

    def _expire(self) -> None:
        now = self._now()
        for session in [each for each in self._sessions.values() if each.pages and each.expires_at <= now]:
            self.end(session)
        for key in [key for key, (_, until) in self._held.items() if until <= now]:
            del self._held[key]
