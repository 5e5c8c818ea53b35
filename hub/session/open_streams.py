"""The open streams of sessions on one worker besides channels: requests with their responses, and passed-through WebSockets.

All of it ends with its session, whoever ends that, within a second. Channels have a registry of their own
(`hub.channel.registry`), because they are also told what becomes of their session.
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from hub.errors import NotAuthenticated, SessionEnded, StoreUnavailable
from hub.primitives.clock import Clock
from hub.primitives.tasks import OwnedTasks
from hub.session.ends import ended
from hub.session.model import EndReason, Session, SessionInGrace
from hub.session.sessions import Sessions
from hub.telemetry.metrics import Metrics

CHECK_SECONDS = 1.0
ENDED_TTL_SECONDS = 30.0  # longer than any call of the store: a request that loaded its session before the end is rejected
CONCURRENT_CHECKS = 16  # largest number of concurrent calls of the store


class SessionStream(Protocol):
    """Something that ends with its session."""

    def end_session(self, error: NotAuthenticated) -> None:
        """End, because the session has ended. Called once; `error` says why."""


@dataclass(slots=True)
class _SessionEntry:
    """A session and what it has open. `session` is its most recent copy."""

    session: Session
    streams: set[SessionStream]


class OpenStreams:
    """The streams of all sessions on one worker."""

    def __init__(self, sessions: Sessions, clock: Clock, metrics: Metrics) -> None:
        self._sessions = sessions
        self._clock = clock
        self._metrics = metrics
        self._entries: dict[str, _SessionEntry] = {}
        self._ended: dict[str, tuple[float, NotAuthenticated]] = {}
        self._replaced_until: dict[str, float] = {}
        self._checking: set[str] = set()
        self._limit = asyncio.Semaphore(CONCURRENT_CHECKS)
        self._tasks = OwnedTasks("open streams")

    def __len__(self) -> int:
        return sum(len(entry.streams) for entry in self._entries.values())

    def __contains__(self, session_key: str) -> bool:
        """Return whether this worker has streams of a session."""
        return session_key in self._entries

    def add(self, session: Session, stream: SessionStream) -> None:
        """Add a stream. Each request comes here, so it costs little more than an entry in a set.

        Raises:
            NotAuthenticated: The session ended while its request was admitted.
        """
        key = session.key
        if self._ended and (found := self._ended.get(key)) is not None:
            raise found[1]
        entry = self._entries.get(key)
        if entry is None:
            self._entries[key] = _SessionEntry(session, {stream})
        else:
            entry.session = session
            entry.streams.add(stream)
        if isinstance(session, SessionInGrace):
            self._tasks.start(self._end_with_grace(session, stream))

    def discard(self, session_key: str, stream: SessionStream) -> None:
        """Remove a stream that has ended."""
        entry = self._entries.get(session_key)
        if entry is not None:
            entry.streams.discard(stream)
            if not entry.streams:
                del self._entries[session_key]

    def end_session(self, session_key: str, reason: EndReason, ended_at: float) -> None:
        """End all streams of a session that ended at `ended_at` (epoch seconds)."""
        self._end(session_key, ended(reason), ended_at)

    def replace_session(self, session_key: str, until: float) -> None:
        """End the streams of a session at `until` (epoch seconds), because its user has logged in again."""
        if session_key in self._entries:
            self._replaced_until[session_key] = until

    async def watch(self) -> None:
        """Check every second which sessions have ended by their timeouts or by a new login, until cancelled."""
        while True:
            await self._clock.sleep(CHECK_SECONDS)
            self._check()

    async def recheck_all(self) -> None:
        """Load all sessions from the store, because their end may have been missed."""
        await asyncio.gather(*(self.recheck(key) for key in list(self._entries)))

    async def recheck(self, key: str) -> None:
        """Load a session from the store: another worker may have seen activity. Without the store, the next check tries again."""
        entry = self._entries.get(key)
        if entry is None or key in self._checking:
            return
        self._checking.add(key)
        try:
            async with self._limit:
                entry.session = await self._sessions.by_key(key)
        except StoreUnavailable:
            return
        except NotAuthenticated as error:
            self._end(key, error, min(self._sessions.lifetimes.end(entry.session), self._clock.now()))
        finally:
            self._checking.discard(key)

    async def close(self) -> None:
        """Stop the checks under way."""
        await self._tasks.close()

    async def _end_with_grace(self, session: SessionInGrace, stream: SessionStream) -> None:
        """End a stream that an old session ID has opened, with the grace of that ID, and not with the new session."""
        await self._clock.sleep(session.until - self._clock.now())
        entry = self._entries.get(session.key)
        if entry is not None and stream in entry.streams:
            self.discard(session.key, stream)
            stream.end_session(ended("replaced"))

    def _check(self) -> None:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        for key in [key for key, (at, _) in self._ended.items() if monotonic - at > ENDED_TTL_SECONDS]:
            del self._ended[key]
        for key in [key for key, until in self._replaced_until.items() if until <= now]:
            self.end_session(key, "replaced", self._replaced_until.pop(key))
        for key, entry in self._entries.items():
            if self._sessions.lifetimes.end(entry.session) <= now and key not in self._checking:
                self._tasks.start(self.recheck(key))

    def _end(self, session_key: str, error: NotAuthenticated, ended_at: float) -> None:
        self._ended[session_key] = self._clock.monotonic(), error
        self._replaced_until.pop(session_key, None)
        entry = self._entries.pop(session_key, None)
        for stream in () if entry is None else tuple(entry.streams):
            stream.end_session(error)
            self._metrics.kill_seconds.observe(max(self._clock.now() - ended_at, 0.0))


def end_reason_of(error: NotAuthenticated) -> str:
    """Return why a session has ended; `unknown` if the store no longer knows."""
    return str(error.extensions.get("reason", "unknown")) if isinstance(error, SessionEnded) else "unknown"
