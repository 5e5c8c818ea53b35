"""The cookies of the hub: build `Set-Cookie` values and read `Cookie` headers (RFC 6265). Pure."""

import hmac
import re
from dataclasses import dataclass, field
from typing import Self

from hub.primitives.bounded_cache import BoundedCache
from hub.session.model import BrowserId, SessionId

EXPIRED = "Max-Age=0"
ATTEMPT_BYTES = 4096  # all login attempts of a browser: names, values and separators in the `Cookie` header
ATTEMPT_NAME_CHARACTERS = 8  # of the hash of `state`; they tell the attempts of one browser apart
SEPARATORS = len("=; ")
HEX_SECONDS = re.compile(r"[0-9a-f]{1,10}")
CACHED_HEADERS = 4096  # a browser sends the same header with each request; some hundred bytes each
XSRF_COOKIE = "XSRF-TOKEN"  # Angular's own name; it copies the value into the header X-XSRF-TOKEN


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """How many login attempts one browser may have at the same time, and for how long.

    Attributes:
        count: Number of attempts; together they have at most `ATTEMPT_BYTES`.
        seconds: Lifetime of an attempt.
    """

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Cookies:
    """The names of the cookies, and the values that this hub sets.

    Browsers accept the prefix `__Host-Http-` only from this host, over HTTP and with `Secure` (draft-ietf-httpbis-rfc6265bis
    section 4.1.3). Plain HTTP therefore needs names without it.

    Attributes:
        session: Name of the session cookie.
        login: Name of the pre-login cookie. The names of login attempts begin with it.
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
        """Return the names for https (`secure`) or plain HTTP, on localhost too: WebKit drops `Secure` cookies there."""
        if secure:
            return cls("__Host-Http-hub", "__Host-Http-hub-login", secure=True)
        return cls("hub-insecure", "hub-insecure-login", secure=False)

    def session_id(self, header: str) -> SessionId | None:
        """Return the session ID in a `Cookie` header, or None if there is none."""
        return self._session_ids[header]

    def browser_id(self, header: str) -> BrowserId | None:
        """Return the pre-login ID in a `Cookie` header, or None if there is none."""
        return BrowserId.parse(_value(header, self.login))

    def attempt(self, header: str, state_key: str) -> str:
        """Return the sealed login attempt of a `state` in a `Cookie` header; an empty string if there is none."""
        return _value(header, self._attempt_name(state_key)).partition(".")[2]

    def set_attempt(self, header: str, state_key: str, sealed: str, begun_at: float, limits: "AttemptLimits") -> list[str]:
        """Return the `Set-Cookie` values that store a login attempt, and remove the oldest attempts beyond the limits.

        Each attempt has a cookie of its own, so that tabs which begin at the same time do not overwrite each other's.
        `SameSite=Lax`, because the provider's redirect back to the hub is a cross-site navigation.

        Parameters:
            header: The `Cookie` header of the request that begins the login.
            state_key: Hash of the `state` of the authorization request.
            begun_at: Epoch seconds. They stand in clear before the sealed attempt, to find the oldest.
        """
        name, value = self._attempt_name(state_key), f"{int(begun_at):x}.{sealed}"
        room, count = ATTEMPT_BYTES - len(name) - len(value) - SEPARATORS, limits.count - 1
        line = self._line(name, value, "HttpOnly", "SameSite=Lax", f"Max-Age={int(limits.seconds)}")
        return [line, *(expired for other, expired in self._beyond(header, room, count) if other != name)]

    def trim_attempts(self, header: str, limits: "AttemptLimits") -> list[str]:
        """Return the `Set-Cookie` values that remove the oldest login attempts beyond the limits.

        Tabs that begin at the same moment do not see each other's attempts. The first callback brings the browser back below the
        limits, before its requests have too many cookies for the servers on the way.
        """
        return [expired for _, expired in self._beyond(header, ATTEMPT_BYTES, limits.count)]

    def _beyond(self, header: str, room: int, count: int) -> list[tuple[str, str]]:
        """Return name and removal of each login attempt for which there is no room, the newest first."""
        beyond = []
        for _, name, size in sorted(self._attempts(header), reverse=True):
            room, count = room - size, count - 1
            if room < 0 or count < 0:
                beyond.append((name, self._line(name, "", "HttpOnly", "SameSite=Lax", EXPIRED)))
        return beyond

    def clear_attempt(self, header: str, state_key: str) -> list[str]:
        """Return the `Set-Cookie` value that removes the attempt of a `state`; nothing if the `Cookie` header has none."""
        name = self._attempt_name(state_key)
        return [self._line(name, "", "HttpOnly", "SameSite=Lax", EXPIRED)] if _value(header, name) else []

    def _attempts(self, header: str) -> list[tuple[int, str, int]]:
        """Return time of begin, name and size of each login attempt in a `Cookie` header. Unreadable ones count as the oldest."""
        pairs = [pair.strip().partition("=") for pair in header.split(";")]
        prefix = f"{self.login}-"
        return [
            (_begun_at(value), name, len(name) + len(value) + SEPARATORS) for name, _, value in pairs if name.startswith(prefix)
        ]

    def _attempt_name(self, state_key: str) -> str:
        return f"{self.login}-{state_key[:ATTEMPT_NAME_CHARACTERS]}"

    def has_login(self, header: str) -> bool:
        """Return whether a `Cookie` header contains a login attempt or the pre-login cookie."""
        return f"{self.login}=" in header or f"{self.login}-" in header

    def was_restarted(self, header: str) -> bool:
        """Return whether a failed login of this browser was restarted automatically a short time ago."""
        return bool(_value(header, f"{self.session}-restarted"))

    def set_restarted(self, max_age_seconds: float) -> str:
        """Return the `Set-Cookie` value that marks an automatic restart."""
        return self._line(f"{self.session}-restarted", "1", "HttpOnly", "SameSite=Lax", f"Max-Age={int(max_age_seconds)}")

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

        `SameSite=Lax`, because a link of another site may lead to the login form.
        """
        return self._line(self.login, browser_id.reveal(), "HttpOnly", "SameSite=Lax", f"Max-Age={int(max_age_seconds)}")

    def _line(self, name: str, value: str, *attributes: str) -> str:
        return "; ".join([f"{name}={value}", "Path=/", *attributes, *(["Secure"] if self.secure else [])])


def _begun_at(value: str) -> int:
    text = value.partition(".")[0]
    return int(text, 16) if HEX_SECONDS.fullmatch(text) else 0


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
