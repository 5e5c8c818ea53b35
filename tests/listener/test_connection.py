"""Connections of browsers: requests out of bytes, in order, each answered once, and what is refused."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.listener.connection import LINGER_BYTES
from tests.listener.parts import GET, Front, Seen, at_once, listening, never

POST = b"POST /up HTTP/1.1\r\nHost: here\r\n%b\r\n"


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"], autouse=True)
def loop_factory(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    """Both loops that the hub runs on."""
    factory: Callable[[], asyncio.AbstractEventLoop] = request.param
    return factory


class TestOrder:
    async def test_a_connection_goes_on(self) -> None:
        """Requests on one connection are answered one after the other (RFC 9112 section 9.3)."""
        async with listening(Front()) as stand, stand.client() as client:
            answers = []
            for path in (b"/a", b"/b?c=d"):
                await client.send(GET % path)
                answers.append((await client.answer())[2])

        assert answers == [b"GET /a ", b"GET /b "]

    async def test_pipelined_requests_answered_at_once(self) -> None:
        """Thousands in one packet are answered in order, without a deeper stack for each (RFC 9112 section 9.3.2)."""
        async with listening(Front()) as stand, stand.client() as client:
            await client.send(b"".join(GET % b"/%d" % number for number in range(3000)))
            answers = [(await client.answer())[2] for _ in range(3000)]

        assert answers == [b"GET /%d " % number for number in range(3000)]

    async def test_pipelined_requests_answered_later(self) -> None:
        """The second is begun when the first was answered; what waits keeps its body."""
        front = Front(never)
        async with listening(front) as stand, stand.client() as client:
            await client.send(GET % b"/1" + POST % b"Content-Length: 4\r\n" + b"body" + GET % b"/3")
            first = await front.request(0)
            begun = len(front.seen)
            first.send(b"1")
            second = await front.request(1)
            second.send(bytes(second.body))
            third = await front.request(2)
            third.send(b"3")

            assert [(await client.answer())[2] for _ in range(3)] == [b"1", b"body", b"3"]
            assert (begun, third.is_whole) == (1, True)

    async def test_garbage_behind_a_request(self) -> None:
        """The answer that is being given is finished; then the connection ends."""
        front = Front(never)
        async with listening(front) as stand, stand.client() as client:
            await client.send(GET % b"/1", b"garbage garbage\r\n\r\n")
            (await front.request()).send(b"1")
            status, fields, body = await client.answer()

            assert (status, fields["connection"], body, await client.rest()) == (200, "close", b"1", b"")

    async def test_old_clients(self) -> None:
        """HTTP/1.0 connections end with the answer, unless the client asks otherwise (RFC 9112 section 9.3)."""
        async with listening(Front()) as stand:
            async with stand.client() as client:
                await client.send(b"GET /old HTTP/1.0\r\n\r\n")
                assert (await client.answer())[2] == b"GET /old "
                assert await client.rest() == b""
            async with stand.client() as client:
                await client.send(b"GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2)
                answers = [await client.answer() for _ in range(2)]
                assert [(fields["connection"], body) for _, fields, body in answers] == [("keep-alive", b"GET /old ")] * 2

    async def test_connection_close(self) -> None:
        """A client that says close is closed (RFC 9112 section 9.6)."""
        async with listening(Front()) as stand, stand.client() as client:
            await client.send(b"GET /a HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
            _, fields, body = await client.answer()

            assert (fields["connection"], body, await client.rest()) == ("close", b"GET /a ", b"")


class TestBodies:
    @pytest.mark.parametrize(
        "sent",
        [
            POST % b"Content-Length: 11\r\n" + b"hello world",
            POST % b"Transfer-Encoding: chunked\r\n" + b"6\r\nhello \r\n5;ext=1\r\nworld\r\n0\r\nTrailer: x\r\n\r\n",
        ],
        ids=["length", "chunks"],
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
        front = Front(at_once, lambda seen: seen.exchange.send_continue())
        async with listening(front) as stand, stand.client() as client:
            await client.send(POST % b"Expect: 100-continue\r\nContent-Length: 2\r\n")
            first = await client.answer()
            await client.send(b"ab")

            assert (first[0], (await client.answer())[2]) == (100, b"POST /up ab")

    async def test_reading_pauses(self) -> None:
        """While a receiver holds the connection, little more than what the system buffers is read."""
        front = Front(never, lambda seen: seen.exchange.hold())
        async with listening(front) as stand, stand.client() as client:
            size = 64 << 20
            sending = asyncio.create_task(client.send(POST % b"Content-Length: %d\r\n" % size, bytes(size)))
            seen = await front.request()
            done, _ = await asyncio.wait([sending], timeout=0.2)
            held = len(seen.body)
            seen.exchange.release()
            await seen.until(lambda: len(seen.body) == size)
            await sending

        assert (done, held < 2 << 20) == (set(), True)

    async def test_refused_upload_is_answered_and_dropped(self) -> None:
        """The client reads why, although it is still sending: the connection is not reset under the answer."""
        front = Front(never, lambda seen: seen.send(b"no", 413))
        async with listening(front) as stand, stand.client() as client:
            await client.send(POST % b"Content-Length: 900000\r\n", bytes(500_000))
            status, fields, body = await client.answer()

            assert (status, fields["connection"], body) == (413, "close", b"no")
            assert await client.rest() == b""

    async def test_dropping_has_an_end(self) -> None:
        """A client that sends on and on after its refusal is cut off."""
        front = Front(never, lambda seen: seen.send(b"no", 413))
        async with listening(front) as stand, stand.client() as client:
            with pytest.raises(ConnectionError):
                await client.send(POST % b"Content-Length: 999999999\r\n", *[bytes(65536)] * (40 * LINGER_BYTES // 65536))


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

    @pytest.mark.parametrize("body", [b"short", b"longer than that"])
    async def test_wrong_length_breaks_the_connection(self, body: bytes) -> None:
        """An answer that is not as long as announced is never taken for a whole one."""

        def answer(seen: Seen) -> None:
            seen.exchange.begin(200, "", [], 10)
            seen.exchange.write(body)
            seen.exchange.end()

        async with listening(Front(answer)) as stand, stand.client() as client:
            await client.send(GET % b"/")
            with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                await client.answer()

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


class TestClientsThatLeave:
    @pytest.mark.parametrize(
        "sent", [POST % b"Content-Length: 5\r\n" + b"ab", GET % b"/"], ids=["in its body", "before its answer"]
    )
    async def test_receiver_is_told_once(self, sent: bytes) -> None:
        """Whoever works for a client that has gone is told, once, and nothing is left of the connection."""
        front = Front(never)
        async with listening(front) as stand:
            async with stand.client() as client:
                await client.send(sent)
                seen = await front.request()
            await seen.until(lambda: seen.closes > 0)
            seen.send(b"for nobody")
            await asyncio.wait_for(seen.exchange.drain(), 5)

            assert (seen.closes, stand.open_connections) == (1, 0)

    async def test_writer_does_not_wait_for_them(self) -> None:
        """A writer that waits for room goes on when the client has gone."""
        front = Front(never)
        async with listening(front) as stand:
            async with stand.client() as client:
                await client.send(GET % b"/")
                exchange = (await front.request()).exchange
                exchange.begin(200, "", [], 64 << 20)
                exchange.write(bytes(64 << 20))
                draining = asyncio.create_task(exchange.drain())
                await asyncio.wait([draining], timeout=0.05)
            await asyncio.wait_for(draining, 5)


REFUSED = {
    "length and chunks": (POST % b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" + b"0\r\n\r\n", 400),
    "chunks and length": (POST % b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" + b"0\r\n\r\n", 400),
    "two lengths": (POST % b"Content-Length: 5\r\nContent-Length: 6\r\n" + b"hello", 400),
    "the same length twice": (POST % b"Content-Length: 5\r\nContent-Length: 5\r\n" + b"hello", 400),
    "sign": (POST % b"Content-Length: +5\r\n" + b"hello", 400),
    "blank in a length": (POST % b"Content-Length: 5 5\r\n" + b"hello", 400),
    "another coding": (POST % b"Transfer-Encoding: gzip, chunked\r\n" + b"0\r\n\r\n", 501),
    "chunked twice": (POST % b"Transfer-Encoding: chunked, chunked\r\n" + b"0\r\n\r\n", 400),
    "coding in HTTP/1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    "folded line": (GET.replace(b"\r\n\r\n", b"\r\nX: a\r\n b\r\n\r\n") % b"/", 400),
    "bare line feeds": (b"GET / HTTP/1.1\nHost: here\n\n", 400),
    "blank before the colon": (b"GET / HTTP/1.1\r\nHost: here\r\nX : a\r\n\r\n", 400),
    "coding with a blank": (b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    "NUL in a value": (b"GET / HTTP/1.1\r\nHost: here\r\nX: a\x00b\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "no version": (b"GET /\r\n\r\n", 400),
    "unknown version": (b"GET / HTTP/1.7\r\nHost: here\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 501),
    "unknown method": (b"BREW / HTTP/1.1\r\nHost: here\r\n\r\n", 501),
    "upgrade with a body": (POST % b"Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n" + b"ab", 400),
    "large head": (b"GET / HTTP/1.1\r\nHost: here\r\n" + b"X: 0123456789\r\n" * 4000, 431),
    "endless field": (b"GET / HTTP/1.1\r\nHost: here\r\nX: " + b"y" * 400_000, 431),
    "endless target": (b"GET /" + b"y" * 400_000, 431),
}


class TestRefusals:
    @pytest.mark.parametrize("step", [1000, 10**9], ids=["in pieces", "at once"])
    @pytest.mark.parametrize("kind", REFUSED)
    async def test_what_is_no_request(self, kind: str, step: int) -> None:
        """It never reaches anybody, is answered with a problem that says so, and ends the connection."""
        sent, status = REFUSED[kind]
        front = Front(never)
        async with listening(front, refusal_fields=[("X-Content-Type-Options", "nosniff")]) as stand, stand.client() as client:
            client.writer.write(sent[:step])
            for at in range(step, len(sent), step):
                client.writer.write(sent[at : at + step])
            answer = await client.answer()

            assert (answer[0], answer[1]["connection"], answer[1]["x-content-type-options"]) == (status, "close", "nosniff")
            assert await client.rest() in (b"", b"reset")
            assert front.seen == []

    @pytest.mark.parametrize("chunk", [b"x\r\n", b"-1\r\n", b"1 \r\na\r\n0\r\n\r\n" * 0 + b"2\r\nabc", b"F" * 17 + b"\r\n"])
    async def test_broken_chunks(self, chunk: bytes) -> None:
        """A body that breaks the rules ends its request: the receiver is told, the client gets 400."""
        front = Front(never)
        async with listening(front) as stand, stand.client() as client:
            await client.send(POST % b"Transfer-Encoding: chunked\r\n", chunk)
            seen = await front.request()

            assert (await client.answer())[0] == 400
            await seen.until(lambda: seen.closes == 1)

    @settings(max_examples=60, deadline=None)
    @given(st.binary(min_size=1, max_size=300))
    def test_any_bytes(self, data: bytes) -> None:
        """Whatever comes, nothing crashes, and the connection ends or waits for more."""

        async def run() -> None:
            front = Front()
            async with listening(front) as stand, stand.client() as client:
                await client.send(data + b"\r\n\r\n" + GET % b"/end")
                client.writer.write_eof()
                await client.rest()

        asyncio.run(run())


class TestDefects:
    @pytest.mark.expects_log
    @pytest.mark.parametrize("sent", [GET % b"/", POST % b"Content-Length: 2\r\n" + b"a"], ids=["whole", "half"])
    async def test_a_front_that_fails(self, sent: bytes) -> None:
        """A defect of ours is logged and answered with 500; nobody hangs, and others go on."""

        def fail(seen: Seen) -> None:
            raise RuntimeError("defect")

        async with listening(Front(at_once, fail)) as stand, stand.client() as client:
            await client.send(sent)

            assert (await client.answer())[0] == 500
            assert await client.rest() == b""

    @pytest.mark.expects_log
    async def test_a_receiver_that_fails_behind_another_request(self) -> None:
        """The same for a request that waited for its turn."""

        def answer(seen: Seen) -> None:
            if seen.exchange.head.path == "/2":
                raise RuntimeError("defect")

        front = Front(answer)
        async with listening(front) as stand, stand.client() as client:
            await client.send(GET % b"/1" + GET % b"/2")
            (await front.request()).send(b"1")

            assert (await client.answer())[2] == b"1"
            assert (await client.answer())[0] == 500


class Upgraded:
    """Takes connections over and sends back what comes in capital letters."""

    def __init__(self, *, later: bool = False) -> None:
        self.later = later
        self.lost = asyncio.Event()
        self.go = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def open(self, exchange: object) -> Seen:
        """Take the connection, now or when the test says so."""
        self._tasks.append(asyncio.get_running_loop().create_task(self._take(exchange)))
        if not self.later:
            self.go.set()
        return Seen(exchange, never)  # type: ignore[arg-type]

    async def _take(self, exchange: object) -> None:
        await self.go.wait()
        self.line = exchange.upgrade([("Upgrade", "x"), ("Connection", "Upgrade")])  # type: ignore[attr-defined]
        self.line.take_over(self)

    def bytes_received(self, data: bytes) -> None:
        """Answer."""
        self.line.write(data.upper())

    def drained(self) -> None:
        """Do nothing."""

    def connection_lost(self) -> None:
        """Note it."""
        self.lost.set()


class TestUpgrades:
    UPGRADE = b"GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"

    @pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
    async def test_bytes_behind_the_handshake(self, later: bool) -> None:
        """What comes right behind the request belongs to the other protocol, and waits until somebody takes it."""
        front = Upgraded(later=later)
        async with listening(front) as stand:
            async with stand.client() as client:
                await client.send(self.UPGRADE + b"early ", b"early too ")
                front.go.set()
                status, _, _ = await client.answer()
                await client.send(b"late")

                assert (status, await client.reader.readexactly(20)) == (101, b"EARLY EARLY TOO LATE")
            await asyncio.wait_for(front.lost.wait(), 5)

    async def test_refused(self) -> None:
        """After a refused upgrade nothing more is read: what follows could be anything."""
        front = Front()
        async with listening(front) as stand, stand.client() as client:
            await client.send(self.UPGRADE + GET % b"/smuggled")
            _, fields, body = await client.answer()

            assert (fields["connection"], body, await client.rest(), len(front.seen)) == ("close", b"GET / ", b"", 1)


async def test_peer_address() -> None:
    """The address of the other end is known to whoever answers."""
    front = Front(never)
    async with listening(front) as stand, stand.client() as client:
        await client.send(GET % b"/")

        assert (await front.request()).exchange.remote_ip == "127.0.0.1"
