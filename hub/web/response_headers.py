"""The header fields that every answer to a browser has, and the answers that are problems (RFC 9457)."""

import math
from email.utils import formatdate

import msgspec

from hub.errors import HubError, MethodNotAllowed
from hub.listener.head import Headers
from hub.primitives.clock import Clock

SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
HSTS_HEADER = ("Strict-Transport-Security", "max-age=31536000")  # browsers come back over https only (RFC 6797)
NO_STORE = ("Cache-Control", "no-store")


def security_headers(*, hsts: bool) -> Headers:
    """Return the fields by which browsers are told to be careful. `hsts`: also to come back over https only."""
    return [*SECURITY_HEADERS, *([HSTS_HEADER] if hsts else [])]


class ResponseHeaders:
    """What each answer says besides what it is about."""

    def __init__(self, clock: Clock, *, hsts: bool) -> None:
        self._clock = clock
        self._common = security_headers(hsts=hsts)
        self._second = -1
        self._date = ("Date", "")

    def common(self) -> Headers:
        """Return the fields of any answer but its date, in a list of its own."""
        return self._common.copy()

    def date(self) -> tuple[str, str]:
        """Return the date of an answer that is made now (RFC 9110 section 6.6.1)."""
        second = int(self._clock.now())
        if second != self._second:
            self._second, self._date = second, ("Date", formatdate(second, usegmt=True))
        return self._date


def problem_headers(error: HubError) -> Headers:
    """Return what the head of a problem says about it."""
    fields = [NO_STORE]
    if error.retry_after_seconds is not None:
        fields.append(("Retry-After", str(math.ceil(error.retry_after_seconds))))
    if isinstance(error, MethodNotAllowed):
        fields.append(("Allow", ", ".join(error.problem().extensions.get("allow", []))))
    return fields


def problem_body(error: HubError) -> bytes:
    """Return the problem as JSON."""
    return msgspec.json.encode(error.problem().as_json())
