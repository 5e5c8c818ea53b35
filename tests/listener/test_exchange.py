"""Requests and answers on the wire: bodies in, bodies out, and what is never sent."""

import asyncio
from collections.abc import Callable

import pytest

from hub.listener.connection import LINGER_BYTES
from tests.listener.parts import GET, LOOPS, POST, Front, Seen, at_once, listening, never


def in_pieces(length: int | None, pieces: list[bytes]) -> Callable[[Seen], None]:
    """Return how to answer in pieces, whose length together may be another one than announced."""

    def answer(seen: Seen) -> None:
        seen.exchange.begin(200, "", [], length)
        for piece in pieces:
            seen.exchange.write(piece)
        seen.exchange.end()

    return answer


@pytest.fixture(params=LOOPS.values(), ids=LOOPS, autouse=True)
def loop_factory(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    """Both loops that the hub runs on."""
    factory: Callable[[], asyncio.AbstractEventLoop] = request.param
    return factory


class TestBodies:
    @pytest.mark.parametrize(
        "sent",
        [
            POST % b"Content-Length: 11\r\n" + b"hello world",
            POST % b"Transfer-Encoding: chunked\r\n" + b"6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n",
            pytest.param(
                POST % b"Transfer-Encoding: chunked\r\n" + b"6\r\nhello \r\n5;ext=1\r\nworld\r\n0\r\nTrailer: x\r\n\r\n",
                marks=pytest.mark.deviates("chunk extensions and trailers"),
            ),
        ],
        ids=["length", "chunks", "extensions and trailers"],
    )
    @pytest.mark.parametrize("step", [1, 7, 1000])
    async def test_cut_anywhere(self, sent: bytes, step: int) -> None:
        """A body is the same however TCP cuts it, and a request follows it."""
        front = Front()
        async with listening(front) as stand, stand.client() as client:
            await client.send(*(sent[at : at + step] for at in range(0, len(sent), step)), GET % b"/next")

            assert (await client.answer())[2] == b"POST /up hello world"
            assert (await client.answer())[2] == b"GET /next "

    async def test_continue_is_sent_once_when_it_is_asked_for(self) -> None:
        """RFC 9110 section 10.1.1: whoever takes the body says so; nobody else does."""
        front = Front(never)
        async with listening(front) as stand, stand.client() as client:
            await client.send(POST % b"Expect: 100-continue\r\nContent-Length: 2\r\n")
            seen = await front.request()
            for _ in range(2):
                seen.exchange.send_continue()
            asked = await client.answer()
            await client.send(b"ab")
            await seen.until(lambda: seen.is_whole)
            seen.exchange.send_continue()
            at_once(seen)

            assert (asked[0], await client.answer()) == (100, (200, {"content-length": "11"}, b"POST /up ab"))

    @pytest.mark.parametrize(
        "sent",
        [
            b"POST /up HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
            POST % b"Expect: 100-continue\r\nContent-Length: 0\r\n",
            POST % b"Content-Length: 2\r\n" + b"ab",
        ],
        ids=["HTTP/1.0", "no body", "not asked for"],
    )
    async def test_continue_is_not_sent(self, sent: bytes) -> None:
        """HTTP/1.0 has no interim answers; and there is none that nobody waits for."""
        front = Front(at_once, lambda seen: seen.exchange.send_continue())
        async with listening(front) as stand, stand.client() as client:
            await client.send(sent)

            assert (await client.answer())[0] == 200

    async def test_refused_without_its_body(self) -> None:
        """Whoever refuses before the body has come asks for none."""
        front = Front(never, lambda seen: seen.send(b"no", 403))
        async with listening(front) as stand, stand.client() as client:
            await client.send(POST % b"Expect: 100-continue\r\nContent-Length: 2\r\n")
            status, fields, _ = await client.answer()

            assert (status, fields["connection"], await client.rest()) == (403, "close", b"")

    async def test_refused_upload_is_answered_and_dropped(self) -> None:
        """The client reads why, although it is still sending: the connection is not reset under the answer."""
        front = Front(never, lambda seen: seen.send(b"no", 413))
        async with listening(front) as stand, stand.client() as client:
            await client.send(POST % b"Content-Length: 900000\r\n", bytes(500_000))
            status, fields, body = await client.answer()

            assert (status, fields["connection"], body) == (413, "close", b"no")
            assert await client.rest() == b""

    async def test_nothing_of_a_refused_upload_is_a_request(self) -> None:
        """What is dropped may look like a request, or like nothing at all: neither reaches anybody, nor is it answered."""
        for behind in (b"ab" + GET % b"/smuggled", b"ab" + b"garbage\r\n\r\n"):
            front = Front(never, lambda seen: seen.send(b"no", 413))
            async with listening(front) as stand, stand.client() as client:
                await client.send(POST % b"Content-Length: 2\r\n" + behind)

                assert ((await client.answer())[0], await client.rest(), len(front.seen)) == (413, b"", 1)
        front = Front(never, lambda seen: seen.send(b"no", 413))
        async with listening(front) as stand, stand.client() as client:
            await client.send(POST % b"Transfer-Encoding: chunked\r\n" + b"no chunk\r\n")

            assert ((await client.answer())[0], await client.rest()) == (413, b"")

    async def test_dropping_has_an_end(self) -> None:
        """A client that sends on and on after its refusal is cut off."""
        front = Front(never, lambda seen: seen.send(b"no", 413))
        async with listening(front) as stand, stand.client() as client:
            with pytest.raises(ConnectionError):
                await client.send(POST % b"Content-Length: 999999999\r\n", *[bytes(65536)] * (40 * LINGER_BYTES // 65536))

    @pytest.mark.parametrize(
        "chunk",
        [b"x\r\n", b"-1\r\n", b"2\r\nabc\r\n", b"F" * 17 + b"\r\n"],
    )
    async def test_broken_chunks(self, chunk: bytes) -> None:
        """A body that breaks the rules ends its request: the receiver is told, the client gets 400."""
        front = Front(never)
        async with listening(front) as stand, stand.client() as client:
            await client.send(POST % b"Transfer-Encoding: chunked\r\n", chunk)
            seen = await front.request()

            assert (await client.answer())[0] == 400
            await seen.until(lambda: seen.closes == 1)


class TestAnswers:
    async def test_without_a_body(self) -> None:
        """HEAD, 204 and 304 have none, whatever is written (RFC 9112 section 6.3)."""
        front = Front(lambda seen: seen.send(b"body", int(seen.exchange.head.path[1:])))
        async with listening(front) as stand, stand.client() as client:
            await client.send(b"HEAD /200 HTTP/1.1\r\nHost: here\r\n\r\n")
            assert (await client.answer(bodiless=True))[0] == 200
            for status in (204, 304, 200):
                await client.send(GET % b"/%d" % status)
                assert (await client.answer())[::2] == (status, b"body" if status == 200 else b"")

    @pytest.mark.parametrize("length", [6, None], ids=["announced", "chunked"])
    async def test_streamed(self, length: int | None) -> None:
        """An answer goes out as it comes; without a length in chunks (RFC 9112 section 7.1)."""

        def answer(seen: Seen) -> None:
            seen.exchange.begin(200, "", [], length)
            for piece in (b"abc", b"", b"def"):
                seen.exchange.write(piece)
            seen.exchange.end()

        async with listening(Front(answer)) as stand, stand.client() as client:
            for _ in range(2):
                await client.send(GET % b"/")
                assert (await client.answer())[2] == b"abcdef"

    async def test_streamed_to_an_old_client(self) -> None:
        """HTTP/1.0 knows no chunks: the body ends with the connection."""

        def answer(seen: Seen) -> None:
            seen.exchange.begin(200, "", [], None)
            seen.exchange.write(b"abc")
            seen.exchange.end()

        async with listening(Front(answer)) as stand, stand.client() as client:
            await client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            _, fields, body = await client.answer()

            assert (body, fields["connection"], "transfer-encoding" in fields) == (b"abc", "close", False)

    @pytest.mark.parametrize("pieces", [[], [b"short"], [b"longer than that"]], ids=str)
    async def test_wrong_length_breaks_the_connection(self, pieces: list[bytes]) -> None:
        """An answer that is not as long as announced is never taken for a whole one."""
        async with listening(Front(in_pieces(10, pieces))) as stand, stand.client() as client:
            await client.send(GET % b"/")
            with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                await client.answer()

    async def test_nothing_follows_an_announced_body(self) -> None:
        """What is too much when all was sent ends the connection: it is not read as another answer."""
        async with listening(Front(in_pieces(10, [b"ten bytes!", b"HTTP/1.1 200 OK"]))) as stand, stand.client() as client:
            await client.send(GET % b"/" * 2)

            assert (await client.answer())[2] == b"ten bytes!"
            assert await client.rest() == b"reset"

    async def test_one_request_has_one_answer(self) -> None:
        """A second answer, or a body without a head, would be read as the answer to the next request."""
        front = Front(never)
        async with listening(front) as stand, stand.client() as client:
            await client.send(GET % b"/" * 2)
            first = await front.request(0)
            first.send(b"1")
            first.send(b"again")
            first.exchange.write(b"again")
            second = await front.request(1)
            second.exchange.begin(200, "", [], 1)
            for again in (lambda: second.send(b"again"), lambda: second.exchange.begin(200, "", [], None)):
                with pytest.raises(RuntimeError):
                    again()
            second.exchange.write(b"2")
            second.exchange.end()

            assert [(await client.answer())[2] for _ in range(2)] == [b"1", b"2"]

    @pytest.mark.parametrize("body", [b"", b"body"])
    async def test_no_head(self, body: bytes) -> None:
        """An answer whose head could not be sent breaks the connection."""

        def answer(seen: Seen) -> None:
            with pytest.raises(ValueError):
                seen.exchange.send(200, "", [("X", "a\r\nb")], b"")
            with pytest.raises(ValueError):
                seen.exchange.begin(200, "", [("X", "a\r\nb")], 5)
            seen.exchange.write(body)
            seen.exchange.end()

        async with listening(Front(answer)) as stand, stand.client() as client:
            await client.send(GET % b"/")

            assert await client.rest() == b"reset"

    async def test_slow_reader_is_waited_for(self) -> None:
        """Whoever writes waits as soon as the system takes no more, and goes on when it does."""
        front = Front(never)
        async with listening(front) as stand, stand.client() as client:
            await client.send(GET % b"/")
            exchange = (await front.request()).exchange
            exchange.begin(200, "", [], 64 << 20)

            async def write() -> None:
                for _ in range(64):
                    exchange.write(bytes(1 << 20))
                    await exchange.drain()
                exchange.end()

            writing = asyncio.create_task(write())
            waits = (await asyncio.wait([writing], timeout=0.2))[0] == set()
            _, _, body = await client.answer()
            await writing

        assert (waits, len(body)) == (True, 64 << 20)
