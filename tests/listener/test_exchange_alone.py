"""Exchanges: what an answer looks like on the wire, and when the connection ends with it."""

import pytest

from hub.listener.exchange import Exchange
from hub.listener.handshake import HandshakeRefused
from hub.listener.head import Headers, RequestHead, join_by_name, response_head

WAITS: Headers = [("expect", "100-Continue")]


class Line:
    """A connection that writes down what it is asked to do."""

    remote_ip = "192.0.2.1"
    refuses = False

    def __init__(self) -> None:
        self.sent = b""
        self.done: list[str] = []

    def send_head(self, status: int, reason: str, fields: Headers, body: bytes = b"") -> None:
        """Keep it."""
        self.sent += response_head(status, reason, fields) + body

    def send_chunk(self, piece: bytes, *, is_chunked: bool) -> None:
        """Keep it."""
        self.sent += b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece

    def send_last_chunk(self) -> None:
        """Keep it."""
        self.sent += b"0\r\n\r\n"

    def send_continue(self) -> None:
        """Keep it."""
        self.sent += b"HTTP/1.1 100 Continue\r\n\r\n"

    async def drain(self) -> None:
        """Note it."""
        self.done.append("drain")

    def exchange_ended(self, exchange: Exchange) -> None:
        """Note it."""
        self.done.append("ended")

    def reset(self) -> None:
        """Note it."""
        self.done.append("broken off")

    def hold(self) -> None:
        """Note it."""
        self.done.append("hold")

    def release(self) -> None:
        """Note it."""
        self.done.append("release")

    def open_websocket(self, *asked: object) -> object:
        """Note it, unless the handshake is no good."""
        self.done.append("websocket")
        if self.refuses:
            raise HandshakeRefused(400, "no")
        return self


@pytest.fixture
def line() -> Line:
    """A connection."""
    return Line()


def exchange(
    line: Line,
    method: str = "GET",
    *,
    body_bytes: int | None = 0,
    is_http10: bool = False,
    keep_alive: bool = True,
    upgrade: bool = False,
    headers: Headers | None = None,
) -> Exchange:
    """Return an exchange of which nothing but the head has come."""
    return Exchange(
        line,  # type: ignore[arg-type]  # returns itself for a WebSocket
        RequestHead(
            method=method,
            path="/",
            query="",
            headers=headers or [],
            headers_by_name=join_by_name(headers or []),
            body_bytes=body_bytes,
            is_http10=is_http10,
            keep_alive=keep_alive,
            upgrade=upgrade,
        ),
    )


def stream(asked: Exchange, *pieces: bytes, status: int = 200, length: int | None = None) -> None:
    """Answer in pieces."""
    asked.begin(status, "", [], length)
    for piece in pieces:
        asked.write(piece)
    asked.end()


class TestWhole:
    def test_in_one_write(self, line: Line) -> None:
        """Head, length and body, and then the next request may come (RFC 9112 section 6)."""
        asked = exchange(line)
        asked.send(200, "", [("A", "1")], b"body")

        assert line.sent == b"HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 4\r\n\r\nbody"
        assert (line.done, asked.is_begun, asked.is_ended, asked.keep_alive) == (["ended"], True, True, True)

    @pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304), ("HEAD", 304)])
    def test_without_a_body(self, line: Line, method: str, status: int) -> None:
        """HEAD, 204 and 304 have no body, and no length that somebody could wait for (RFC 9110 section 8.6)."""
        exchange(line, method).send(status, "Said", [("A", "1")], b"body")

        assert line.sent == b"HTTP/1.1 %d Said\r\nA: 1\r\n\r\n" % status

    def test_an_empty_body_has_a_length(self, line: Line) -> None:
        """Nothing is announced as nothing: else the client would wait for the end of the connection."""
        exchange(line).send(404, "", [], b"")

        assert line.sent == b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    def test_what_no_field_may_hold(self, line: Line) -> None:
        """After a field that is refused nothing was sent, so that something else can be said."""
        asked = exchange(line)
        with pytest.raises(ValueError, match="line break"):
            asked.send(200, "", [("A", "1\r\nB: 2")], b"body")
        assert (line.sent, asked.is_begun) == (b"", False)

        asked.send(500, "", [], b"")
        assert line.sent.startswith(b"HTTP/1.1 500 ")


