"""What is written down about a request that failed."""

import logging
import sys

import pytest

from hub.errors import HubError, NotFound, ResourceServerTimeout, TokenNotIssued
from hub.session.model import SessionId, session_ref
from hub.web.failures import note_crash, note_failure, note_refusal
from tests.parties.audit import Audit

WHERE = {"method": "GET", "path": "/api/x", "address": "10.0.0.1"}


def failed(caplog: pytest.LogCaptureFixture) -> list[tuple[int, dict[str, object]]]:
    """Return level and content of what the log says of failures."""
    records = [record for record in caplog.records if record.name == "hub.web.failures"]
    return [(record.levelno, dict(record.msg)) for record in records]  # type: ignore[call-overload]


@pytest.mark.expects_log
@pytest.mark.parametrize(("error", "level"), [(NotFound("no such"), logging.INFO), (ResourceServerTimeout(), logging.WARNING)])
def test_one_line(caplog: pytest.LogCaptureFixture, error: HubError, level: int) -> None:
    """Expected failures are one line; those that are not the browser's are warnings. Neither is an audit event."""
    note_failure(error, **WHERE, session_id=None)
    ((found, line),) = failed(caplog)

    assert (found, line["event"], line["problem"], line["detail"], line["path"]) == (
        level,
        "request.failed",
        error.slug,
        error.detail,
        "/api/x",
    )
    assert Audit(caplog).take() == []


def test_refusal(caplog: pytest.LogCaptureFixture) -> None:
    """Who asks for what is not theirs is in the audit, with what is known, and never with the session id itself."""
    session_id = SessionId.generate()
    note_failure(TokenNotIssued("none"), **WHERE, session_id=session_id)
    note_refusal("origin", **WHERE)
    first, second = Audit(caplog).take()

    refused = {"event": "audit.request_refused", "outcome": "failure", **WHERE}
    assert first == {**refused, "reason": TokenNotIssued.slug, "session_ref": session_ref(session_id.key)}
    assert second == {**refused, "reason": "origin"}


@pytest.mark.expects_log
def test_crash(caplog: pytest.LogCaptureFixture) -> None:
    """What nobody foresaw has its trace."""
    try:
        raise LookupError("defect")
    except LookupError:
        note_crash("/api/x", sys.exc_info())
    ((level, line),) = failed(caplog)

    assert (level, line["event"], line["path"]) == (logging.ERROR, "request.crashed", "/api/x")
    assert "LookupError: defect" in str(line["exception"])
