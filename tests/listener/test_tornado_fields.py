"""What the fields between a browser and an application of Tornado say, and that nobody reads past the end of a body."""

from collections.abc import AsyncIterator

import pytest
import tornado.web

from hub.listener.tornado_requests import TornadoFront
from tests.listener.parts import GET, Stand, listening

MAX_BODY_BYTES = 1000
POST = b"POST /echo HTTP/1.1\r\nHost: here\r\n%b\r\n"


class Said(tornado.web.RequestHandler):
    """Says what it was asked."""

    def get(self) -> None:
        """Answer."""
        self.write(self.request.uri or "")

    def post(self) -> None:
        """Send the body back."""
        self.write(self.request.body)


class Headers(tornado.web.RequestHandler):
    """Says which fields it was sent."""

    def get(self) -> None:
        """Answer."""
        self.write({"many": self.request.headers.get_list("X-Many"), "cookies": sorted(self.cookies)})

    head = get


class Pieces(tornado.web.RequestHandler):
    """Answers in two pieces."""

    async def get(self) -> None:
        """Answer."""
        for piece in ("one ", "two"):
            self.write(piece)
            await self.flush()

    head = get


class Last(tornado.web.RequestHandler):
    """Ends the connection with its answer."""

    def get(self) -> None:
        """Answer."""
        self.set_header("Connection", "close")
        self.write("last")


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    """A listener in front of an application."""
    application = tornado.web.Application(
        [
            ("/fields", Headers),
            ("/pieces", Pieces),
            ("/last", Last),
            ("/.*", Said),
        ],
        log_function=lambda handler: None,
    )
    async with listening(TornadoFront(application, scheme="https", max_body_bytes=MAX_BODY_BYTES)) as stand:
        yield stand


class TestRequests:
    @pytest.mark.parametrize("cookies", [b"Cookie: a=1; b=2\r\n", b"Cookie: a=1\r\nCookie: b=2\r\n"], ids=["one field", "two"])
    async def test_repeated_fields(self, stand: Stand, cookies: bytes) -> None:
        """A handler gets each value of a field that came several times, and the same cookies as the API's door."""
        async with stand.client() as client:
            await client.send(b"GET /fields HTTP/1.1\r\nHost: here\r\nX-Many: 1\r\nx-many: 2\r\n%b\r\n" % cookies)

            assert (await client.answer())[2] == b'{"many": ["1", "2"], "cookies": ["a", "b"]}'


class TestLargeBodies:
    @pytest.mark.parametrize(
        ("fields", "body"),
        [
            (b"Content-Length: 1001\r\n", b""),
            (b"Content-Length: 1001\r\nExpect: 100-continue\r\n", b""),
            (b"Transfer-Encoding: chunked\r\n", b"3e8\r\n" + bytes(1000) + b"\r\n1\r\nx\r\n"),
            (b"Transfer-Encoding: chunked\r\n", b"3e9\r\n" + bytes(1001) + b"\r\n0\r\n\r\n"),
        ],
        ids=["announced", "waiting for a word", "in chunks", "in one chunk"],
    )
    async def test_larger_ones(self, stand: Stand, fields: bytes, body: bytes) -> None:
        """One byte more is 413, before the body is asked for, as soon as it is known, and the connection ends."""
        async with stand.client() as client:
            await client.send(POST % fields, body)
            status, answered, _ = await client.answer()
            rest = await client.rest()

        assert (status, answered["connection"], rest) == (413, "close", b"")


class TestAnswers:
    async def test_head(self, stand: Stand) -> None:
        """HEAD announces what GET would bring, without bringing it: the next answer follows at once (RFC 9110 section 9.3.2)."""
        async with stand.client() as client:
            await client.send(GET % b"/fields" + b"HEAD /fields HTTP/1.1\r\nHost: here\r\n\r\n" + GET % b"/next")
            _, brought, _ = await client.answer()
            status, announced, _ = await client.answer(bodiless=True)
            following = (await client.answer())[0]

        assert (status, announced["content-length"], following) == (200, brought["content-length"], 200)

    async def test_head_of_pieces(self, stand: Stand) -> None:
        """HEAD of an answer whose length nobody knows has neither length nor chunks."""
        async with stand.client() as client:
            await client.send(b"HEAD /pieces HTTP/1.1\r\nHost: here\r\n\r\n" + GET % b"/next")
            _, fields, _ = await client.answer(bodiless=True)

            assert (fields.keys() & {"content-length", "transfer-encoding"}, (await client.answer())[0]) == (set(), 200)

    async def test_a_handler_that_closes(self, stand: Stand) -> None:
        """The connection ends with an answer whose handler says so, and one `Connection` field says it."""
        async with stand.client() as client:
            await client.send(GET % b"/last")
            head, _, body = (await client.rest()).partition(b"\r\n\r\n")

        assert (head.lower().count(b"connection: close"), head.lower().count(b"content-length"), body) == (1, 1, b"last")

    async def test_unchanged(self, stand: Stand) -> None:
        """Tornado's own ETag still saves a body that the browser has (RFC 9110 section 13.1.2)."""
        async with stand.client() as client:
            await client.send(GET % b"/a")
            etag = (await client.answer())[1]["etag"]
            await client.send(b"GET /a HTTP/1.1\r\nHost: here\r\nIf-None-Match: %b\r\n\r\n" % etag.encode())

            assert (await client.answer())[0] == 304
