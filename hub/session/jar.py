"""The cookies of one session at a resource server, such as a CSP session of IRIS. Pure.

They never reach a browser: the hub keeps them for a user, as a browser would have kept them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from hub.primitives.secret import Secret

MAX_COOKIES = 20
MAX_COOKIE_BYTES = 4096

NOT_KEPT = frozenset({"cspbrowserid", "irissessiontoken"})
"""With the first, IRIS would log in whoever shows it, without a password; the second is for its own login page."""

FRESH_PART = 0.9  # of the idle time: what has rested longer may be over by the time the next request arrives

_PAIR = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([!-+\--:<-~]*)\s*")
_GONE = re.compile(r";\s*max-age\s*=\s*(?:-[0-9]+|0+)\s*(?:;|$)|;\s*expires\s*=[^;]*\b19[67][0-9]\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jar:
    """Cookies for one target.

    Attributes:
        target: Base URL of the application that has set them.
        cookies: By name; none if the application keeps no sessions.
        used_at: When they were last sent or set; epoch seconds.
    """

    target: str
    cookies: dict[str, Secret]
    used_at: float

    @property
    def header(self) -> str:
        """The value of `Cookie`; empty without cookies."""
        return "; ".join(f"{name}={value.reveal()}" for name, value in self.cookies.items())

    def is_fresh(self, now: float, idle_seconds: float) -> bool:
        """Tell whether a session of that idle time certainly still lives."""
        return now - self.used_at < idle_seconds * FRESH_PART

    def after(self, set_cookies: Iterable[str], now: float) -> Self:
        """Return the jar after an answer with these `Set-Cookie` fields (RFC 6265 section 5.3), of which path and domain count
        for nothing: the jar belongs to one application."""
        cookies = dict(self.cookies)
        for field in set_cookies:
            pair, _, _ = field.partition(";")
            found = _PAIR.fullmatch(pair)
            if found is None or found[1].lower() in NOT_KEPT or len(field) > MAX_COOKIE_BYTES:
                continue
            cookies.pop(found[1], None)
            if found[2] and not _GONE.search(field):
                cookies[found[1]] = Secret(found[2])
        kept = dict(list(cookies.items())[-MAX_COOKIES:])
        return replace(self, cookies=kept, used_at=now)
