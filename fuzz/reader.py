"""Reads decisions from the fuzzer's bytes; when there are none left, every decision is zero."""


class Reader:
    """A position in the input."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_empty(self) -> bool:
        """Whether all of the input was read."""
        return self._at >= len(self._data)

    def byte(self) -> int:
        """Return the next byte."""
        return self.take(1)[0] if not self.is_empty else 0

    def take(self, size: int) -> bytes:
        """Return the next bytes, at most `size`."""
        taken = self._data[self._at : self._at + size]
        self._at += size
        return taken
