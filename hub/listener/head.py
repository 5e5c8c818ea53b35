"""Validation of request heads, and encoding of response heads (RFC 9112). Pure."""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus

Headers = list[tuple[str, str]]
"""Headers in order; names may repeat. Request headers have lower-case names."""

HTTP_10 = "1.0"
VERSIONS = frozenset({HTTP_10, "1.1"})
WEBSOCKET = "websocket"  # the only supported upgrade; offers of other protocols are ignored

MAX_FIELDS = 256  # headers of a request; browsers send about twenty
FIELD_BYTES = 4  # size of a header in addition to its name and value
MAX_NAMES = 1024  # cached names; browsers use about forty
MAX_NAME_BYTES = 64  # longest cached name
PHRASES = {int(status): status.phrase for status in HTTPStatus}

_DIGITS = re.compile(r"[0-9]{1,18}")
_ABSOLUTE = re.compile(r"https?://([^/?]+)(.*)", re.IGNORECASE)


class BadHead(Exception):
    """The request is malformed or ambiguous. The connection closes after an error response with `status`."""

    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(slots=True, kw_only=True)
class RequestHead:
    """The head of a request.

    Attributes:
        path: The request target as received (RFC 9112 section 3.2), without its query.
        query: Query without `?`; empty if there is none.
        headers: All headers in order, with lower-case names.
        headers_by_name: The headers by name; values of repeated headers are joined (RFC 9110 section 5.3).
        body_bytes: Length of the body; None: it is chunked.
        is_http10: Whether the client uses HTTP/1.0, which has no chunked coding.
        keep_alive: Whether the client keeps the connection open.
        upgrade: Whether the client requests a WebSocket. If that is rejected, the connection closes.
    """

    method: str
    path: str
    query: str
    headers: Headers
    headers_by_name: dict[str, str]
    body_bytes: int | None
    is_http10: bool
    keep_alive: bool
    upgrade: bool


class Names:
    """Bounded cache of lower-case header names, because clients send the same names again and again."""

    def __init__(self) -> None:
        self._cached: dict[bytes, str] = {}

    def lower(self, name: bytes) -> str:
        """Return a name as lower-case text."""
        cached = self._cached.get(name)
        if cached is None:
            cached = name.lower().decode("latin-1")
            if len(name) <= MAX_NAME_BYTES:
                self._cache(name, cached)
        return cached

    def _cache(self, name: bytes, cached: str) -> None:
        if len(self._cached) >= MAX_NAMES:  # a client sends many invented names; common names return quickly
            self._cached.clear()
        self._cached[name] = cached


def request_head(
    method: str, target: str, version: str, headers: Headers, *, keep_alive: bool, offers_protocol: bool
) -> RequestHead:
    """Validate the parts of a request head, and return it.

    Parameters:
        keep_alive: Whether the client keeps the connection open.
        offers_protocol: Whether the client offers an upgrade to another protocol.

    Raises:
        BadHead: The head is ambiguous, or requires an unsupported version, coding or method.
    """
    if len(headers) > MAX_FIELDS:
        raise too_large()
    headers_by_name = join_by_name(headers)
    if version not in VERSIONS:
        raise BadHead("The versions that are spoken here are HTTP/1.1 and HTTP/1.0.", 505)
    is_http10 = version == HTTP_10
    require_host(headers, is_http10=is_http10)
    body_bytes = body_length(headers_by_name, is_http10=is_http10)
    if method == "CONNECT":
        raise BadHead("This method is not cached here.", 501)
    upgrade = offers_protocol and headers_by_name.get("upgrade", "").lower() == WEBSOCKET
    if upgrade and body_bytes != 0:
        raise BadHead("A request for a WebSocket has no body.")
    path, query = split_target(target, headers_by_name.get("host", ""))
    return RequestHead(
        method=method,
        path=path,
        query=query,
        headers=headers,
        headers_by_name=headers_by_name,
        body_bytes=body_bytes,
        is_http10=is_http10,
        keep_alive=keep_alive,
        upgrade=upgrade,
    )


def too_large() -> BadHead:
    """Return the error of a head, or a trailer, beyond its limits (RFC 6585 section 5)."""
    return BadHead("The head of the request is too large.", 431)


def join_by_name(headers: Headers) -> dict[str, str]:
    """Return the headers by name. Values of repeated headers are joined; cookies as in RFC 6265 section 5.4."""
    joined = dict(headers)
    if len(joined) == len(headers):
        return joined
    joined = {}
    for name, value in headers:
        before = joined.get(name)
        joined[name] = value if before is None else f"{before}{'; ' if name == 'cookie' else ','}{value}"
    return joined


def body_length(headers_by_name: dict[str, str], *, is_http10: bool) -> int | None:
    """Return the length of the body; None: it is chunked (RFC 9112 section 6).

    Stricter than the RFC, against request smuggling: no two servers must read the length differently.

    Raises:
        BadHead: The length is missing, ambiguous or in an unknown coding.
    """
    coding, length = headers_by_name.get("transfer-encoding"), headers_by_name.get("content-length")
    if coding is not None:
        if length is not None:
            raise BadHead("Transfer-Encoding and Content-Length together say two things.")
        if coding.lower() != "chunked" or is_http10:
            raise BadHead("The only transfer coding that is taken is chunked, in HTTP/1.1.", 501)
        return None
    if length is None:
        return 0
    if _DIGITS.fullmatch(length) is None:  # a list, as two fields make it, is none either
        raise BadHead("Content-Length is not a number.")
    return int(length)


def require_host(headers: Headers, *, is_http10: bool) -> None:
    """Check that the request names exactly one host (RFC 9112 section 3.2).

    Raises:
        BadHead: It names none, or several.
    """
    hosts = 0
    for name, _ in headers:
        if name == "host":
            hosts += 1
    if hosts > 1 or (hosts == 0 and not is_http10):
        raise BadHead("A request names exactly one Host.")


def split_target(target: str, host: str) -> tuple[str, str]:
    """Return path and query of a request target.

    One that names the server once more (absolute form, RFC 9112 section 3.2.2) has to name the same one.

    Raises:
        BadHead: It is of another form, names another server, or has a fragment, which is no business of servers.
    """
    if target[:1] != "/":
        target = _without_origin(target, host)
    if "#" in target:
        raise BadHead("A request target has no fragment.")
    path, _, query = target.partition("?")
    return path, query


def _without_origin(target: str, host: str) -> str:
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise BadHead("A request target is a path.")
    if absolute[1].lower() != host.lower():
        raise BadHead("The request target and Host name two servers.")
    return absolute[2] if absolute[2][:1] == "/" else f"/{absolute[2]}"


def response_head(status: int, reason: str, headers: Headers) -> bytes:
    """Return the encoded head of a response, including the empty line.

    Raises:
        ValueError: A header contains a line break, which allows response splitting, or a character beyond ISO 8859-1.
    """
    lines = [f"HTTP/1.1 {status} {reason or PHRASES.get(status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in headers]
    text = "\r\n".join(lines) + "\r\n\r\n"
    breaks = len(lines) + 1
    if text.count("\n") != breaks or text.count("\r") != breaks or "\x00" in text:
        raise ValueError("a header contains a line break")
    return text.encode("latin-1")


def error_response(error: BadHead, headers: Headers) -> bytes:
    """Return the complete response to an invalid request: a problem (RFC 9457), with `Connection: close`."""
    problem = {"type": "about:blank", "title": PHRASES[error.status], "status": error.status, "detail": str(error)}
    body = json.dumps(problem).encode()
    own = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body))), ("Connection", "close")]
    return response_head(error.status, "", [*headers, *own]) + body
