"""Texts of the hosted application in the form in which they travel: compressed, each once for each version of its file."""

import gzip
from pathlib import Path

COMPRESSIBLE = frozenset({".js", ".mjs", ".css", ".html", ".svg", ".json", ".txt", ".map", ".webmanifest"})
MOST_FILES = 256


class CompressedTexts:
    """Keeps what it has compressed; files that come when there are many already are compressed each time."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int, int], bytes] = {}

    def get(self, path: str) -> bytes:
        """Return a file in gzip (RFC 1952). Reads and compresses, so not for the event loop.

        Raises:
            OSError: The file cannot be read.
        """
        status = Path(path).stat()
        version = path, status.st_mtime_ns, status.st_size
        if (kept := self._kept.get(version)) is not None:
            return kept
        text = gzip.compress(Path(path).read_bytes(), 9)
        if len(self._kept) < MOST_FILES:
            self._kept[version] = text
        return text
