"""Limits how many bytes of stored responses each session of one worker has. The oldest are dropped first. Pure."""

from collections import deque


class Budget:
    """The stored responses of each session. Times are seconds of one monotonic clock."""

    def __init__(self, bytes_per_session: int, seconds: float) -> None:
        self._limit = bytes_per_session
        self._seconds = seconds
        self._stored: dict[str, deque[tuple[str, int, float]]] = {}
        self._sizes: dict[str, int] = {}

    def keep(self, session_key: str, name: str, size: int, now: float) -> list[str]:
        """Record a stored response of `size` bytes; return the names of those whose bodies must be dropped for it."""
        stored = self._stored.setdefault(session_key, deque())
        stored.append((name, size, now + self._seconds))
        self._sizes[session_key] = self._sizes.get(session_key, 0) + size
        dropped = []
        while stored and (stored[0][2] <= now or self._sizes[session_key] > self._limit):
            old, its_size, until = stored.popleft()
            self._sizes[session_key] -= its_size
            if until > now:
                dropped.append(old)
        return dropped

    def forget_old(self, now: float) -> None:
        """Remove records of responses that have expired."""
        for session_key, stored in list(self._stored.items()):
            while stored and stored[0][2] <= now:
                self._sizes[session_key] -= stored.popleft()[1]
            if not stored:
                del self._stored[session_key], self._sizes[session_key]
