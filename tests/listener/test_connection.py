"""Connections of browsers: their requests in order, each answered once, and what becomes of those who leave or fail."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.listener.corpus import smuggling
from tests.listener.parts import GET, LOOPS, POST, Front, Seen, at_once, listening, never
from tests.waiting import soon


@pytest.fixture(params=LOOPS.values(), ids=LOOPS, autouse=True)
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
        """The requests in front of it are answered first, however long that takes; then it is refused."""
        front = Front(never)
        async with listening(front) as stand, stand.client() as client:
            await client.send(GET % b"/1" + GET % b"/2", b"garbage garbage\r\n\r\n", b"and more")
            for number in range(2):
                (await front.request(number)).send(b"%d" % number)
            answers = [await client.answer() for _ in range(3)]

            assert [(status, body) for status, _, body in answers[:2]] == [(200, b"0"), (200, b"1")]
            assert (answers[2][0], await client.rest(), len(front.seen)) == (501, b"", 2)

    @pytest.mark.deviates("one request at a time")
    async def test_garbage_in_the_body_of_a_request_that_waits(self) -> None:
        """That request comes to nobody, those in front of it are answered."""
        front = Front(never)
        async with listening(front) as stand, stand.client() as client:
            await client.send(GET % b"/1" + POST % b"Transfer-Encoding: chunked\r\n" + b"1\r\na\r\nx\r\n")
            (await front.request()).send(b"1")

            assert [(await client.answer())[0] for _ in range(2)] == [200, 400]
            assert (await client.rest(), len(front.seen)) == (b"", 1)

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
            await soon(seen.exchange.drain())

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
            await soon(draining)


class TestRefusals:
    @pytest.mark.parametrize("name", [case.name for case in smuggling()])
    async def test_one_way_to_read_it(self, name: str, server: str) -> None:
        """Each request is answered or refused, in order, and behind a refusal nothing is read (RFC 9112 section 11.2)."""
        case = next(case for case in smuggling(server) if case.name == name)
        front = Front()
        async with listening(front, error_headers=[("X-Content-Type-Options", "nosniff")]) as stand, stand.client() as client:
            await client.send(case.sent)
            answers = [await client.answer() for _ in case.taken]
            if case.status is not None:
                status, fields, _ = await client.answer()
                assert (status, fields["connection"], fields["x-content-type-options"]) == (case.status, "close", "nosniff")
            assert await client.rest() == b""

        whole = [each for each in front.seen if each.is_whole]
        targets = [(each.exchange.head.path, each.exchange.head.query) for each in whole]
        assert [status for status, _, _ in answers] == [200] * len(case.taken)
        assert [body.decode() for _, _, body in answers] == [_without_query(line) for line in case.taken]
        assert len(targets) == len(case.taken)
        assert [each.closes for each in front.seen if not each.is_whole] == [1] * (len(front.seen) - len(whole))

    @pytest.mark.parametrize("name", [case.name for case in smuggling()])
    def test_tornado_takes_no_more(self, name: str) -> None:
        """Tornado's server takes no request of the corpus that the hub's own does not take."""
        fast, tornado = (next(case for case in smuggling(kind) if case.name == name) for kind in ("fast", "tornado"))

        assert tornado.taken == fast.taken[: len(tornado.taken)]

    @pytest.mark.deviates("endless head")
    async def test_refusal_is_read_although_more_is_sent(self) -> None:
        """The client is not reset under the answer to a head that is too large while it still sends."""
        async with listening(Front()) as stand, stand.client() as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: here\r\n", *[b"X: %b\r\n" % (b"y" * 10_000)] * 50)

            assert (await client.answer())[0] == 431
            assert await client.rest() == b""

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


def _without_query(line: str) -> str:
    """Return what `at_once` answers to a request of the corpus."""
    method, target, body = line.split(" ", 2)
    return f"{method} {target.partition('?')[0]} {body}"


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

    @pytest.mark.expects_log
    @pytest.mark.parametrize("begun", [False, True])
    async def test_a_receiver_that_fails(self, begun: bool) -> None:
        """An answer that has begun breaks off: nobody takes it for whole. One that has not is a 500. Its receiver hears of it."""

        def answer(seen: Seen) -> None:
            if begun:
                seen.exchange.begin(200, "", [], None)
                seen.exchange.write(b"half")
            raise RuntimeError("defect")

        front = Front(answer)
        async with listening(front) as stand, stand.client() as client:
            await client.send(b"GET / HTTP/1.0\r\n\r\n")
            if begun:
                assert await client.rest() == b"reset"
            else:
                assert (await client.answer())[0] == 500

        assert front.seen[0].closes == 1

    @pytest.mark.expects_log
    async def test_a_receiver_that_fails_behind_its_answer(self) -> None:
        """The answer counts; no second one follows it."""

        def answer(seen: Seen) -> None:
            at_once(seen)
            raise RuntimeError("defect")

        async with listening(Front(answer)) as stand, stand.client() as client:
            await client.send(GET % b"/")

            assert ((await client.answer())[0], await client.rest()) == (200, b"")


async def test_peer_address() -> None:
    """The address of the other end is known to whoever answers."""
    front = Front(never)
    async with listening(front) as stand, stand.client() as client:
        await client.send(GET % b"/")

        assert (await front.request()).exchange.remote_ip == "127.0.0.1"
