"""Error documents of IRIS as RFC 9457 problems. Pure.

Only codes and ids are evaluated. Texts are in the language of the server, and may reveal internals.
"""

import re
from typing import Any

from hub.gateway.error_body import may_be_json
from hub.primitives.http import Headers

IRIS_ERROR = "urn:hub:problem:iris-error"
API_REFUSED = "urn:hub:problem:api-refused"

_NAME = re.compile(r"[%A-Za-z0-9_.-]{1,64}")
"""`id` and `domain` are names such as `GeneralException` and `%ObjectErrors`. Anything else may be text."""


def may_be_document(status: int, headers: Headers, body_bytes: int | None) -> bool:
    """Return whether only the body can show whether a response is an error document of IRIS."""
    return status >= 400 and body_bytes != 0 and may_be_json(headers, body_bytes)


def empty_refusal(status: int, body_bytes: int | None) -> dict[str, Any] | None:
    """Return the problem for a 401 with an empty body, by which IRIS rejects for any reason; None for other responses."""
    if status != 401 or body_bytes != 0:
        return None
    detail = "The API has refused the login without saying why. Logging in again may help."
    return {"type": API_REFUSED, "title": "The API refuses this login", "status": 401, "detail": detail}


def problem_of(status: int, document: Any, *, redacted: bool) -> dict[str, Any] | None:
    """Return the problem for an error document of %CSP.REST or of a service of IRIS; None if the JSON value is neither.

    Parameters:
        redacted: Leave out texts and parameters. Otherwise all members of the original stand beside those of the problem.
    """
    if not isinstance(document, dict):
        return None
    envelope = document["status"] if isinstance(document.get("status"), dict) else document
    errors = envelope.get("errors")
    if not isinstance(errors, list) or not errors or "summary" not in envelope:
        return None
    first = errors[0]
    if not isinstance(first, dict) or not isinstance(first.get("code"), int):
        return None
    problem: dict[str, Any] = {"type": IRIS_ERROR, "title": "The API reports an error", "status": status, "code": first["code"]}
    names = {name: first[name] for name in ("id", "domain") if isinstance(first.get(name), str)}
    if redacted:
        return problem | {name: value for name, value in names.items() if _NAME.fullmatch(value)}
    problem |= names
    summary = envelope["summary"]
    kept = {name: value for name, value in document.items() if name not in ("type", "title", "status", "detail", "code")}
    if envelope is not document:
        kept |= {"errors": errors, "summary": summary}
    return problem | ({"detail": summary} if isinstance(summary, str) and summary else {}) | kept
