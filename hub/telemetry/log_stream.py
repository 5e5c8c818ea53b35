"""The output stream of the log: writes records one by one and finished lines in batches, all in order."""

import contextlib
import logging
from typing import TextIO

ATOMIC_BYTES = 4096  # PIPE_BUF: Linux writes so many bytes to a pipe atomically, so that workers do not split each other's lines


class LogStream(logging.StreamHandler[TextIO]):
    """The handler of all log records, which also accepts finished lines.

    Attributes:
        output_format: `console` or `json`: the format of finished lines.
    """

    def __init__(self, stream: TextIO, output_format: str) -> None:
        super().__init__(stream)
        self.output_format = output_format
        self._lines: list[str] = []
        self._size = 0

    def add_line(self, line: str) -> bool:
        """Buffer an ASCII line until the next record or `flush`; return whether it is the first. Then call `flush` soon.

        At the end of the process, the standard library calls `flush`.
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
        """Write a record after the buffered lines."""
        self._write_lines()
        super().emit(record)

    def flush(self) -> None:
        """Write the buffered lines."""
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
            with contextlib.suppress(OSError, ValueError):  # full or closed: the error cannot be logged
                self.stream.write(text)


def direct_stream(logger: logging.Logger) -> LogStream | None:
    """Return the `LogStream` if it is the only destination of `logger`; None if there are other handlers or filters."""
    while logger.parent is not None:
        if logger.handlers or logger.filters or not logger.propagate:
            return None
        logger = logger.parent
    match logger.handlers:
        case [LogStream(filters=[], level=logging.NOTSET) as stream]:
            return stream
    return None
