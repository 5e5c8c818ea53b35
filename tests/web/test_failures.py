"""What is written down about requests that failed."""

import logging
from typing import Any

import pytest

from hub.errors import BodyTooLarge, HubError, IdentityChanged, NotFound, RequestRefused, StoreUnavailable
from hub.session.model import SessionId, session_ref
from hub.web.failures import note_crash, note_failure
from tests.parties.audit import Audit

WHERE: dict[str, Any] = {"method": "POST", "path": "/api/x", "address": "192.0.2.1"}


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[int, dict[str, Any]]]:
    """Return what stands in the log, without the audit: level, and what is not the same in all lines."""
    kept = ("event", "problem", "detail", "path")
    return [
        (record.levelno, {key: record.msg[key] for key in kept if key in record.msg})  # type: ignore[index, operator]
        for record in caplog.records
        if record.name == "hub.web.failures"
    ]


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("error", "level"),
    [
        (NotFound("No such thing."), logging.INFO),
        (BodyTooLarge("At most 5."), logging.INFO),
        (StoreUnavailable("Redis."), logging.WARNING),
        (HubError("Anything."), logging.WARNING),
    ],
    ids=repr,
)
def test_one_line(caplog: pytest.LogCaptureFixture, error: HubError, level: int) -> None:
    """What the client has done is news, what the hub or those behind it have done is a warning; neither is a refusal."""
    note_failure(error, **WHERE, session_id=None)

    expected = {"event": "request.failed", "problem": error.slug, "detail": error.detail, "path": "/api/x"}
    assert lines(caplog) == [(level, expected)]
    assert Audit(caplog).take() == []


@pytest.mark.parametrize("error", [RequestRefused("Not our page."), IdentityChanged()], ids=repr)
@pytest.mark.parametrize("has_session", [True, False])
def test_refusals_are_audited(caplog: pytest.LogCaptureFixture, error: HubError, has_session: bool) -> None:
    """ASVS 16.3.2: who asked for what they may not have, in whose session, without the id itself."""
    session_id = SessionId.generate() if has_session else None
    note_failure(error, **WHERE, session_id=session_id)

    who = {} if session_id is None else {"session_ref": session_ref(session_id.key)}
    expected = {"event": "audit.request_refused", "outcome": "failure", "reason": error.slug, **WHERE, **who}
    assert Audit(caplog).take() == [expected]
    assert session_id is None or session_id.reveal() not in caplog.text


@pytest.mark.expects_log
def test_crashes_have_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    """What nobody foresaw is an error, with the place where it happened."""
    error = RuntimeError("defect")
    note_crash("/api/x", (RuntimeError, error, None))

    assert lines(caplog) == [(logging.ERROR, {"event": "request.crashed", "path": "/api/x"})]
    assert "RuntimeError: defect" in caplog.text
