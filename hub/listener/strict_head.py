"""Reads the head of a request by the grammar of RFC 9112, with nothing that a recipient may tolerate. Pure.

For servers that tolerate more than `hub.listener.reader` does: they get a head only after it was read here.
"""

import re

from hub.listener.head import FIELD_BYTES, HTTP_10, MAX_FIELDS, BadHead, Headers, RequestHead, request_head, too_large

METHODS = frozenset(
    [
        "ACL",
        "BIND",
        "CHECKOUT",
        "COPY",
        "DELETE",
        "GET",
        "HEAD",
        "LINK",
        "LOCK",
        "MERGE",
        "MKACTIVITY",
        "MKCALENDAR",
        "MKCOL",
        "MOVE",
        "OPTIONS",
        "PATCH",
        "POST",
        "PROPFIND",
        "PROPPATCH",
        "PUT",
        "QUERY",
        "REBIND",
        "REPORT",
        "SEARCH",
        "TRACE",
        "UNBIND",
        "UNLINK",
        "UNLOCK",
    ]
)
"""Those of IANA's registry that the hub's own listener takes too."""

_TARGET = re.compile(r"[!-~]+")
_AUTHORITY = re.compile(r"[A-Za-z0-9\-._~%!$&'()*+,;=:@\[\]]*")
_VERSION = re.compile(r"HTTP/([0-9]\.[0-9])")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t -~\x80-\xff]*")


def read_head(data: bytes, max_bytes: int) -> RequestHead:
    """Return the head of a request.

    Parameters:
        data: The head, with the empty line that ends it.
        max_bytes: Of the target and the headers together.

    Raises:
        BadHead: It breaks the grammar, is too large, or can be understood in two ways.
    """
    start_line, *lines = data.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, target, version = _start_line(start_line)
    if len(lines) > MAX_FIELDS or len(target) + len(data) - len(start_line) + FIELD_BYTES > max_bytes:
        raise too_large()
    headers: Headers = [_header(line) for line in lines]
    connection = _tokens(headers, "connection")
    keep_alive = "keep-alive" in connection if version == HTTP_10 else "close" not in connection
    return request_head(method, target, version, headers, keep_alive=keep_alive, offers_protocol="upgrade" in connection)


def _start_line(line: str) -> tuple[str, str, str]:
    method, _, rest = line.partition(" ")
    if method not in METHODS:
        raise BadHead("This method is not known here.", 501)
    target, _, protocol = rest.partition(" ")
    if not protocol and target:
        raise BadHead("The versions that are spoken here are HTTP/1.1 and HTTP/1.0.", 505)
    version = _VERSION.fullmatch(protocol)
    if version is None or _TARGET.fullmatch(target) is None:
        raise _malformed()
    if target[:1] != "/" and _AUTHORITY.fullmatch(target.partition("://")[2].partition("/")[0].partition("?")[0]) is None:
        raise _malformed()
    return method, target, version[1]


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    value = value.strip(" \t")
    if not colon or _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
        raise _malformed()
    return name.lower(), value


def _tokens(headers: Headers, name: str) -> set[str]:
    """Return the tokens of a list header, in lower case."""
    return {token.strip(" \t").lower() for known, value in headers if known == name for token in value.split(",")}


def _malformed() -> BadHead:
    return BadHead("This is not an HTTP/1.1 request.")
