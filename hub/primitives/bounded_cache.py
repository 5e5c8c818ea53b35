"""A bounded cache for a pure function of short strings that repeat, such as header names."""

from collections.abc import Callable
from typing import Generic, TypeVar

MAX_ENTRIES = 1024
MAX_KEY_LENGTH = 1024  # characters; with `MAX_ENTRIES` entries the keys take a megabyte

Value = TypeVar("Value")


class BoundedCache(dict[str, Value], Generic[Value]):
    """`cache[key]` is the cached result of the function for `key`.

    A full cache is cleared, and long keys are not cached, so that clients cannot fill the memory.
    """

    def __init__(self, function: Callable[[str], Value], max_entries: int = MAX_ENTRIES) -> None:
        super().__init__()
        self._function = function
        self._max_entries = max_entries

    def __missing__(self, key: str) -> Value:
        value = self._function(key)
        if len(key) <= MAX_KEY_LENGTH:
            if len(self) >= self._max_entries:
                self.clear()
            self[key] = value
        return value
