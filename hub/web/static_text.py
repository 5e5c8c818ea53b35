"""Compressed text files of the hosted application. Each version of a file is compressed once."""

import gzip
from pathlib import Path

COMPRESSIBLE = frozenset({".js", ".mjs", ".css", ".html", ".svg", ".json", ".txt", ".map", ".webmanifest"})
MAX_FILES = 256


class CompressedTexts:
    """Cache of compressed files. When it is full, further files are compressed each time."""

    def __init__(self) -> None:
        self._cached: dict[tuple[str, int, int], bytes] = {}

    def get(self, path: str) -> bytes:
        """Return a file in gzip format (RFC 1952). Blocks, so do not call it in the event loop.

        Raises:
            OSError: The file cannot be read.
        """
        status = Path(path).stat()
        version = path, status.st_mtime_ns, status.st_size
        if (cached := self._cached.get(version)) is not None:
            return cached
        text = gzip.compress(Path(path).read_bytes(), 9)
        if len(self._cached) < MAX_FILES:
            self._cached[version] = text
        return text
