"""Parser for one response of an API (RFC 9112). Pure.

llhttp does the parsing. This module rejects what llhttp accepts although two parsers could read it differently. Otherwise bytes
after a response could be taken for the response to another user's request (response smuggling).
"""

import re

from httptools import HttpParserError, HttpResponseParser

from hub.primitives.http import HEADER_ONLY_STATUSES, Headers

MAX_HEAD_BYTES = 64 * 1024  # names and values together
MAX_FIELDS = 128
MAX_WITHOUT_BODY_BYTES = 2 * MAX_HEAD_BYTES  # heads, interim responses, trailers and chunk headers

_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})
_END_OF_LINE = b"\r\n"
_END_OF_HEAD = b"\r\n\r\n"
_STATUS_AT = len("HTTP/1.1 ")
_FOLD = re.compile(rb"[ \t]*\r\n[ \t]+")
_LINE_START = re.compile(rb"\r\n(?=[^ \t\r\n])")
_FOLDED_FRAMING = re.compile(rb"\n(?:connection|content-length|transfer-encoding)[ \t]*:[^\r\n]*\r\n[ \t]", re.IGNORECASE)


class NotHttp(Exception):
    """The bytes are not a valid response, or their end is ambiguous. The message for operators contains none of the bytes."""


class UpstreamResponse:
    """The response to one request, as far as it has arrived. Each response has its own parser, so that no state is carried over.

    Attributes:
        status: Status code of the final response. Interim responses are skipped.
        reason: Reason phrase if it is printable ASCII, else empty.
        headers: Response headers in order, with names in lower case. Trailers are dropped.
        body_bytes: Length of the body; None if it is not known in advance.
        chunks: Received parts of the body that were not taken yet; `unread_bytes` is their size.
        has_begun: Whether any byte has arrived.
        has_head: Whether the head has arrived.
        is_complete: Whether the whole response has arrived.
        lasts_until_close: Whether the end of the connection marks the end of the body.
        keeps_connection: Whether the connection may carry another request after this response.
    """

    __deletable__ = ("_parser",)  # for mypyc
    __slots__ = (
        "_bytes_without_body",
        "_has_start_line",
        "_heads",
        "_held",
        "_is_interim",
        "_parser",
        "_wire",
        "body_bytes",
        "chunks",
        "has_begun",
        "has_head",
        "headers",
        "is_complete",
        "keeps_connection",
        "lasts_until_close",
        "reason",
        "status",
        "unread_bytes",
    )

    def __init__(self, method: str) -> None:
        self.status = 0
        self.reason = ""
        self.headers: Headers = []
        self.body_bytes: int | None = None
        self.chunks: list[bytes] = []
        self.unread_bytes = 0
        self.has_begun = self.has_head = self.is_complete = self.keeps_connection = False
        self._is_interim = self.lasts_until_close = False
        self._bytes_without_body = 0
        self._has_start_line = False
        self._held = b""  # the last header of a head so far, which may continue on the next line
        self._heads = 0
        self._wire: bytearray | None = bytearray() if method == "HEAD" else None
        self._parser = HttpResponseParser(self)

    def feed(self, data: bytes | memoryview) -> None:
        """Parse received bytes. Bytes after the end of the response are dropped, and the connection is not reused.

        Raises:
            NotHttp: The response is not valid.
        """
        self.has_begun = True
        if self.is_complete:
            self.keeps_connection = False
            return
        self._bytes_without_body += len(data)
        if self._wire is not None:
            self._wire += data
        self._parse(data)
        self._after_parsing()

    def end(self) -> None:
        """Handle the end of the connection.

        Raises:
            NotHttp: The response is incomplete.
        """
        if not (self.has_head and self.lasts_until_close):
            raise NotHttp("The connection ended before the response.")
        self.is_complete = True
        del self._parser

    def take(self) -> bytes:
        """Return the received bytes of the body that were not taken yet; empty if there are none."""
        chunks = self.chunks
        if not chunks:
            return b""
        taken = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self.unread_bytes = 0
        return taken

    # -- called by the parser -----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Reject a second response after the first one."""
        if self.is_complete:
            raise NotHttp("Bytes follow the response.")

    def on_status(self, reason: bytes) -> None:
        """Append a part of the reason phrase."""
        self.reason += reason.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Append a header."""
        if self.has_head:
            return  # a trailer
        if len(self.headers) == MAX_FIELDS:
            raise NotHttp("The response has too many headers.")
        self.headers.append((name.lower().decode("latin-1"), value.decode("latin-1").rstrip(" \t")))

    def on_headers_complete(self) -> None:
        """Determine the end of the response, and whether the connection may be reused."""
        self._heads += 1
        self.status = self._parser.get_status_code()
        version = self._parser.get_http_version()
        framing = _combined(self.headers)
        self._validate_head(version, framing)
        if self.status < 200:
            self._skip_interim(framing)
            return
        self.has_head = True
        if not (self.reason.isascii() and self.reason.isprintable()):
            self.reason = ""
        has_no_body = self._wire is not None or self.status in HEADER_ONLY_STATUSES
        length = framing.get("content-length")
        self.body_bytes = 0 if has_no_body else None if length is None else int(length)
        self.lasts_until_close = self.body_bytes is None and "transfer-encoding" not in framing
        self.keeps_connection = not self.lasts_until_close and _keeps(version, framing.get("connection"))
        self.is_complete = self._wire is not None

    def on_body(self, chunk: bytes) -> None:
        """Append a chunk of the body."""
        if self.is_complete:
            raise NotHttp("A body follows the response to HEAD.")
        self._bytes_without_body = 0
        self.unread_bytes += len(chunk)
        self.chunks.append(chunk)

    def on_message_complete(self) -> None:
        """Record the end of the response."""
        self.is_complete = not self._is_interim
        self._is_interim = False

    # -----------------------------------------------------------------------------------------------------------------

    def _parse(self, data: bytes | memoryview) -> None:
        try:
            rest = data
            while rest and not self.has_head:
                read = bytes(rest)
                if self._is_plain_head(read):
                    head, rest = read, b""
                else:
                    head, rest = self._next_head(read)
                self._parser.feed_data(head)
            if rest:
                self._parser.feed_data(rest)
        except HttpParserError as error:
            if not self.is_complete:
                raise NotHttp(_reason(error)) from error
            self.keeps_connection = False

    def _is_plain_head(self, data: bytes) -> bool:
        """Return whether these first bytes hold a whole final head without folded lines, as nearly all do."""
        end = data.find(_END_OF_HEAD)
        return (
            end > 0
            and not self._has_start_line
            and not self._held
            and data[_STATUS_AT : _STATUS_AT + 1] != b"1"  # interim responses: another head follows
            and data.find(b"\n ", 0, end) < 0
            and data.find(b"\n\t", 0, end) < 0
        )

    def _next_head(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the bytes of a head that can be parsed, with spaces in place of line folding, and what follows the head.

        llhttp rejects folded lines (RFC 9112 section 5.2). A folded header about the framing stays folded and is rejected, since
        parsers differ about it.
        """
        if self._held:
            data, self._held = self._held + data, b""
        at = 0 if self._has_start_line else data.find(_END_OF_LINE) + 2
        end, rest = data.find(_END_OF_HEAD), b""
        if end < 0:
            lines = list(_LINE_START.finditer(data))
            end = lines[-1].start() if lines else len(data.rstrip(_END_OF_LINE))
            data, self._held = data[:end], data[end:]
        else:
            data, rest = data[: end + len(_END_OF_HEAD)], data[end + len(_END_OF_HEAD) :]
        self._has_start_line = self._has_start_line or 1 < at <= end
        if data.find(b"\n ", at, end) < 0 and data.find(b"\n\t", at, end) < 0:
            return data, rest
        head = data[at:end]
        if _FOLDED_FRAMING.search(b"\n" + head) is not None:
            return data, rest
        return data[:at] + _FOLD.sub(b" ", head) + data[end:], rest

    def _validate_head(self, version: str, framing: dict[str, str]) -> None:
        if version not in ("1.1", "1.0") or self.status < 100:
            raise NotHttp("The response has an unsupported version, or no status.")
        coding = framing.get("transfer-encoding")
        if coding is not None and (version == "1.0" or coding.lower() != "chunked"):
            raise NotHttp("The response has another transfer coding than chunked.")
        is_large = self._bytes_without_body > MAX_HEAD_BYTES
        if is_large and sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD_BYTES:
            raise NotHttp("The head of the response is too large.")

    def _skip_interim(self, framing: dict[str, str]) -> None:
        """Skip an interim response (RFC 9110 section 15.2). It must have no body and must not switch protocols."""
        if self.status == 101 or "content-length" in framing or "transfer-encoding" in framing:
            raise NotHttp("The response switches protocols, or is an interim response with a body.")
        self._is_interim = True
        self._has_start_line = False
        self.headers.clear()
        self.reason = ""

    def _after_parsing(self) -> None:
        """Update the state after parsing, and check the limit for bytes outside the body."""
        if self.is_complete:
            del self._parser  # breaks the reference cycle, so the garbage collector has no work
            if self._wire is not None and not self._ends_with_its_head(self._wire):
                self.keeps_connection = False
        elif self._bytes_without_body > MAX_WITHOUT_BODY_BYTES:
            raise NotHttp("The response has too many bytes outside its body.")

    def _ends_with_its_head(self, wire: bytearray) -> bool:
        """Return whether nothing follows the head of a response to HEAD. The parser does not know that it has no body."""
        return wire.endswith(_END_OF_HEAD) and wire.count(_END_OF_HEAD) == self._heads


def _combined(headers: Headers) -> dict[str, str]:
    """Return the headers about connection and body length. Repeated headers are joined (RFC 9110 section 5.3)."""
    framing: dict[str, str] = {}
    for name, value in headers:
        if name in _FRAMING:
            framing[name] = f"{framing[name]}, {value}" if name in framing else value
    return framing


def _keeps(version: str, connection: str | None) -> bool:
    """Return whether the connection is persistent (RFC 9112 section 9.3)."""
    if connection is None:
        return version == "1.1"
    options = [option.strip() for option in connection.lower().split(",")]
    return "close" not in options and (version == "1.1" or "keep-alive" in options)


def _reason(error: HttpParserError) -> str:
    """Return the message of llhttp, or that of our own callback if the callback raised."""
    return str(error.__context__ if isinstance(error.__context__, NotHttp) else error)
