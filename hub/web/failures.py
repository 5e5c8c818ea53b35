"""Log lines of failed requests, and audit events of rejected ones."""

from typing import Any

from hub.errors import HubError
from hub.session.model import SessionId, session_ref
from hub.telemetry import audit, log

logger = log.get(__name__)


def note_failure(error: HubError, *, method: str, path: str, address: str, session_id: SessionId | None) -> None:
    """Log an expected failure in one line. Record an audit event if the request was rejected."""
    level = logger.warning if error.status >= 500 else logger.info
    level("request.failed", problem=error.slug, detail=error.detail, path=path)
    if audit.is_refusal(error):
        note_refusal(error.slug, method=method, path=path, address=address, session_id=session_id)


def note_refusal(reason: str, *, method: str, path: str, address: str, session_id: SessionId | None = None) -> None:
    """Record an audit event for a request without permission (ASVS 16.3.2)."""
    audit.record(
        "audit.request_refused",
        outcome="failure",
        reason=reason,
        method=method,
        path=path,
        address=address,
        session_ref=None if session_id is None else session_ref(session_id.key),
    )


def note_crash(path: str, exc_info: Any) -> None:
    """Log an unexpected exception with its traceback."""
    logger.error("request.crashed", path=path, exc_info=exc_info)
