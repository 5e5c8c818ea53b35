"""Requests out of bytes: llhttp, the parser of Node.js, in its strict mode, and what its callbacks are put together to.

What llhttp lets pass and two servers could read in two ways is refused by `hub.listener.head`.
"""

from typing import Any, Protocol

import httptools

from hub import log
from hub.listener.head import BadHead, Fields, Names, RequestHead, body_length, by_name, require_host

CRASHED = 500  # the status of a defect of ours

logger = log.get(__name__)


class Taker(Protocol):
    """Who takes the requests of one connection."""

    def begin(self, head: RequestHead) -> None:
        """Take a request whose head has come."""

    def take(self, data: bytes) -> None:
        """Take a piece of its body."""

    def end(self) -> None:
        """Know that it is whole."""


class RequestReader:
    """Reads the requests of one connection, one after the other."""

    __slots__ = ("_fields", "_head_bytes", "_is_in_body", "_max_head_bytes", "_names", "_parser", "_taker", "_target", "on_body")

    def __init__(self, taker: Taker, names: Names, max_head_bytes: int) -> None:
        self._taker = taker
        self._names = names
        self._max_head_bytes = max_head_bytes
        self._target = b""
        self._fields: Fields = []
        self._head_bytes = 0
        self._is_in_body = False
        self.on_body = taker.take
        self._parser = httptools.HttpRequestParser(self)

    @property
    def is_in_head(self) -> bool:
        """Whether a head has begun and is not whole."""
        return bool(self._target) and not self._is_in_body

    def feed(self, data: bytes) -> bytes | None:
        """Take what came, and tell the taker what that is.

        Returns:
            What came behind a request that asks for another protocol: it is no HTTP any more. None: there was no such request.

        Raises:
            BadHead: This is no request; nothing more can be read.
        """
        was_in_head = self.is_in_head
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            raise _mistake(error) from error
        if was_in_head and self.is_in_head:  # llhttp tells of a field once it is whole, so that one could grow for ever
            self._head_bytes += len(data)
            if self._head_bytes > 2 * self._max_head_bytes:
                raise _too_large()
        return None

    # -- called by the parser -----------------------------------------------------------------------------------------

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request target."""
        self._target += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field."""
        self._fields.append((self._names.lower(name), value.decode("latin-1").strip(" \t")))
        self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """Hand on the head."""
        self._is_in_body = True
        self._taker.begin(self._head())

    def on_message_complete(self) -> None:
        """Hand on the end of the request."""
        self._is_in_body = False
        self._taker.end()

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._max_head_bytes:
            raise _too_large()

    def _head(self) -> RequestHead:
        parser, headers, target = self._parser, self._fields, self._target
        self._fields, self._target, self._head_bytes = [], b"", 0
        fields = by_name(headers)
        is_http10 = parser.get_http_version() == "1.0"
        require_host(headers, is_http10=is_http10)
        body_bytes = body_length(headers, fields, is_http10=is_http10)
        upgrade = parser.should_upgrade()
        if upgrade and body_bytes != 0:
            raise BadHead("A request that asks for another protocol has no body here.")
        path, _, query = target.decode("latin-1").partition("?")
        return RequestHead(
            method=parser.get_method().decode("ascii"),
            path=path,
            query=query,
            headers=headers,
            fields=fields,
            body_bytes=body_bytes,
            is_http10=is_http10,
            keep_alive=parser.should_keep_alive(),
            upgrade=upgrade,
        )


def crashed(exc_info: Any) -> BadHead:
    """Log a defect of ours, and return what the browser is told."""
    logger.error("request.crashed", exc_info=exc_info)
    return BadHead("Something went wrong.", CRASHED)


def _mistake(error: httptools.HttpParserError) -> BadHead:
    """Return what is wrong: with the request, or with us, who were called by the parser."""
    cause = error.__context__
    if isinstance(cause, BadHead):
        return cause
    if isinstance(error, httptools.HttpParserCallbackError):
        return crashed(cause)
    if isinstance(error, httptools.HttpParserInvalidMethodError):
        return BadHead("This method is not known here.", 501)
    return BadHead("This is no HTTP/1.1 request.")


def _too_large() -> BadHead:
    return BadHead("The head of the request is too large.", 431)
