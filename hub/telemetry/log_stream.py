"""Where the log goes: records one by one, and finished lines many at once, all in their order. Knows no format."""

import contextlib
import logging
from typing import TextIO

ATOMIC_BYTES = 4096  # what Linux writes to a pipe in one piece (PIPE_BUF): workers that share it do not cut each other's lines


class LogStream(logging.StreamHandler[TextIO]):
    """The handler of all records, which takes finished lines too.

    Attributes:
        output_format: `console` or `json`: how a finished line has to look, to be like the others.
    """

    def __init__(self, stream: TextIO, output_format: str) -> None:
        super().__init__(stream)
        self.output_format = output_format
        self._lines: list[str] = []
        self._size = 0

    def take(self, line: str) -> bool:
        """Keep a line of ASCII until the next record, or `flush`; return whether it is the first: then `flush` has to come soon.

        At the end of the process the standard library flushes.
        """
        self.acquire()
        try:
            if self._size + len(line) > ATOMIC_BYTES:
                self._write_lines()
            self._lines.append(line)
            self._size += len(line)
            return len(self._lines) == 1
        finally:
            self.release()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, behind the lines that came before it."""
        self._write_lines()
        super().emit(record)

    def flush(self) -> None:
        """Write the lines that were kept."""
        self.acquire()
        try:
            self._write_lines()
            with contextlib.suppress(OSError, ValueError):
                super().flush()
        finally:
            self.release()

    def _write_lines(self) -> None:
        if self._lines:
            text = "".join(self._lines)
            self._lines, self._size = [], 0
            with contextlib.suppress(OSError, ValueError):  # full, or closed: there is nobody to tell
                self.stream.write(text)


def direct_stream(logger: logging.Logger) -> LogStream | None:
    """Return the stream if that is where the records of `logger` go, and nowhere else; None if somebody has put a handler or a
    filter of their own in between.
    """
    while logger.parent is not None:
        if logger.handlers or logger.filters or not logger.propagate:
            return None
        logger = logger.parent
    match logger.handlers:
        case [LogStream(filters=[], level=logging.NOTSET) as stream]:
            return stream
    return None
