"""The cookies of the hub: build `Set-Cookie` values and read `Cookie` headers (RFC 6265). Pure."""

import hmac
from dataclasses import dataclass, field
from typing import Self

from hub.primitives.bounded_cache import BoundedCache
from hub.session.model import BrowserId, SessionId

EXPIRED = "Max-Age=0"
CACHED_HEADERS = 4096  # a browser sends the same header with each request; some hundred bytes each
XSRF_COOKIE = "XSRF-TOKEN"  # Angular's own name; it copies the value into the header X-XSRF-TOKEN


@dataclass(frozen=True, slots=True)
class Cookies:
    """The names of the cookies, and the values that this hub sets.

    Browsers accept the prefix `__Host-Http-` only from this host, over HTTP and with `Secure` (draft-ietf-httpbis-rfc6265bis
    section 4.1.3). Plain HTTP therefore needs names without it.

    Attributes:
        session: Name of the session cookie.
        login: Name of the pre-login cookie.
        secure: The cookies have the attribute `Secure`.
    """

    session: str
    login: str
    secure: bool
    _session_ids: BoundedCache[SessionId | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        cache = BoundedCache(lambda header: SessionId.parse(_value(header, self.session)), CACHED_HEADERS)
        object.__setattr__(self, "_session_ids", cache)

    @classmethod
    def for_transport(cls, *, secure: bool) -> Self:
        """Return the names for https and localhost (`secure`), or for plain HTTP."""
        if secure:
            return cls("__Host-Http-hub", "__Host-Http-hub-login", secure=True)
        return cls("hub-insecure", "hub-insecure-login", secure=False)

    def session_id(self, header: str) -> SessionId | None:
        """Return the session ID in a `Cookie` header, or None if there is none."""
        return self._session_ids[header]

    def browser_id(self, header: str) -> BrowserId | None:
        """Return the pre-login ID in a `Cookie` header, or None if there is none."""
        return BrowserId.parse(_value(header, self.login))

    def set_session(self, session_id: SessionId) -> list[str]:
        """Return the `Set-Cookie` values of a new session: the session cookie, and the CSRF token for Angular.

        Both are session cookies of the browser, without `Max-Age`: the hub decides when a session ends.
        """
        return [
            self._line(self.session, session_id.reveal(), "HttpOnly", "SameSite=Strict"),
            self.set_xsrf(session_id),
        ]

    def set_xsrf(self, session_id: SessionId) -> str:
        """Return the `Set-Cookie` value of the CSRF token. It has no `HttpOnly`, because scripts of the page must read it."""
        return self._line(XSRF_COOKIE, xsrf_token(session_id), "SameSite=Strict")

    def clear_session(self) -> list[str]:
        """Return the `Set-Cookie` values that remove the cookies of `set_session`."""
        return [
            self._line(self.session, "", "HttpOnly", "SameSite=Strict", EXPIRED),
            self._line(XSRF_COOKIE, "", "SameSite=Strict", EXPIRED),
        ]

    def set_login(self, browser_id: BrowserId, max_age_seconds: float) -> str:
        """Return the `Set-Cookie` value of the pre-login cookie.

        `SameSite=Lax`, because the provider's redirect back to the hub is a cross-site navigation.
        """
        return self._line(self.login, browser_id.reveal(), "HttpOnly", "SameSite=Lax", f"Max-Age={int(max_age_seconds)}")

    def _line(self, name: str, value: str, *attributes: str) -> str:
        return "; ".join([f"{name}={value}", "Path=/", *attributes, *(["Secure"] if self.secure else [])])


def xsrf_token(session_id: SessionId) -> str:
    """Return the CSRF token that belongs to a session ID."""
    return session_id.xsrf_token


def xsrf_token_matches(session_id: SessionId, token: str) -> bool:
    """Return whether `token` is the CSRF token of the session; compares in constant time."""
    return hmac.compare_digest(xsrf_token(session_id).encode(), token.encode())


def _value(header: str, name: str) -> str:
    """Return the value of the first cookie with this `name`, or "" (RFC 6265 section 5.4)."""
    for pair in header.split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name:
            return value
    return ""
