"""One answer of a resource server, read from the bytes of its connection (RFC 9112). Pure.

llhttp reads; what it lets pass though two readers may disagree about it is refused here: only then is it certain where an
answer ends, and that nothing behind its end is taken for the answer to somebody else's request.
"""

from httptools import HttpParserError, HttpResponseParser

from hub.primitives.http import Headers

MAX_HEAD_BYTES = 64 * 1024  # names and values together
MAX_FIELDS = 128
MAX_WITHOUT_BODY_BYTES = 2 * MAX_HEAD_BYTES  # heads with their interim answers, trailers, what else stands round chunks

_NO_BODY = frozenset({204, 304})
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})
_END_OF_HEAD = b"\r\n\r\n"


class NotHttp(Exception):
    """The bytes are no answer, or one whose end is not certain. The text tells an operator why, and shows none of them."""


class UpstreamResponse:
    """The answer to one request, as far as it has come. Has a parser of its own, so that no answer inherits a state.

    Attributes:
        status: Status code, never one of the interim answers: those are passed over.
        reason: Reason phrase if it is printable ASCII, else empty.
        headers: Header fields in order, names in lower case; trailers are dropped.
        body_bytes: Length of the body; None if its end shows only when it comes.
        pieces: What has come of the body and was not taken yet; `unread_bytes` is its size.
        has_begun: Whether any byte has come.
        has_head: Whether everything before the body is there.
        is_complete: Whether the whole answer is there.
        lasts_until_close: Whether the body ends with the connection, and not before.
        keeps_connection: Whether the connection may carry another request once the answer is complete.
    """

    __deletable__ = ("_parser",)  # for mypyc
    __slots__ = (
        "_bytes_without_body",
        "_heads",
        "_is_interim",
        "_parser",
        "_wire",
        "body_bytes",
        "has_begun",
        "has_head",
        "headers",
        "is_complete",
        "keeps_connection",
        "lasts_until_close",
        "pieces",
        "reason",
        "status",
        "unread_bytes",
    )

    def __init__(self, method: str) -> None:
        self.status = 0
        self.reason = ""
        self.headers: Headers = []
        self.body_bytes: int | None = None
        self.pieces: list[bytes] = []
        self.unread_bytes = 0
        self.has_begun = self.has_head = self.is_complete = self.keeps_connection = False
        self._is_interim = self.lasts_until_close = False
        self._bytes_without_body = 0
        self._heads = 0
        self._wire: bytearray | None = bytearray() if method == "HEAD" else None
        self._parser = HttpResponseParser(self)

    def feed(self, data: bytes | memoryview) -> None:
        """Read on. What follows the end of the answer is not read; it makes the connection unfit for another request.

        Raises:
            NotHttp: The answer cannot be used, whatever else comes.
        """
        self.has_begun = True
        if self.is_complete:
            self.keeps_connection = False
            return
        self._bytes_without_body += len(data)
        if self._wire is not None:
            self._wire += data
        self._parse(data)
        self._look_back()

    def end(self) -> None:
        """Take note that the server has closed the connection.

        Raises:
            NotHttp: The answer is not whole.
        """
        if not (self.has_head and self.lasts_until_close):
            raise NotHttp("The connection ended before the answer.")
        self.is_complete = True
        del self._parser

    def take(self) -> bytes:
        """Return what has come of the body since the last time; empty if nothing has."""
        pieces = self.pieces
        if not pieces:
            return b""
        taken = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.unread_bytes = 0
        return taken

    # -- called by the parser -----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Refuse a second answer behind the first one."""
        if self.is_complete:
            raise NotHttp("Bytes follow the answer.")

    def on_status(self, reason: bytes) -> None:
        """Note the reason phrase, or a part of it."""
        self.reason += reason.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a header field."""
        if self.has_head:
            return  # a trailer
        if len(self.headers) == MAX_FIELDS:
            raise NotHttp("The answer has too many header fields.")
        self.headers.append((name.lower().decode("latin-1"), value.decode("latin-1").rstrip(" \t")))

    def on_headers_complete(self) -> None:
        """Decide where the answer ends, and whether the connection may be used again."""
        self._heads += 1
        self.status = self._parser.get_status_code()
        version = self._parser.get_http_version()
        framing = _combined(self.headers)
        self._require_sound(version, framing)
        if self.status < 200:
            self._pass_over(framing)
            return
        self.has_head = True
        if not (self.reason.isascii() and self.reason.isprintable()):
            self.reason = ""
        has_no_body = self._wire is not None or self.status in _NO_BODY
        length = framing.get("content-length")
        self.body_bytes = 0 if has_no_body else None if length is None else int(length)
        self.lasts_until_close = self.body_bytes is None and "transfer-encoding" not in framing
        self.keeps_connection = not self.lasts_until_close and _keeps(version, framing.get("connection"))
        self.is_complete = self._wire is not None

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
        if self.is_complete:
            raise NotHttp("A body follows the answer to HEAD.")
        self._bytes_without_body = 0
        self.unread_bytes += len(piece)
        self.pieces.append(piece)

    def on_message_complete(self) -> None:
        """Note the end."""
        self.is_complete = not self._is_interim
        self._is_interim = False

    # -----------------------------------------------------------------------------------------------------------------

    def _parse(self, data: bytes | memoryview) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            if not self.is_complete:
                raise NotHttp(_reason(error)) from error
            self.keeps_connection = False

    def _require_sound(self, version: str, framing: dict[str, str]) -> None:
        if version not in ("1.1", "1.0") or self.status < 100:
            raise NotHttp("The answer has another version, or no status.")
        coding = framing.get("transfer-encoding")
        if coding is not None and (version == "1.0" or coding.lower() != "chunked"):
            raise NotHttp("The answer has a transfer coding besides chunked.")
        is_large = self._bytes_without_body > MAX_HEAD_BYTES
        if is_large and sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD_BYTES:
            raise NotHttp("The head of the answer is too large.")

    def _pass_over(self, framing: dict[str, str]) -> None:
        """Forget an interim answer (RFC 9110 section 15.2), which has no body and changes no protocol."""
        if self.status == 101 or "content-length" in framing or "transfer-encoding" in framing:
            raise NotHttp("The answer switches protocols unasked, or is an interim one with a body.")
        self._is_interim = True
        self.headers.clear()
        self.reason = ""

    def _look_back(self) -> None:
        """Draw the conclusions from what was just read."""
        if self.is_complete:
            del self._parser  # it refers to this object: without it there is nothing for the garbage collector to do
            if self._wire is not None and not self._ends_with_its_head(self._wire):
                self.keeps_connection = False
        elif self._bytes_without_body > MAX_WITHOUT_BODY_BYTES:
            raise NotHttp("The answer has too much beside its body.")

    def _ends_with_its_head(self, wire: bytearray) -> bool:
        """Tell whether nothing follows the head of an answer to HEAD, of which the parser does not know that it has no body."""
        return wire.endswith(_END_OF_HEAD) and wire.count(_END_OF_HEAD) == self._heads


def _combined(headers: Headers) -> dict[str, str]:
    """Return the fields about the connection and the length of the body; repeated ones as one list (RFC 9110 section 5.3)."""
    framing: dict[str, str] = {}
    for name, value in headers:
        if name in _FRAMING:
            framing[name] = f"{framing[name]}, {value}" if name in framing else value
    return framing


def _keeps(version: str, connection: str | None) -> bool:
    """Tell whether a connection persists (RFC 9112 section 9.3)."""
    if connection is None:
        return version == "1.1"
    options = [option.strip() for option in connection.lower().split(",")]
    return "close" not in options and (version == "1.1" or "keep-alive" in options)


def _reason(error: HttpParserError) -> str:
    """Return llhttp's own words, or ours if it was a call of ours that refused."""
    return str(error.__context__ if isinstance(error.__context__, NotHttp) else error)
