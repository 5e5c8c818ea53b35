"""Tornado's application behind the listener: its handlers see what they always saw, and their answers leave as ever."""

import asyncio

import pytest
import tornado.escape
import tornado.web

from hub.listener.tornado_requests import TornadoFront
from tests.listener.handlers import MIB, routes
from tests.listener.parts import GET, POST, Client, listening
from tests.waiting import settled, soon, until

MAX_BODY = 1000


@pytest.fixture
def finished() -> list[str]:
    """What handlers have noted."""
    return []


@pytest.fixture
def gone() -> asyncio.Event:
    """Set when a handler has noticed that its browser has gone."""
    return asyncio.Event()


@pytest.fixture
def front(gone: asyncio.Event, finished: list[str]) -> TornadoFront:
    """An application."""
    application = tornado.web.Application(routes(gone, finished), log_function=lambda handler: None)
    return TornadoFront(application, scheme="https", max_body_bytes=MAX_BODY)


async def ask(client: Client, data: bytes, *, bodiless: bool = False) -> tuple[int, dict[str, str], bytes]:
    """Send a request and return the answer."""
    await client.send(data)
    return await client.answer(bodiless=bodiless)


class TestRequests:
    async def test_what_a_handler_sees(self, front: TornadoFront) -> None:
        """Method, path, arguments, fields, body, and where the request comes from."""
        form = b"b=2&b=3"
        sent = (
            b"POST /echo?a=1 HTTP/1.1\r\nHost: here\r\nX-Repeated: 1\r\nx-repeated:\t2 \r\nX-Forwarded-For: 10.0.0.1\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\n"
        )
        async with listening(front) as stand, stand.client() as client:
            status, _, body = await ask(client, sent + form)
        seen = tornado.escape.json_decode(body)

        assert status == 200
        assert (seen["method"], seen["path"], seen["version"], seen["body"]) == ("POST", "/echo", "HTTP/1.1", "b=2&b=3")
        assert seen["arguments"] == {"a": ["1"], "b": ["2", "3"]}
        assert (seen["remote_ip"], seen["protocol"]) == ("127.0.0.1", "https")  # whatever X-Forwarded-For says
        assert (seen["headers"]["Host"], seen["repeated"]) == ("here", ["1", "2"])

    async def test_chunked_body(self, front: TornadoFront) -> None:
        """It comes as one."""
        async with listening(front) as stand, stand.client() as client:
            answer = await ask(
                client, b"PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
            )

        assert tornado.escape.json_decode(answer[2])["body"] == "abc"

    async def test_continue(self, front: TornadoFront) -> None:
        """A body that is taken is asked for; one that is too large is refused at once."""
        expects = b"PUT /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        async with listening(front) as stand:
            async with stand.client() as client:
                assert (await ask(client, expects % 2))[0] == 100
                assert (await ask(client, b"ab"))[0] == 200
            async with stand.client() as client:
                assert (await ask(client, expects % (MAX_BODY + 1)))[0] == 413

    @pytest.mark.parametrize("extra", [0, 1])
    @pytest.mark.parametrize("chunked", [False, True])
    async def test_size_of_a_body(self, front: TornadoFront, extra: int, chunked: bool) -> None:
        """A body may be as large as the limit, and not one byte larger."""
        body = b"a" * (MAX_BODY + extra)
        sent = b"Content-Length: %d\r\n" % len(body), body
        if chunked:
            sent = b"Transfer-Encoding: chunked\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        async with listening(front) as stand, stand.client() as client:
            status, _, _ = await ask(client, POST.replace(b"/up", b"/echo") % sent[0] + sent[1])

        assert status == (413 if extra else 200)

    @pytest.mark.expects_log
    @pytest.mark.parametrize(
        ("host", "query", "body"),
        [(b"he re", b"", b""), (b"a,b", b"", b""), (b"h", b"?" + b"&".join([b"a=b"] * 2000), b""), (b"h", b"", b"no multipart")],
    )
    async def test_what_tornado_refuses(self, front: TornadoFront, host: bytes, query: bytes, body: bytes) -> None:
        """A request in which it sees a mistake is answered with 400, and is no defect of ours."""
        sent = (
            b"POST /echo%b HTTP/1.1\r\nHost: %b\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n%b"
        )
        async with listening(front) as stand, stand.client() as client:
            status, _, _ = await ask(client, sent % (query, host, len(body), body))

        assert status == 400


