"""Encoding of requests to bytes (RFC 9112). Pure."""

from dataclasses import dataclass

from hub.primitives.http import SAFE_METHODS, BodyStream, Headers
from hub.upstream.failure import InvalidRequest

CHUNK_BYTES = 64 * 1024
"""A body in memory up to this size is sent together with the head. Larger ones are sent in chunks, so that stalls are noticed."""


@dataclass(slots=True)
class Request:
    """One encoded request.

    Attributes:
        wire: The head, followed by the body if that is small and in memory.
        body: The body to send after `wire`; None if there is none.
        body_bytes: Length of the body; None: it uses chunked transfer coding.
        is_repeatable: Whether the request may be sent twice: its method is safe and it has no body.
    """

    method: str
    wire: bytes
    body: bytes | BodyStream | None
    body_bytes: int | None
    is_repeatable: bool


def make_request(
    method: str, target: str, host: str, headers: Headers, body: bytes | BodyStream, body_bytes: int | None
) -> Request:
    """Return the encoded request.

    Raises:
        InvalidRequest: A header or the target contains a line break or NUL, or is not in a known encoding.
    """
    if not isinstance(body, bytes):
        framing = "Transfer-Encoding: chunked" if body_bytes is None else f"Content-Length: {body_bytes}"
        return Request(method, _head(method, target, host, headers, framing), body, body_bytes, False)
    size = len(body)
    is_safe = method in SAFE_METHODS
    head = _head(method, target, host, headers, "" if is_safe and not size else f"Content-Length: {size}")
    if size > CHUNK_BYTES:
        return Request(method, head, body, size, False)
    return Request(method, head + body if size else head, None, size, is_safe and not size)


def _head(method: str, target: str, host: str, headers: Headers, framing: str) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *[f"{name}: {value}" for name, value in headers]]
    if framing:
        lines.append(framing)
    text = "\r\n".join(lines) + "\r\n\r\n"
    ends = len(lines) + 1
    if text.count("\r") != ends or text.count("\n") != ends or "\0" in text or " " in target:
        raise InvalidRequest("The request contains a character that HTTP does not allow.")
    return text.encode("ascii") if text.isascii() else _utf8(text, headers)


def _utf8(text: str, headers: Headers) -> bytes:
    """Return the bytes that the characters of `text` stand for, if they are UTF-8."""
    try:
        wire = text.encode("latin-1")
        wire.decode()
    except UnicodeError as error:
        name = next((name for name, value in headers if not _is_utf8(value)), "")
        raise InvalidRequest(f"The header {name} is in an unknown encoding. Use ASCII or UTF-8.") from error
    return wire


def _is_utf8(value: str) -> bool:
    try:
        value.encode("latin-1").decode()
    except UnicodeError:
        return False
    return True
