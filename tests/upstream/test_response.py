"""Answers as bytes. The door's own suite sees them over sockets; here is what needs none."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.primitives.http import Headers
from hub.upstream.response import MAX_FIELDS, MAX_HEAD_BYTES, MAX_WITHOUT_BODY_BYTES, NotHttp, UpstreamResponse

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH_2 = OK + b"Content-Length: 2\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def read(*pieces: bytes, method: str = "GET") -> UpstreamResponse:
    """Read an answer that comes in these pieces."""
    answer = UpstreamResponse(method)
    for piece in pieces:
        answer.feed(memoryview(piece))
    return answer


def refusal(*pieces: bytes, method: str = "GET") -> str:
    """Return why an answer is refused."""
    with pytest.raises(NotHttp) as caught:
        read(*pieces, method=method)
    return str(caught.value)


class TestHead:
    def test_fields(self):
        """Names are in lower case, values are what the bytes say in ISO 8859-1, and what repeats stays so."""
        answer = read(OK + b"X-Name: M\xfcller \t\r\nSet-Cookie: a\r\nset-cookie: b\r\nX-Empty:\r\nContent-Length: 0\r\n\r\n")

        assert answer.headers == [
            *(("x-name", "M\xfcller"), ("set-cookie", "a"), ("set-cookie", "b"), ("x-empty", "")),
            ("content-length", "0"),
        ]

    @pytest.mark.parametrize("fold", [b"\r\n ", b"\r\n\t", b" \t\r\n \t  ", b"\r\n \r\n "])
    @pytest.mark.parametrize("at", [0, 1, 5, 10, 20, 25, 26, 27, 28, 29, 30, 31, 40])
    def test_folded_line(self, fold, at):
        """A value on several lines becomes one, wherever the reads end (RFC 9112 section 5.2); the body is left alone."""
        data = OK + b"X-Long: one" + fold + b"two\r\nContent-Length: 6\r\n\r\na\r\n b "
        answer = read(data[:at], data[at:])

        assert (answer.headers[0][0], answer.headers[0][1].split()) == ("x-long", ["one", "two"])
        assert (answer.take(), answer.is_complete) == (b"a\r\n b ", True)

    @pytest.mark.parametrize(
        "head",
        [
            b"HTTP/1.1 200 OK\r\n X-A: a\r\nContent-Length: 0",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2",
            b"HTTP/1.1 200 OK\r\nContent-Length:\r\n 2",
            b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nTransfer-Encoding:\r\n\tchunked",
            b"HTTP/1.1 200 OK\r\nX: a\n b\r\nContent-Length: 0",
        ],
    )
    def test_lines_that_are_not_folded(self, head):
        """A blank after the status line, and folding of what tells where the response ends, are not valid."""
        data = head + b"\r\n\r\n"
        for at in range(len(data)):
            assert refusal(data[:at], data[at:])

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b"HTTP/1.1 200", ""),
            (b"HTTP/1.1 200 ", ""),
            (b"HTTP/1.1 299 Not quite", "Not quite"),
            (b"HTTP/1.1 200 \xfc", ""),
            (b"HTTP/1.1 200 a\tb", ""),
        ],
    )
    def test_reason(self, line, reason):
        """A reason phrase is passed on if it can be shown."""
        assert read(line + b"\r\nContent-Length: 0\r\n\r\n").reason == reason

    def test_nothing_of_an_interim_answer_stays(self):
        """Neither its fields nor its reason."""
        answer = read(b"HTTP/1.1 100 Go on\r\nX: 1\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n", LENGTH_2 + b"ok")

        assert (answer.status, answer.reason, answer.headers, answer.take()) == (200, "OK", [("content-length", "2")], b"ok")
        assert answer.keeps_connection

    @pytest.mark.parametrize("framing", [b"Content-Length: 2", b"Transfer-Encoding: chunked"])
    @pytest.mark.parametrize("status", [b"100", b"103", b"150"])
    def test_no_interim_answer_has_a_body(self, status, framing):
        """What two readers may take for a body and for an answer is refused (RFC 9112 section 6.3)."""
        assert "interim" in refusal(b"HTTP/1.1 " + status + b" Go on\r\n" + framing + b"\r\n\r\n")

    @pytest.mark.parametrize("version", [b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.2", b"HTTPS/1.1"])
    def test_other_versions(self, version):
        """Only HTTP/1.0 and HTTP/1.1 are spoken."""
        assert refusal(version + b" 200 OK\r\nContent-Length: 0\r\n\r\n")

    def test_a_status_below_100(self):
        """Such a status has no meaning."""
        assert refusal(b"HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n")

    @pytest.mark.parametrize(
        "field",
        [b"X : a", b"X: a\rb", b"X: a\x00b", b"X: a\nY: b", b": a", b"no colon", b"X\x80: a"],
    )
    def test_lines_that_readers_disagree_about(self, field):
        """Bare line ends, NUL, and names with a space behind them."""
        assert refusal(OK + field + b"\r\nContent-Length: 0\r\n\r\n")

    def test_the_number_of_fields_is_bounded(self):
        """One more is refused."""
        fields = b"X: 1\r\n" * MAX_FIELDS

        assert len(read(OK + fields + b"\r\n").headers) == MAX_FIELDS
        assert "too many" in refusal(OK + b"Y: 1\r\n" + fields + b"\r\n")

    @pytest.mark.parametrize("cut", [None, 1000])
    def test_the_size_of_the_head_is_bounded(self, cut):
        """However it comes."""
        fits, large = (b"X: " + b"x" * (MAX_HEAD_BYTES - 1 + more) + b"\r\n\r\n" for more in (0, 1))

        assert read(*pieces_of(OK + fits, cut)).has_head
        assert "too large" in refusal(*pieces_of(OK + large, cut))

    @pytest.mark.parametrize("endless", [b"X: " + b"x" * 1000, b"HTTP/1.1 100 Go on\r\n\r\n" * 50])
    def test_a_head_without_an_end(self, endless):
        """It is given up before it is there, be it one field or many interim answers."""
        start = OK if endless.startswith(b"X") else b""
        assert "too many bytes" in refusal(
            start + endless, *[endless.removeprefix(b"X: ")] * (MAX_WITHOUT_BODY_BYTES // len(endless) + 1)
        )


class TestLength:
    def test_announced(self):
        """The body ends where it was announced to."""
        answer = read(LENGTH_2, b"o", b"k")

        assert (answer.body_bytes, answer.take(), answer.is_complete, answer.keeps_connection) == (2, b"ok", True, True)

    def test_chunked(self):
        """Chunks are put together; extensions and trailers are dropped."""
        answer = read(CHUNKED + b"2;a=b\r\nok\r\n1\r\n!\r\n0\r\nX-Trailer: 1\r\n\r\n")

        assert (answer.body_bytes, answer.take(), answer.is_complete, answer.keeps_connection) == (None, b"ok!", True, True)
        assert answer.headers == [("transfer-encoding", "chunked")]

    def test_until_the_connection_closes(self):
        """Without a length the end of the connection is that of the body."""
        answer = read(OK + b"\r\n", b"all of it")
        assert not answer.is_complete
        answer.end()

        assert (answer.take(), answer.is_complete, answer.keeps_connection) == (b"all of it", True, False)

    @pytest.mark.parametrize(
        "half", [b"", OK, b"HTTP/1.1 100 Go on\r\n\r\n", LENGTH_2 + b"o", CHUNKED + b"2\r\nok\r\n", CHUNKED + b"2\r\nok\r\n0\r\n"]
    )
    def test_half_an_answer(self, half):
        """Any other end is too early."""
        answer = read(half)
        with pytest.raises(NotHttp):
            answer.end()

    @pytest.mark.parametrize(
        "fields",
        [
            b"Content-Length: 2\r\nContent-Length: 2",
            b"Content-Length: 2\r\nContent-Length: 3",
            b"Content-Length: 2, 2",
            b"Content-Length: +2",
            b"Content-Length: -2",
            b"Content-Length: 0x2",
            b"Content-Length: ",
            b"Content-Length: 99999999999999999999",
            b"Content-Length: 2\r\nTransfer-Encoding: chunked",
            b"Transfer-Encoding: chunked\r\nContent-Length: 2",
            b"Transfer-Encoding: gzip",
            b"Transfer-Encoding: gzip, chunked",
            b"Transfer-Encoding: chunked, gzip",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            b"Transfer-Encoding: xchunked",
            b"Transfer-Encoding:",
        ],
    )
    def test_ambiguous(self, fields):
        """Where two readers may see different ends the answer is refused, before any of its body is taken for one."""
        assert refusal(OK + fields + b"\r\n\r\nok")

    def test_chunks_in_http_1_0(self):
        """HTTP/1.0 knows none (RFC 9112 section 6.1)."""
        assert refusal(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")

    @pytest.mark.parametrize(
        "chunk", [b"0x2\r\nok", b"-2\r\nok", b"2 \r\nok", b"2\nok", b"\r\nok", b"2\r\nok!", b"g\r\nok", b"f" * 17]
    )
    def test_bad_chunks(self, chunk):
        """The size of a chunk is hexadecimal digits and nothing else, and each chunk is followed by a line end."""
        assert refusal(CHUNKED + chunk + b"\r\n0\r\n\r\n")

    @pytest.mark.parametrize("endless", [b"0\r\n", b"1;"])
    def test_trailers_and_extensions_without_an_end(self, endless):
        """What stands round chunks is bounded as heads are."""
        more = (b"X: 1\r\n" if endless == b"0\r\n" else b"x") * 1000
        assert "too many bytes" in refusal(CHUNKED + endless, *[more] * (MAX_WITHOUT_BODY_BYTES // len(more) + 1))

    def test_chunks_without_an_end(self):
        """An endless answer has no bound of its own, however small its chunks are."""
        answer = read(CHUNKED, *[b"1\r\nx\r\n"] * MAX_WITHOUT_BODY_BYTES)

        assert (answer.is_complete, answer.unread_bytes) == (False, MAX_WITHOUT_BODY_BYTES)

    @pytest.mark.parametrize("status", [b"204", b"304"])
    @pytest.mark.parametrize("field", [b"X: 1", b"Content-Length: 5", b"Transfer-Encoding: chunked"])
    def test_statuses_without_a_body(self, status, field):
        """They end with their head."""
        answer = read(b"HTTP/1.1 " + status + b" No\r\n" + field + b"\r\n\r\n")

        assert (answer.body_bytes, answer.is_complete, answer.keeps_connection) == (0, True, True)


class TestConnection:
    @pytest.mark.parametrize(
        ("version", "fields", "keeps"),
        [
            (b"1.1", b"", True),
            (b"1.1", b"Connection: close\r\n", False),
            (b"1.1", b"Connection: Keep-Alive\r\n", True),
            (b"1.1", b"Connection: x, CLOSE\r\n", False),
            (b"1.1", b"Connection: close\r\nConnection: x\r\n", False),
            (b"1.1", b"Connection: Upgrade\r\nUpgrade: h2c\r\n", True),
            (b"1.0", b"", False),
            (b"1.0", b"Connection: keep-alive\r\n", True),
        ],
    )
    def test_persistence(self, version, fields, keeps):
        """RFC 9112 section 9.3; an offer to upgrade changes nothing."""
        answer = read(b"HTTP/" + version + b" 200 OK\r\n" + fields + b"Content-Length: 2\r\n\r\nok")

        assert (answer.take(), answer.keeps_connection) == (b"ok", keeps)

    @pytest.mark.parametrize("whole", [LENGTH_2 + b"ok", CHUNKED + b"0\r\n\r\n", b"HTTP/1.1 204 No\r\n\r\n"])
    @pytest.mark.parametrize("excess", [b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged", b"H", b"\x00"])
    @pytest.mark.parametrize("is_later", [True, False])
    def test_bytes_behind_an_answer(self, whole, excess, is_later):
        """They spoil the connection and change nothing about the answer."""
        answer = read(*([whole, excess] if is_later else [whole + excess]))

        assert (answer.is_complete, answer.keeps_connection) == (True, False)
        assert answer.take() == (b"ok" if b"ok" in whole else b"")


class TestHeadRequests:
    @pytest.mark.parametrize("field", [b"X: 1", b"Content-Length: 1000", b"Transfer-Encoding: chunked"])
    def test_end_with_their_head(self, field):
        """Whatever length they name."""
        answer = read(b"HTTP/1.1 103 Early\r\n\r\n" + OK + field + b"\r\n\r\n", method="HEAD")

        assert (answer.body_bytes, answer.is_complete, answer.keeps_connection) == (0, True, True)

    @pytest.mark.parametrize("field", [b"X: 1", b"Content-Length: 1000", b"Transfer-Encoding: chunked"])
    @pytest.mark.parametrize("body", [b"x", b"5", b"5\r\nHTTP/\r\n\r\n", b"\r\n\r\n"])
    def test_a_body_spoils_the_connection(self, field, body):
        """A server that sends one does not know where its answers end: nothing of it becomes another answer."""
        answer = read(OK + field + b"\r\n\r\n" + body, method="HEAD")

        assert (answer.is_complete, answer.keeps_connection, answer.take()) == (True, False, b"")


# -- any cut ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """An answer, and what a reader has to make of it."""

    method: str
    wire: bytes
    status: int
    headers: Headers
    body: bytes
    keeps: bool


def pieces_of(wire: bytes, size: int | None) -> Sequence[bytes]:
    """Cut bytes into pieces of one size; None: not at all."""
    return [wire] if size is None else [wire[start : start + size] for start in range(0, len(wire), size)]


TOKENS = st.text("abcxyz-019!", min_size=1, max_size=8).map(lambda text: f"x-{text}")
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=12)
INTERIM = st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"])


@st.composite
def answers(draw: st.DrawFn) -> Sent:
    """Sound answers whose end shows without the connection's: with a length, in chunks, or without a body."""
    method = draw(st.sampled_from(["GET", "HEAD"]))
    status = draw(st.sampled_from([200, 204, 304, 404, 599]))
    version, closes = draw(st.sampled_from([("1.1", False), ("1.1", True)]))
    fields = draw(st.lists(st.tuples(TOKENS, VALUES), max_size=4))
    body, framing = b"", b""
    if method == "GET" and status not in (204, 304):
        chunks = draw(st.lists(st.binary(min_size=1, max_size=20), max_size=4))
        body = b"".join(chunks)
        if draw(st.booleans()):
            fields.append(("content-length", str(len(body))))
            framing = body
        else:
            fields.append(("transfer-encoding", "chunked"))
            framing = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    if closes:
        fields.append(("connection", "close"))
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields).encode("latin-1")
    wire = draw(INTERIM) + f"HTTP/{version} {status} Reason\r\n".encode() + lines + b"\r\n" + framing
    return Sent(method, wire, status, fields, body, not closes)


