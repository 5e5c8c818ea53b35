"""A cache with a largest number of entries and a time to live."""

import math
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from hub.primitives.clock import Clock

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BoundedTtlCache(Generic[Key, Value]):
    """A cache that evicts the entries that were put first.

    Three caches of the hub do not use it. `hub.primitives.bounded_cache` is read many times per request, so a read must cost no
    more than one of a `dict`. In `hub.session.session_cache`, the time to live counts from the beginning of a load, and events
    decide whether its result is stored. Token buckets are evicted when they are full, at any age.
    """

    def __init__(self, max_entries: int, *, clock: Clock | None = None, ttl_seconds: float = math.inf) -> None:
        """Parameters:
        ttl_seconds: Time from `put` until an entry expires; requires a clock.
        """
        self._max_entries = max_entries
        self._clock = clock
        self._ttl_seconds = ttl_seconds
        self._entries: OrderedDict[Key, tuple[Value, float]] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of entries, including those that have expired and were not evicted yet."""
        return len(self._entries)

    def __iter__(self) -> Iterator[Key]:
        """Iterate over the keys, the oldest first. Entries may be removed during the iteration."""
        now = self._now()
        return iter([key for key, (_, expires_at) in self._entries.items() if now < expires_at])

    def __contains__(self, key: Key) -> bool:
        entry = self._entries.get(key)
        return entry is not None and self._now() < entry[1]

    def get(self, key: Key) -> Value | None:
        """Return the value of an entry, or None if there is none or it has expired."""
        entry = self._entries.get(key)
        return None if entry is None or self._now() >= entry[1] else entry[0]

    def put(self, key: Key, value: Value) -> None:
        """Store an entry; it replaces one with the same key. Evict expired entries, and the oldest if there are too many."""
        now = self._now()
        self._entries[key] = value, now + self._ttl_seconds
        self._entries.move_to_end(key)
        while len(self._entries) > self._max_entries or next(iter(self._entries.values()))[1] <= now:
            self._entries.popitem(last=False)

    def discard(self, key: Key) -> None:
        """Remove an entry, if there is one."""
        self._entries.pop(key, None)

    def _now(self) -> float:
        return 0.0 if self._clock is None else self._clock.monotonic()
