"""The audit: what happened is written down, completely, and by nobody but the hub."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.config.settings import SettingsError
from hub.primitives.secret import Secret
from hub.telemetry import audit, log

Configure = Callable[..., io.StringIO]


@pytest.fixture
def configure() -> Iterator[Configure]:
    """Configure the log; returns what is written to its stream."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()

    def change(level_name: str = "INFO", output_format: str = "json", **options: Any) -> io.StringIO:
        log.configure(level_name, output_format, stream, **options)
        return stream

    yield change
    log.configure("DEBUG", "console")
    root.handlers = handlers
    root.setLevel(level)


def records(text: str) -> list[dict[str, Any]]:
    """Return the events without their times."""
    return [{key: value for key, value in json.loads(line).items() if key != "timestamp"} for line in text.splitlines()]


@pytest.mark.parametrize("level", ["DEBUG", "WARNING", "ERROR"])
def test_level_of_the_log_does_not_matter(configure: Configure, level: str) -> None:
    """ASVS 16.3: an operator who wants a quiet log does not lose the audit."""
    stream = configure(level)
    audit.record("audit.login_succeeded", subject="alice", issuer="https://iris.example", session_ref="0123456789ab", acr="")

    expected = {"subject": "alice", "issuer": "https://iris.example", "session_ref": "0123456789ab"}
    assert records(stream.getvalue()) == [
        {"event": "audit.login_succeeded", "level": "info", "outcome": "success", **expected},
    ]


def test_file_of_its_own(configure: Configure, tmp_path: Path) -> None:
    """With log.audit_file the events stand there, as JSON whatever the log's format, for its owner only, and not in the log."""
    file = tmp_path / "audit.log"
    stream = configure("INFO", "console", audit_file=str(file))
    audit.record("audit.login_failed", outcome="failure", reason="credentials", address="192.0.2.1")
    log.get("hub.test").info("something.else")

    (record,) = records(file.read_text())
    assert (record["event"], record["outcome"], record["reason"]) == ("audit.login_failed", "failure", "credentials")
    assert file.stat().st_mode & 0o777 == 0o600
    assert "audit." not in stream.getvalue()
    assert "something.else" in stream.getvalue()


def test_file_that_was_moved_away(configure: Configure, tmp_path: Path) -> None:
    """Logrotate may move the file: the next event begins a new one, and none is lost."""
    file = tmp_path / "audit.log"
    configure(audit_file=str(file))
    audit.record("audit.operator_listed", sessions=1)
    file.rename(tmp_path / "audit.log.1")
    audit.record("audit.operator_listed", sessions=2)
    configure(audit_file=str(file))
    audit.record("audit.operator_listed", sessions=3)

    kept = [record["sessions"] for name in ("audit.log.1", "audit.log") for record in records((tmp_path / name).read_text())]
    assert kept == [1, 2, 3]


def test_file_that_cannot_be_written(configure: Configure, tmp_path: Path) -> None:
    """A hub that cannot keep its audit does not start."""
    with pytest.raises(SettingsError) as caught:
        configure(audit_file=str(tmp_path))

    assert caught.value.mistakes[0].startswith("log.audit_file: ")


@pytest.mark.parametrize("text", ['alice\n{"event":"audit.login_succeeded"}', "a\r\nb", "a\x1b[2Jb", "a\u2028b", "a\x85b"])
@pytest.mark.parametrize("output_format", ["json", "console"])
def test_nobody_forges_a_line(configure: Configure, text: str, output_format: str) -> None:
    """ASVS 16.4.1: what a client wrote cannot begin a new line or move the cursor."""
    stream = configure("INFO", output_format)
    audit.record("audit.login_failed", outcome="failure", client=text)

    assert len(stream.getvalue().splitlines()) == 1
    assert not set("\x1b\r\x85\u2028") & set(stream.getvalue())


def test_secrets_are_masked(configure: Configure) -> None:
    """A token that somebody passes by mistake is not written."""
    stream = configure()
    audit.record("audit.request_refused", outcome="failure", access_token="at-1", x=Secret("at-2"), path="/x?code=at-3")

    assert "at-" not in stream.getvalue()
