"""Headers that all responses to browsers have, and headers and bodies of problems (RFC 9457)."""

import math
from email.utils import formatdate

import msgspec

from hub.errors import HubError, MethodNotAllowed
from hub.gateway.content_isolation import SANDBOX_HEADER
from hub.listener.head import Headers
from hub.primitives.clock import Clock

SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
HSTS_HEADER = ("Strict-Transport-Security", "max-age=31536000")  # browsers then use https only (RFC 6797)
NO_STORE = ("Cache-Control", "no-store")


def security_headers(*, hsts: bool) -> Headers:
    """Return the security response headers; with `hsts`, `Strict-Transport-Security` too."""
    return [*SECURITY_HEADERS, *([HSTS_HEADER] if hsts else [])]


class ResponseHeaders:
    """Makes the headers that all responses share. Formats the date once a second."""

    def __init__(self, clock: Clock, *, hsts: bool) -> None:
        self._clock = clock
        self._common = security_headers(hsts=hsts)
        self._second = -1
        self._date = ("Date", "")

    def common(self) -> Headers:
        """Return a new list of the shared headers, without `Date`."""
        return self._common.copy()

    def isolated(self) -> Headers:
        """Return them with the policy of content that is no page of the application."""
        return [*self._common, SANDBOX_HEADER]

    def date(self) -> tuple[str, str]:
        """Return the `Date` header of a response that is sent now (RFC 9110 section 6.6.1)."""
        second = int(self._clock.now())
        if second != self._second:
            self._second, self._date = second, ("Date", formatdate(second, usegmt=True))
        return self._date


def problem_headers(error: HubError) -> Headers:
    """Return the headers of a problem: caching, `Retry-After` and `Allow`."""
    fields = [NO_STORE]
    if error.retry_after_seconds is not None:
        fields.append(("Retry-After", str(math.ceil(error.retry_after_seconds))))
    if isinstance(error, MethodNotAllowed):
        fields.append(("Allow", ", ".join(error.problem().extensions.get("allow", []))))
    return fields


def problem_body(error: HubError, **extensions: str) -> bytes:
    """Return the problem as JSON, with these members besides its own."""
    return msgspec.json.encode(error.problem().as_json() | extensions)
