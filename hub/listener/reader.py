"""Requests out of bytes: llhttp, the parser of Node.js, in its strict mode, and what its callbacks are put together to.

What llhttp lets pass and two servers could read in two ways is refused by `hub.listener.head`.
"""

from typing import Protocol

import httptools

from hub.listener.head import (
    HTTP_10,
    VERSIONS,
    WEBSOCKET,
    BadHead,
    Fields,
    Names,
    RequestHead,
    body_length,
    by_name,
    require_host,
    split_target,
)

MAX_FIELDS = 256  # of a head; browsers send some twenty
FIELD_BYTES = 4  # of a field besides its name and value


class RequestSink(Protocol):
    """Who takes the requests of one connection."""

    def begin(self, head: RequestHead) -> None:
        """Take a request whose head has come."""

    def take(self, data: bytes) -> None:
        """Take a piece of its body."""

    def end(self) -> None:
        """Know that it is whole."""


class RequestReader:
    """Reads the requests of one connection, one after the other.

    Attributes:
        is_in_head: Whether a head has begun and is not whole.

    Parameters:
        max_head_bytes: Of the target and the fields of one request together, and of a trailer.
    """

    __slots__ = (
        "_fields",
        "_framing",
        "_has_moved",
        "_head_bytes",
        "_is_repeated",
        "_is_upgrade",
        "_limit",
        "_names",
        "_parser",
        "_silent_bytes",
        "_taker",
        "_target",
        "is_in_head",
    )

    def __init__(self, taker: RequestSink, names: Names, max_head_bytes: int) -> None:
        self._taker = taker
        self._names = names
        self._limit = max_head_bytes
        self._target = b""
        self._fields: Fields = []
        self._head_bytes = 0
        self._is_upgrade = False
        self.is_in_head = False
        self._framing = b""  # of the body of a request that offers another protocol
        self._is_repeated = False
        self._has_moved = False
        self._silent_bytes = 0
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)

    def close(self) -> None:
        """Let go of the parser, which knows us: nothing more is fed. What it has at hand may still come."""
        self._parser = None

    def feed(self, data: bytes) -> bytes | None:
        """Take what came, and tell the taker what that is.

        Returns:
            What came behind a request for a WebSocket: it is no HTTP any more. None: there was no such request.

        Raises:
            BadHead: This is no request; nothing more can be read.
            Exception: What the taker raised.
        """
        while (parser := self._parser) is not None:
            try:
                parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
                if self._is_upgrade:
                    return data
                if self._parser is not None:
                    self._parser = self._parser_behind_offer()
            except httptools.HttpParserError as error:
                mistake = _mistake(error)
                if self._parser is not None or not isinstance(mistake, BadHead):
                    raise mistake from None
            else:
                if self._has_moved:
                    self._has_moved, self._silent_bytes = False, 0
                else:
                    self._watch(len(data))
                break
        return None

    def _parser_behind_offer(self) -> httptools.HttpRequestParser:
        """Return a parser that reads on where llhttp stops: behind a head that offers a protocol which nobody here speaks."""
        parser = httptools.HttpRequestParser(self)
        if self._framing:
            self._is_repeated = True
            parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % self._framing)
            self._is_repeated, self._framing = False, b""
        return parser

    def _watch(self, size: int) -> None:
        """Refuse what grows without an end: llhttp tells of a field once it is whole, of blanks and chunk extensions never."""
        self._silent_bytes += size
        if self._silent_bytes > 2 * self._limit:
            raise _too_large()

    # -- called by the parser -----------------------------------------------------------------------------------------

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request target."""
        self.is_in_head = True
        self._target += url
        self._head_bytes += len(url)
        if self._head_bytes > self._limit:
            raise _too_large()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field. Those of a trailer are dropped: nobody here waits for them (RFC 9110 section 6.5.1)."""
        self._fields.append((self._names.lower(name), value.decode("latin-1").strip(" \t")))
        self._head_bytes += len(name) + len(value) + FIELD_BYTES
        if self._head_bytes > self._limit:
            raise _too_large()

    def on_headers_complete(self) -> None:
        """Hand on the head."""
        self._has_moved, self.is_in_head = True, False
        if self._is_repeated:
            self._forget()
        elif self._parser is not None:
            self._taker.begin(self._head(self._parser))

    def on_body(self, data: bytes) -> None:
        """Hand on a piece of the body."""
        self._has_moved = True
        self._taker.take(data)

    def on_message_complete(self) -> None:
        """Hand on the end of the request."""
        if self._framing:
            return  # its body is still to come
        self._has_moved = True
        if self._head_bytes:
            self._forget()  # a trailer, which must not become part of the next head
        self._taker.end()

    def _forget(self) -> None:
        self._fields, self._target, self._head_bytes = [], b"", 0

    def _head(self, parser: httptools.HttpRequestParser) -> RequestHead:
        method, headers, target = parser.get_method().decode("ascii"), self._fields, self._target
        self._forget()
        if len(headers) > MAX_FIELDS:
            raise _too_large()
        fields = by_name(headers)
        version = parser.get_http_version()
        if version not in VERSIONS:
            raise BadHead("The versions that are spoken here are HTTP/1.1 and HTTP/1.0.", 505)
        is_http10 = version == HTTP_10
        require_host(headers, is_http10=is_http10)
        body_bytes = body_length(headers, fields, is_http10=is_http10)
        if method == "CONNECT":
            raise BadHead("This method is not known here.", 501)
        upgrade = parser.should_upgrade() and self._upgrade(fields, body_bytes)
        path, query = split_target(target.decode("latin-1"), fields.get("host", ""))
        return RequestHead(
            method=method,
            path=path,
            query=query,
            headers=headers,
            fields=fields,
            body_bytes=body_bytes,
            is_http10=is_http10,
            keep_alive=parser.should_keep_alive(),
            upgrade=upgrade,
        )

    def _upgrade(self, fields: dict[str, str], body_bytes: int | None) -> bool:
        """Tell whether a request that offers another protocol offers one that is spoken here."""
        self._is_upgrade = fields.get("upgrade", "").lower() == WEBSOCKET
        if self._is_upgrade and body_bytes != 0:
            raise BadHead("A request for a WebSocket has no body.")
        if body_bytes != 0:
            self._framing = b"Transfer-Encoding: chunked" if body_bytes is None else b"Content-Length: %d" % body_bytes
        return self._is_upgrade


def _mistake(error: httptools.HttpParserError) -> BaseException:
    """Return what is wrong: with the request, or what was raised by those whom the parser has called."""
    if isinstance(error, httptools.HttpParserCallbackError):
        return error.__context__ or error
    if isinstance(error, httptools.HttpParserInvalidMethodError):
        return BadHead("This method is not known here.", 501)
    return BadHead("This is no HTTP/1.1 request.")


def _too_large() -> BadHead:
    return BadHead("The head of the request is too large.", 431)
