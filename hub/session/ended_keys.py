"""The sessions that have ended, as far as this worker knows: a record that somebody puts back into Redis serves nobody."""

from hub.primitives.clock import Clock
from hub.primitives.ttl_cache import BoundedTtlCache
from hub.session.model import Tombstone

MAX_KEYS = 50_000  # of one worker, the latest; about 16 MB
KEY_CHARACTERS = 32  # 128 bits of the key: enough to tell sessions apart


class EndedKeys:
    """Remembers ended sessions until the time at which each of them would have reached its absolute timeout.

    A worker that starts later knows nothing of them. It serves such a session until its access token expires at most, because
    the refresh token was revoked.
    """

    def __init__(self, clock: Clock, absolute_seconds: float) -> None:
        self._ends: BoundedTtlCache[str, Tombstone] = BoundedTtlCache(MAX_KEYS, clock=clock, ttl_seconds=absolute_seconds)

    def __len__(self) -> int:
        return len(self._ends)

    def add(self, key: str, tombstone: Tombstone) -> None:
        """Remember the end of a session."""
        self._ends.put(key[:KEY_CHARACTERS], tombstone)

    def get(self, key: str) -> Tombstone | None:
        """Return the end of a session; None if this worker knows of none."""
        return self._ends.get(key[:KEY_CHARACTERS])
