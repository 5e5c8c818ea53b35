"""Requests for an application of Tornado that stands behind the listener, over real sockets."""

import asyncio
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
        """Answer without a body of the request."""
        request = self.request
        self.set_header("X-Answer", "1")
        self.write(f"{request.method} {request.uri} {request.remote_ip} {request.protocol} {request.host}")

    head = get

    def post(self) -> None:
        """Send the body back."""
        self.write(self.request.body)


class Fields(tornado.web.RequestHandler):
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


class Nothing(tornado.web.RequestHandler):
    """Has nothing to say."""

    def get(self) -> None:
        """Answer."""
        self.set_status(204)


class Waiting(tornado.web.RequestHandler):
    """Waits for the browser to go."""

    begun: asyncio.Event
    gone: asyncio.Event

    async def get(self) -> None:
        """Wait."""
        self.begun.set()
        await self.gone.wait()

    def on_connection_close(self) -> None:
        """Note it."""
        self.gone.set()


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    """A listener in front of an application."""
    Waiting.begun, Waiting.gone = asyncio.Event(), asyncio.Event()
    application = tornado.web.Application(
        [
            ("/fields", Fields),
            ("/pieces", Pieces),
            ("/last", Last),
            ("/nothing", Nothing),
            ("/waiting", Waiting),
            ("/.*", Said),
        ],
        log_function=lambda handler: None,
    )
    async with listening(TornadoFront(application, scheme="https", max_body_bytes=MAX_BODY_BYTES)) as stand:
        yield stand


class TestRequests:
    async def test_what_a_handler_sees(self, stand: Stand) -> None:
        """Method, target, host, address and scheme, request after request on one connection."""
        async with stand.client() as client:
            answers = []
            for target in (b"/a?b=c%20d", b"/e"):
                await client.send(GET % target)
                answers.append((await client.answer())[2])

        assert answers == [b"GET /a?b=c%20d 127.0.0.1 https here", b"GET /e 127.0.0.1 https here"]

    @pytest.mark.parametrize("cookies", [b"Cookie: a=1; b=2\r\n", b"Cookie: a=1\r\nCookie: b=2\r\n"], ids=["one field", "two"])
    async def test_repeated_fields(self, stand: Stand, cookies: bytes) -> None:
        """A handler gets each value of a field that came several times, and the same cookies as the API's door."""
        async with stand.client() as client:
            await client.send(b"GET /fields HTTP/1.1\r\nHost: here\r\nX-Many: 1\r\nx-many: 2\r\n%b\r\n" % cookies)

            assert (await client.answer())[2] == b'{"many": ["1", "2"], "cookies": ["a", "b"]}'

    @pytest.mark.parametrize(
        "sent",
        [
            POST % b"Content-Length: 11\r\n" + b"hello world",
            POST % b"Transfer-Encoding: chunked\r\n" + b"6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n",
        ],
        ids=["length", "chunks"],
    )
    async def test_bodies(self, stand: Stand, sent: bytes) -> None:
        """A body reaches its handler whole, in whatever pieces it came."""
        async with stand.client() as client:
            await client.send(*(sent[at : at + 7] for at in range(0, len(sent), 7)))

            assert (await client.answer())[2] == b"hello world"

    async def test_continue(self, stand: Stand) -> None:
        """A client that waits for a word before it sends the body gets one."""
        async with stand.client() as client:
            await client.send(POST % b"Expect: 100-continue\r\nContent-Length: 2\r\n")
            status, _, _ = await client.answer()
            await client.send(b"ab")

            assert (status, (await client.answer())[2]) == (100, b"ab")


class TestLargeBodies:
    async def test_the_largest_one(self, stand: Stand) -> None:
        """A body that is just as large as allowed is taken."""
        async with stand.client() as client:
            await client.send(POST % b"Content-Length: %d\r\n" % MAX_BODY_BYTES, bytes(MAX_BODY_BYTES))

            assert (await client.answer())[2] == bytes(MAX_BODY_BYTES)

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

    async def test_pieces(self, stand: Stand) -> None:
        """What a handler flushes goes out in chunks, once each, and the connection goes on."""
        async with stand.client() as client:
            for _ in range(2):
                await client.send(GET % b"/pieces")
                _, fields, body = await client.answer()
                assert (fields["transfer-encoding"], body) == ("chunked", b"one two")

    async def test_no_content(self, stand: Stand) -> None:
        """An answer 204 has neither body nor length."""
        async with stand.client() as client:
            await client.send(GET % b"/nothing" + GET % b"/next")
            status, fields, _ = await client.answer()

            assert (status, "content-length" in fields, (await client.answer())[0]) == (204, False, 200)

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


class TestBrowsersThatLeave:
    async def test_before_the_answer(self, stand: Stand) -> None:
        """A handler that works on an answer is told, and its request ends."""
        async with stand.client() as client:
            await client.send(GET % b"/waiting")
            await asyncio.wait_for(Waiting.begun.wait(), 5)
        await asyncio.wait_for(Waiting.gone.wait(), 5)

        assert stand.open_connections == 0

    async def test_before_the_request_is_whole(self, stand: Stand) -> None:
        """A request that never becomes whole reaches no handler, and nothing is left of its connection."""
        async with stand.client() as client:
            await client.send(b"GET /waiting HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nab")
            async with asyncio.timeout(5):
                while not stand.open_connections:
                    await asyncio.sleep(0)
        async with asyncio.timeout(5):
            while stand.open_connections:
                await asyncio.sleep(0)

        assert not Waiting.begun.is_set()
