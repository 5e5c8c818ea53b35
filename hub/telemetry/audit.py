"""The audit log: one line for each security event, separate from the operational log (OWASP ASVS 5.0, 16.3).

Audit events are recorded at any `log.level`. They name sessions by `session_ref`, and users by issuer and subject. Input of
clients is escaped and masked as in the rest of the log, so that it cannot forge a line (ASVS 16.4.1).
"""

from typing import Any, Literal

import structlog

from hub.errors import (
    HubError,
    IdentityChanged,
    MisdirectedRequest,
    ProviderNotAllowed,
    RequestRefused,
    StepUpRequired,
    TokenNotIssued,
)
from hub.telemetry import log

logger: structlog.stdlib.BoundLogger = log.audit_logger()

Event = Literal[
    "audit.login_succeeded",
    "audit.login_failed",
    "audit.session_ended",
    "audit.logout_refused",
    "audit.request_refused",
    "audit.operator_listed",
    "audit.operator_ended",
    "audit.operator_refused",
    "audit.publisher_refused",
]
"""The audit events; docs/operating.md describes them."""

Outcome = Literal["success", "failure"]

REFUSALS = (RequestRefused, StepUpRequired, ProviderNotAllowed, TokenNotIssued, IdentityChanged, MisdirectedRequest)


def record(event: Event, *, outcome: Outcome = "success", **facts: Any) -> None:
    """Write one audit event. Facts that are None or empty are omitted.

    Parameters:
        facts: `subject` and `issuer` of the user, `session_ref`, `address` of the client, `by` (the operator), `reason`, ...
    """
    logger.info(event, outcome=outcome, **{name: fact for name, fact in facts.items() if fact not in (None, "")})


def is_refusal(error: HubError) -> bool:
    """Return whether the error is a failed authorization, which must be recorded (ASVS 16.3.2)."""
    return isinstance(error, REFUSALS)