def cut(data: st.DataObject, wire: bytes) -> list[bytes]:
    """Cut bytes anywhere."""
    marks = data.draw(st.lists(st.integers(0, len(wire)), max_size=6).map(sorted))
    return [wire[start:end] for start, end in zip([0, *marks], [*marks, len(wire)], strict=True) if start < end]


@given(answers(), st.data())
def test_any_cut_gives_the_same_answer(sent: Sent, data: st.DataObject) -> None:
    """It is the one that was sent, whatever pieces the network makes of it."""
    answer = read(*cut(data, sent.wire), method=sent.method)

    assert (answer.status, answer.reason, answer.headers) == (sent.status, "Reason", sent.headers)
    assert (answer.take(), answer.is_complete, answer.keeps_connection) == (sent.body, True, sent.keeps)


@given(answers(), st.binary(min_size=1, max_size=40).filter(lambda excess: excess.strip(b"\r\n")), st.data())
def test_no_excess_becomes_an_answer(sent: Sent, excess: bytes, data: st.DataObject) -> None:
    """Whatever follows an answer, and wherever it is cut, the answer stays and the connection carries no other one."""
    answer = read(*cut(data, sent.wire + excess), method=sent.method)

    assert (answer.status, answer.headers, answer.take()) == (sent.status, sent.headers, sent.body)
    assert (answer.is_complete, answer.keeps_connection) == (True, False)