class TestAnswers:
    async def test_whole(self, front: TornadoFront) -> None:
        """An answer has one length, and the connection goes on."""
        async with listening(front) as stand, stand.client() as client:
            for _ in range(2):
                status, fields, body = await ask(client, GET % b"/echo")
                assert (status, fields["content-length"], "transfer-encoding" in fields) == (200, str(len(body)), False)

    async def test_head(self, front: TornadoFront) -> None:
        """HEAD has the length of a GET, once, and no body."""
        async with listening(front) as stand, stand.client() as client:
            _, fields, _ = await ask(client, b"HEAD /echo HTTP/1.1\r\nHost: h\r\n\r\n", bodiless=True)
            length = int(fields["content-length"])
            _, _, body = await ask(client, GET % b"/echo")

        assert 0 < length <= len(body) + 10

    @pytest.mark.parametrize("status", [204, 304])
    async def test_without_a_body(self, front: TornadoFront, status: int) -> None:
        """204 and 304 announce no body, and the next request is answered."""
        async with listening(front) as stand, stand.client() as client:
            found, fields, _ = await ask(client, GET % b"/status/%d" % status)

            assert (found, "content-length" in fields, "transfer-encoding" in fields) == (status, False, False)
            assert (await ask(client, GET % b"/echo"))[0] == 200

    @pytest.mark.parametrize("method", [b"BREW", b"CONNECT"])
    async def test_unknown_methods(self, front: TornadoFront, method: bytes) -> None:
        """They are not implemented (RFC 9110 section 15.6.2)."""
        async with listening(front) as stand, stand.client() as client:
            assert (await ask(client, method + b" /echo HTTP/1.1\r\nHost: h\r\n\r\n"))[0] == 501

    async def test_streamed(self, front: TornadoFront, finished: list[str]) -> None:
        """A handler that waits for room sends no faster than its browser reads."""
        async with listening(front) as stand, stand.client() as client:
            await client.send(GET % b"/stream")
            early = await settled(lambda: list(finished))
            _, _, body = await client.answer()

        assert (early, len(body), finished) == ([], 64 * MIB, ["all"])

    async def test_careless(self, front: TornadoFront) -> None:
        """One that does not wait sends all the same."""
        async with listening(front) as stand, stand.client() as client:
            assert len((await ask(client, GET % b"/careless"))[2]) == 3 * MIB
            assert (await ask(client, GET % b"/echo"))[0] == 200


class TestTrouble:
    async def test_browser_leaves_while_it_is_sent_to(
        self, front: TornadoFront, gone: asyncio.Event, finished: list[str]
    ) -> None:
        """The handler stops: nobody reads on for nobody."""
        async with listening(front) as stand:
            async with stand.client() as client:
                await client.send(GET % b"/stream")
                await client.reader.read(100_000)
            await soon(gone.wait())
            await until(lambda: "stopped" in finished)

        assert (finished.count("closed"), "all" in finished) == (1, False)

    async def test_browser_leaves_before_its_answer(self, front: TornadoFront, gone: asyncio.Event, finished: list[str]) -> None:
        """The handler is told."""
        async with listening(front) as stand:
            async with stand.client() as client:
                await client.send(GET % b"/wait")
                await until(lambda: finished)
            await soon(gone.wait())

        assert finished == ["begun", "closed"]

    async def test_browser_leaves_in_its_body(self, front: TornadoFront, finished: list[str]) -> None:
        """Nobody has begun to work then."""
        async with listening(front) as stand:
            async with stand.client() as client:
                await client.send(POST % b"Content-Length: 5\r\n" + b"ab")
                await asyncio.sleep(0.05)
            await until(lambda: not stand.open_connections)

        assert finished == []

    @pytest.mark.expects_log
    @pytest.mark.parametrize("kind", ["length", "head"])
    async def test_an_answer_that_cannot_be_sent(self, front: TornadoFront, kind: str) -> None:
        """The connection breaks: the next request must not get what was meant for this one."""
        async with listening(front) as stand, stand.client() as client:
            await client.send(GET % b"/fail/%b" % kind.encode() + GET % b"/echo")

            assert b"/echo" not in await client.rest()

    @pytest.mark.expects_log
    async def test_a_handler_that_fails(self, front: TornadoFront) -> None:
        """It is answered with 500, and the connection goes on."""
        async with listening(front) as stand, stand.client() as client:
            assert (await ask(client, GET % b"/fail/otherwise"))[0] == 500
            assert (await ask(client, GET % b"/echo"))[0] == 200