class TestPieces:
    def test_with_a_length(self, line: Line) -> None:
        """Pieces of an announced body go out as they are, the empty ones not at all."""
        stream(exchange(line), b"ab", b"", b"c", length=3)

        assert (line.sent, line.done) == (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", ["ended"])

    def test_in_chunks(self, line: Line) -> None:
        """Without a length each piece says its own, in hexadecimal digits (RFC 9112 section 7.1)."""
        stream(exchange(line), b"ab", b"", b"c" * 26)

        body = b"2\r\nab\r\n1a\r\n" + b"c" * 26 + b"\r\n0\r\n\r\n"
        assert line.sent == b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body

    def test_to_an_old_client(self, line: Line) -> None:
        """HTTP/1.0 knows no chunks, so that the connection ends with the body, whatever the client wants."""
        asked = exchange(line, is_http10=True)
        stream(asked, b"ab")

        assert (line.sent, asked.keep_alive) == (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nab", False)

    @pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
    def test_without_a_body(self, line: Line, method: str, status: int) -> None:
        """What is written to an answer without a body is dropped, and the answer is whole."""
        asked = exchange(line, method)
        stream(asked, b"ab", status=status)

        assert (line.sent.partition(b"\r\n\r\n")[2], b"chunked" in line.sent, line.done) == (b"", False, ["ended"])

    def test_a_short_body(self, line: Line) -> None:
        """One that ends too early breaks the connection: nobody takes it for whole."""
        stream(exchange(line), b"ab", length=3)

        assert line.done == ["broken off"]

    @pytest.mark.parametrize("pieces", [[b"abcd"], [b"ab", b"cd"]])
    def test_a_long_body(self, line: Line, pieces: list[bytes]) -> None:
        """One that goes on too long breaks the connection: the rest would be read as the next answer."""
        stream(exchange(line), *pieces, b"more", length=3)

        assert (line.sent.endswith(b"abcd"), b"more" in line.sent, line.done) == (False, False, ["broken off"])

    def test_nothing_follows_the_end(self, line: Line) -> None:
        """What is written after the end would be read as the next answer."""
        asked = exchange(line)
        stream(asked, b"ab")
        sent = line.sent
        asked.write(b"late")
        asked.end()

        assert (line.sent, line.done) == (sent, ["ended"])

    async def test_room(self, line: Line) -> None:
        """Who writes asks the connection for room."""
        await exchange(line).drain()

        assert line.done == ["drain"]


class TestEndOfTheConnection:
    @pytest.mark.parametrize(
        ("asked_for", "said"),
        [
            ({}, None),
            ({"keep_alive": False}, "close"),
            ({"is_http10": True}, "keep-alive"),
            ({"is_http10": True, "keep_alive": False}, "close"),
            ({"upgrade": True}, "close"),
            ({"body_bytes": 5}, "close"),
            ({"body_bytes": None}, "close"),
        ],
        ids=str,
    )
    def test_is_told(self, line: Line, asked_for: dict[str, object], said: str | None) -> None:
        """Whoever ends the connection says so (RFC 9112 section 9.6); a body that nobody reads and a refused upgrade end it."""
        asked = exchange(line, **asked_for)  # type: ignore[arg-type]
        asked.send(200, "", [], b"")
        fields = dict(each.split(": ") for each in line.sent.decode().split("\r\n")[1:-2])

        assert (fields.get("Connection"), asked.keep_alive) == (said, said != "close")

    def test_a_body_that_has_come(self, line: Line) -> None:
        """Once the body is there the connection goes on."""
        asked = exchange(line, "POST", body_bytes=5)
        asked.is_read = True
        asked.send(200, "", [], b"")

        assert (b"Connection" in line.sent, asked.keep_alive) == (False, True)

    def test_abort(self, line: Line) -> None:
        """After a break nothing more is sent."""
        asked = exchange(line)
        asked.begin(200, "", [], None)
        asked.abort()
        sent = line.sent
        asked.write(b"late")
        asked.end()

        assert (line.sent, line.done) == (sent, ["broken off"])


class TestContinue:
    def test_whoever_waits_is_asked(self, line: Line) -> None:
        """RFC 9110 section 10.1.1: a client that waits for a word gets it, whatever the case of its letters."""
        exchange(line, "POST", body_bytes=5, headers=WAITS).send_continue()

        assert line.sent == b"HTTP/1.1 100 Continue\r\n\r\n"

    @pytest.mark.parametrize(
        "asked_for",
        [{"body_bytes": 5}, {"body_bytes": 0, "headers": WAITS}, {"body_bytes": 5, "headers": [("expect", "more")]}],
        ids=["does not wait", "has no body", "expects something else"],
    )
    def test_nobody_else_is(self, line: Line, asked_for: dict[str, object]) -> None:
        """A word that nobody waits for could be taken for the answer."""
        asked = exchange(line, "POST", **asked_for)  # type: ignore[arg-type]
        asked.send_continue()

        assert (line.sent, asked.wants_continue) == (b"", False)

    def test_not_within_the_answer(self, line: Line) -> None:
        """Whoever was answered already, or has sent the body meanwhile, is not asked for it."""
        answered = exchange(line, "POST", body_bytes=5, headers=WAITS)
        answered.send(413, "", [], b"")
        sent = line.sent
        answered.send_continue()
        read = exchange(line, "POST", body_bytes=5, headers=WAITS)
        read.is_read = True
        read.send_continue()

        assert line.sent == sent


class TestBodies:
    @pytest.mark.parametrize(("body_bytes", "has_body"), [(0, False), (5, True), (None, True)])
    def test_whether_one_follows(self, line: Line, body_bytes: int | None, has_body: bool) -> None:
        """A length, or chunks, say that there is a body; without one the request is whole with its head."""
        asked = exchange(line, "POST", body_bytes=body_bytes)

        assert (asked.has_body, asked.is_read) == (has_body, not has_body)

    def test_back_pressure(self, line: Line) -> None:
        """Who takes a body pauses its connection, and lets it go on."""
        asked = exchange(line, "POST", body_bytes=5)
        asked.hold()
        asked.release()

        assert line.done == ["hold", "release"]


class TestWebSockets:
    def test_accepted(self, line: Line) -> None:
        """The connection speaks another protocol, and nothing else can be answered (RFC 9110 section 7.8)."""
        asked = exchange(line, upgrade=True)
        socket = asked.open_websocket(line, max_message_bytes=1)  # type: ignore[arg-type]
        asked.send(200, "", [], b"late")

        assert (socket, line.done, line.sent, asked.is_ended) == (line, ["websocket"], b"", True)

    def test_refused(self, line: Line) -> None:
        """The connection speaks HTTP still, and something else can be said."""
        line.refuses = True
        asked = exchange(line, upgrade=True)
        with pytest.raises(HandshakeRefused):
            asked.open_websocket(line, max_message_bytes=1)  # type: ignore[arg-type]
        asked.send(400, "", [], b"")

        assert (line.sent[:12], asked.is_begun) == (b"HTTP/1.1 400", True)


def test_peer(line: Line) -> None:
    """The address of the other end is the connection's."""
    assert exchange(line).remote_ip == "192.0.2.1"
