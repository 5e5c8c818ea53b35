"""The cookies of one session at an API, such as a CSP session of IRIS. Pure.

The hub stores them in place of the browser, which never sees them.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Self

from hub.primitives.secret import Secret

MAX_COOKIES = 20
MAX_COOKIE_BYTES = 4096
MAX_HEADER_BYTES = 8000
"""Size of `Cookie` at most: servers take 8 KiB for a header, or less than twice that for all of them."""

FRESH_PART = 0.9  # of the idle timeout: a session that was idle for longer may have ended when the next request arrives

_PAIR = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([!-+\--:<-~]*)\s*")
_EXPIRED = re.compile(r";\s*max-age\s*=\s*(?:-[0-9]+|0+)\s*(?:;|\Z)|;\s*expires\s*=[^;]*\b19[67][0-9]\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamCookieJar:
    """The cookies of one application at the API.

    Attributes:
        target: Base URL of the application that set the cookies.
        cookies: Values by name; empty if the application has no sessions.
        used_at: When the cookies were last sent or set; epoch seconds.
    """

    target: str
    cookies: dict[str, Secret]
    used_at: float

    @property
    def header(self) -> str:
        """The value of the request header `Cookie`; empty without cookies."""
        return "; ".join(f"{name}={value.reveal()}" for name, value in self.cookies.items())

    def is_fresh(self, now: float, idle_seconds: float) -> bool:
        """Return whether the session has certainly not reached its idle timeout.

        Parameters:
            now: Epoch seconds.
            idle_seconds: Idle timeout of the session at the API.
        """
        return now - self.used_at < idle_seconds * FRESH_PART

    def after(
        self,
        set_cookies: Iterable[str],
        now: float,
        ignored: Collection[str] = (),
        is_session: Callable[[str], bool] = lambda name: False,
    ) -> Self:
        """Return the jar after a response with these `Set-Cookie` headers (RFC 6265 section 5.3).

        Path and domain are ignored, because the jar belongs to one application. If there are more cookies than `MAX_COOKIES`,
        or `header` would be longer than `MAX_HEADER_BYTES`, those that were set first are dropped.

        Parameters:
            now: Epoch seconds.
            ignored: Names, in lower case, of cookies that never enter the jar.
            is_session: Returns whether a cookie of this name holds the session. Such cookies are dropped last, and the newest of
                them never.
        """
        cookies = dict(self.cookies)
        for header in set_cookies:
            pair, _, _ = header.partition(";")
            found = _PAIR.fullmatch(pair)
            if found is None or found[1].lower() in ignored or len(header) > MAX_COOKIE_BYTES:
                continue
            cookies.pop(found[1], None)
            if found[2] and not _EXPIRED.search(header):
                cookies[found[1]] = Secret(found[2])
        for name in sorted(cookies, key=is_session):  # the sort is stable: the oldest first
            if len(cookies) <= MAX_COOKIES and _header_bytes(cookies) <= MAX_HEADER_BYTES:
                break
            del cookies[name]
        return replace(self, cookies=cookies, used_at=now)


def _header_bytes(cookies: dict[str, Secret]) -> int:
    return sum(len(name) + len(value.reveal()) + len("=; ") for name, value in cookies.items())
