"""The cookies of the hub: names, prefixes, attributes. Pure: builds and reads header values."""

import hmac
from dataclasses import dataclass, field
from typing import Self

from hub.primitives.bounded_cache import BoundedCache
from hub.session.model import BrowserId, SessionId

EXPIRED = "Max-Age=0"
REMEMBERED = 4096  # browsers, whose header is the same with each request; some hundred bytes each
XSRF_COOKIE = "XSRF-TOKEN"  # Angular's own name; it copies the value into the header X-XSRF-TOKEN


@dataclass(frozen=True, slots=True)
class Cookies:
    """How this hub names its cookies.

    `__Host-Http-` proves to the hub that the cookie was set over HTTP by this very host (draft-ietf-httpbis-rfc6265bis, section
    4.1.3); browsers keep it only when it is `Secure`. Plain HTTP therefore needs other names, which say what they are.
    """

    session: str
    login: str
    secure: bool
    _session_ids: BoundedCache[SessionId | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = BoundedCache(lambda header: SessionId.parse(_value(header, self.session)), REMEMBERED)
        object.__setattr__(self, "_session_ids", known)

    @classmethod
    def for_transport(cls, *, secure: bool) -> Self:
        """Return the names for https and localhost (`secure`), or for plain HTTP."""
        if secure:
            return cls("__Host-Http-hub", "__Host-Http-hub-login", secure=True)
        return cls("hub-insecure", "hub-insecure-login", secure=False)

    def session_id(self, header: str) -> SessionId | None:
        """Return the session id of a `Cookie` header, or None if it holds none."""
        return self._session_ids[header]

    def browser_id(self, header: str) -> BrowserId | None:
        """Return the pre-login id of a `Cookie` header, or None if it holds none."""
        return BrowserId.parse(_value(header, self.login))

    def set_session(self, session_id: SessionId) -> list[str]:
        """Return the `Set-Cookie` values that open a session: the id, and Angular's CSRF token bound to it.

        Both end with the browser: the server decides how long a session lives.
        """
        return [
            self._line(self.session, session_id.reveal(), "HttpOnly", "SameSite=Strict"),
            self.set_xsrf(session_id),
        ]

    def set_xsrf(self, session_id: SessionId) -> str:
        """Return the `Set-Cookie` value of the CSRF token; scripts of the page can read it, and nothing else."""
        return self._line(XSRF_COOKIE, xsrf_token(session_id), "SameSite=Strict")

    def clear_session(self) -> list[str]:
        """Return the `Set-Cookie` values that remove what `set_session` set."""
        return [
            self._line(self.session, "", "HttpOnly", "SameSite=Strict", EXPIRED),
            self._line(XSRF_COOKIE, "", "SameSite=Strict", EXPIRED),
        ]

    def set_login(self, browser_id: BrowserId, max_age_seconds: float) -> str:
        """Return the `Set-Cookie` value of the pre-login cookie. Lax: the provider's redirect back is a cross-site navigation."""
        return self._line(self.login, browser_id.reveal(), "HttpOnly", "SameSite=Lax", f"Max-Age={int(max_age_seconds)}")

    def _line(self, name: str, value: str, *attributes: str) -> str:
        return "; ".join([f"{name}={value}", "Path=/", *attributes, *(["Secure"] if self.secure else [])])


def xsrf_token(session_id: SessionId) -> str:
    """Return the CSRF token of a session, which a page gets in a cookie."""
    return session_id.xsrf_token


def xsrf_token_matches(session_id: SessionId, token: str) -> bool:
    """Tell whether `token` belongs to the session, in constant time."""
    return hmac.compare_digest(xsrf_token(session_id).encode(), token.encode())


def _value(header: str, name: str) -> str:
    """Return the value of the first cookie called `name`; empty if there is none (RFC 6265 section 5.4)."""
    for pair in header.split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name:
            return value
    return ""
