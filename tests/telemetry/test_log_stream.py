"""Records and finished lines on one stream."""

import io
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.telemetry.log_stream import ATOMIC_BYTES, LogStream, direct_stream
from tests.parties.hub import PROJECT

ENDING = """
import sys
from hub.telemetry import log
log.configure("INFO", "console", open(sys.argv[1], "w"))
import logging
logging.getLogger().handlers[0].add_line("kept\\n")
{end}
"""


class Pieces(io.StringIO):
    """A stream that remembers how it was written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        """Note a write."""
        self.writes.append(text)
        return super().write(text)


class Full(io.StringIO):
    """A stream that takes nothing."""

    def write(self, text: str) -> int:
        """Fail as a full disk does."""
        raise OSError(28, "No space left on device")


def record(text: str) -> logging.LogRecord:
    """Return a log record."""
    return logging.LogRecord("x", logging.INFO, "", 0, text, (), None)


class TestLogStream:
    def test_lines_wait_and_leave_together(self) -> None:
        """One write for all of them; the first one says that a flush has to come."""
        pieces = Pieces()
        stream = LogStream(pieces, "json")

        assert [stream.add_line("a\n"), stream.add_line("b\n")] == [True, False]
        assert pieces.writes == []
        stream.flush()
        assert pieces.writes == ["a\nb\n"]
        assert stream.add_line("c\n")

    @given(st.lists(st.sampled_from(["line", "record", "flush"])))
    def test_everything_is_written_in_its_order(self, steps: list[str]) -> None:
        """No line is lost, and none passes a record."""
        text = io.StringIO()
        stream = LogStream(text, "console")
        for number, step in enumerate(steps):
            if step == "line":
                stream.add_line(f"{number}\n")
            elif step == "record":
                stream.handle(record(str(number)))
            else:
                stream.flush()
        stream.flush()

        assert text.getvalue().split() == [str(number) for number, step in enumerate(steps) if step != "flush"]

    def test_what_grows_is_written(self) -> None:
        """Workers that share a pipe cannot cut each other's lines: no write is longer than what goes through in one piece."""
        pieces = Pieces()
        stream = LogStream(pieces, "console")
        for _ in range(100):
            stream.add_line("x" * 99 + "\n")
        stream.flush()

        assert "".join(pieces.writes) == ("x" * 99 + "\n") * 100
        assert [len(text) for text in pieces.writes if len(text) > ATOMIC_BYTES] == []
        assert len(pieces.writes) == 3

    def test_a_full_disk_ends_no_request(self) -> None:
        """Where nothing can be written, there is nobody to tell."""
        stream = LogStream(Full(), "console")
        stream.add_line("a\n")
        stream.flush()

        assert stream.add_line("b\n")

    @pytest.mark.parametrize(("end", "status"), [("", 0), ("sys.exit(3)", 3), ("raise KeyError", 1)])
    def test_nothing_is_lost_at_the_end(self, tmp_path: Path, end: str, status: int) -> None:
        """However the process ends, if the interpreter can still say good-bye."""
        file = tmp_path / "log"
        done = subprocess.run(
            [sys.executable, "-c", ENDING.format(end=end), str(file)], cwd=PROJECT, check=False, capture_output=True
        )

        assert (done.returncode, file.read_text()) == (status, "kept\n")


def another_handler(logger: logging.Logger, root: logging.Logger) -> None:
    """Put a second handler beside the stream."""
    root.handlers.append(logging.NullHandler())


def own_handler(logger: logging.Logger, root: logging.Logger) -> None:
    """Give the logger a handler of its own."""
    logger.addHandler(logging.NullHandler())


def no_propagation(logger: logging.Logger, root: logging.Logger) -> None:
    """Cut the logger off."""
    logger.propagate = False


def logger_filter(logger: logging.Logger, root: logging.Logger) -> None:
    """Put a filter before the logger."""
    logger.addFilter(lambda record: True)


def stream_filter(logger: logging.Logger, root: logging.Logger) -> None:
    """Put a filter before the stream."""
    root.handlers[0].addFilter(lambda record: True)


def stream_level(logger: logging.Logger, root: logging.Logger) -> None:
    """Let the stream take errors only."""
    root.handlers[0].setLevel(logging.ERROR)


def plain_handler(logger: logging.Logger, root: logging.Logger) -> None:
    """Put another handler in the place of the stream."""
    root.handlers = [logging.StreamHandler(io.StringIO())]


class TestDirectStream:
    def tree(self) -> tuple[logging.Logger, logging.Logger, LogStream]:
        """Return a logger, its root, and the stream of that."""
        root, parent, logger = logging.RootLogger(logging.INFO), logging.Logger("a"), logging.Logger("a.b")
        logger.parent, parent.parent = parent, root
        stream = LogStream(io.StringIO(), "console")
        root.addHandler(stream)
        return logger, root, stream

    def test_the_stream_of_the_root(self) -> None:
        """As `log.configure` leaves it."""
        logger, _, stream = self.tree()

        assert direct_stream(logger) is stream

    @pytest.mark.parametrize(
        "change",
        [another_handler, own_handler, no_propagation, logger_filter, stream_filter, stream_level, plain_handler],
    )
    @pytest.mark.parametrize("is_parent", [False, True])
    def test_whoever_has_changed_logging_gets_records(
        self, change: Callable[[logging.Logger, logging.Logger], None], is_parent: bool
    ) -> None:
        """Lines would pass by handlers and filters that somebody has added, here or further up."""
        logger, root, _ = self.tree()
        changed = logger.parent if is_parent else logger
        assert changed is not None
        change(changed, root)

        assert direct_stream(logger) is None
