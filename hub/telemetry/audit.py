"""Who did what: one line for each security event, apart from the log of how the hub is doing (OWASP ASVS 5.0, 16.3).

Recorded whatever `log.level` is. Sessions are named by `session_ref`, users by issuer and subject. What a client could have
written is escaped and masked like everything in the log, so that nobody can forge a line (ASVS 16.4.1).
"""

from typing import Any, Literal

import structlog

from hub.errors import HubError, IdentityChanged, RequestRefused, StepUpRequired, TokenNotIssued
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
"""The family. docs/operating.md says what each means."""

Outcome = Literal["success", "failure"]

REFUSALS = (RequestRefused, StepUpRequired, TokenNotIssued, IdentityChanged)


def record(event: Event, *, outcome: Outcome = "success", **facts: Any) -> None:
    """Write one event. What is not known, None or empty, is left out.

    Parameters:
        facts: `subject` and `issuer` of the user, `session_ref`, `address` from which it was done, `by` whom, `reason`, ...
    """
    logger.info(event, outcome=outcome, **{name: fact for name, fact in facts.items() if fact not in (None, "")})


def is_refusal(error: HubError) -> bool:
    """Tell whether somebody asked for what they may not have, or not yet: each door records that (ASVS 16.3.2)."""
    return isinstance(error, REFUSALS)
