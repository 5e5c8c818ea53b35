"""Request parser: llhttp, the parser of Node.js, in strict mode.

`hub.listener.head` rejects what llhttp accepts although two servers could read it differently.
"""

from typing import Protocol

import httptools

from hub.listener.head import FIELD_BYTES, BadHead, Headers, Names, RequestHead, request_head, too_large


class RequestSink(Protocol):
    """The connection, as a reader uses it. A protocol, because the connection imports this module."""

    def on_request(self, head: RequestHead) -> None:
        """Process the head of a request."""

    def on_body(self, data: bytes) -> None:
        """Process a segment of its body."""

    def on_complete(self) -> None:
        """Process the end of the request."""


class RequestReader:
    """Parses the requests of one connection in sequence.

    Attributes:
        is_in_head: Whether a head has begun and is incomplete.

    Parameters:
        max_head_bytes: Maximum size of target and headers of one request, and of a trailer.
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
        "_sink",
        "_target",
        "is_in_head",
    )

    def __init__(self, sink: RequestSink, names: Names, max_head_bytes: int) -> None:
        self._sink = sink
        self._names = names
        self._limit = max_head_bytes
        self._target = b""
        self._fields: Headers = []
        self._head_bytes = 0
        self._is_upgrade = False
        self.is_in_head = False
        self._framing = b""  # framing header of the body of a request that offers another protocol
        self._is_repeated = False
        self._has_moved = False
        self._silent_bytes = 0
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)

    def close(self) -> None:
        """Release the parser, which breaks the reference cycle. Callbacks of the current input may still arrive."""
        self._parser = None

    def feed(self, data: bytes) -> bytes | None:
        """Parse received bytes, and call the sink.

        Returns:
            The bytes after a WebSocket request, which are not HTTP; None if there was no such request.

        Raises:
            BadHead: The request is not valid; parsing stops.
            Exception: An error of the sink.
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
        """Return a parser for the rest of a request that offers an unsupported protocol. llhttp stops after such a head."""
        parser = httptools.HttpRequestParser(self)
        if self._framing:
            self._is_repeated = True
            parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % self._framing)
            self._is_repeated, self._framing = False, b""
        return parser

    def _watch(self, size: int) -> None:
        """Limit input without callbacks: llhttp reports only complete headers, and never blanks and chunk extensions."""
        self._silent_bytes += size
        if self._silent_bytes > 2 * self._limit:
            raise too_large()

    # -- called by the parser -----------------------------------------------------------------------------------------

    def on_url(self, url: bytes) -> None:
        """Append a part of the request target."""
        self.is_in_head = True
        self._target += url
        self._head_bytes += len(url)
        if self._head_bytes > self._limit:
            raise too_large()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Append a header. Headers of a trailer are dropped (RFC 9110 section 6.5.1)."""
        self._fields.append((self._names.lower(name), value.decode("latin-1").strip(" \t")))
        self._head_bytes += len(name) + len(value) + FIELD_BYTES
        if self._head_bytes > self._limit:
            raise too_large()

    def on_headers_complete(self) -> None:
        """Pass the head to the sink."""
        self._has_moved, self.is_in_head = True, False
        if self._is_repeated:
            self._forget()
        elif self._parser is not None:
            self._sink.on_request(self._head(self._parser))

    def on_body(self, data: bytes) -> None:
        """Pass a segment of the body on."""
        self._has_moved = True
        self._sink.on_body(data)

    def on_message_complete(self) -> None:
        """Pass the end of the request to the sink."""
        if self._framing:
            return  # the body is still to arrive
        self._has_moved = True
        if self._head_bytes:
            self._forget()  # a trailer, which must not become part of the next head
        self._sink.on_complete()

    def _forget(self) -> None:
        self._fields, self._target, self._head_bytes = [], b"", 0

    def _head(self, parser: httptools.HttpRequestParser) -> RequestHead:
        method, headers, target = parser.get_method().decode("ascii"), self._fields, self._target.decode("latin-1")
        self._forget()
        offers_protocol = parser.should_upgrade()
        head = request_head(
            method,
            target,
            parser.get_http_version(),
            headers,
            keep_alive=parser.should_keep_alive(),
            offers_protocol=offers_protocol,
        )
        self._is_upgrade = head.upgrade
        if offers_protocol and not head.upgrade and head.body_bytes != 0:
            length = head.body_bytes
            self._framing = b"Transfer-Encoding: chunked" if length is None else b"Content-Length: %d" % length
        return head


def _mistake(error: httptools.HttpParserError) -> BaseException:
    """Return the error of a callback, or a `BadHead` for an error of the parser."""
    if isinstance(error, httptools.HttpParserCallbackError):
        return error.__context__ or error
    if isinstance(error, httptools.HttpParserInvalidMethodError):
        return BadHead("This method is not known here.", 501)
    return BadHead("This is not an HTTP/1.1 request.")
