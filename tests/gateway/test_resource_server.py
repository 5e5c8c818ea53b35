"""The door to the resource server, against a real server: one suite for every HTTP client that may stand behind it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
import structlog.testing

from hub.config.settings import RouteSettings, SettingsError
from hub.errors import (
    BadRequest,
    BodyTooLarge,
    DeadlineExceeded,
    HubError,
    ResourceServerBroken,
    ResourceServerTimeout,
    ResourceServerUnreachable,
    ShuttingDown,
)
from hub.gateway.messages import ApiResponse
from hub.gateway.routes import Route
from hub.iris.api import IRIS_API
from hub.primitives.http import read_body
from tests.gateway.candidates import CANDIDATES, KNOWN_SHORTFALLS, PATIENCE_SECONDS, Candidate
from tests.parties.certificates import Certificates, make_certificates
from tests.parties.resource_server import (
    Behaviour,
    Exchange,
    RawResourceServer,
    answering,
    echo,
    head,
    raw,
    silent,
    streaming_echo,
)

MIB = 1024 * 1024
IN_KERNEL = 16 * MIB  # what socket buffers of the loopback interface may hold besides what the door holds


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A certificate authority that only `ca_file` makes trusted."""
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=CANDIDATES)
def candidate(request: pytest.FixtureRequest) -> Candidate:
    """The client under test. What it is known to fall short of has to fail."""
    test = request.node.name.replace(f"[{request.param}-", "[").removesuffix(f"[{request.param}]")
    if reason := KNOWN_SHORTFALLS.get((request.param, test)):
        request.applymarker(pytest.mark.falls_short(reason))
        request.applymarker(pytest.mark.expects_log)
        request.node.add_marker(pytest.mark.gen_test(timeout=PATIENCE_SECONDS), append=False)
    return CANDIDATES[request.param]


@pytest.fixture
def loop_factory(candidate: Candidate) -> Callable[[], asyncio.AbstractEventLoop]:
    """The loop of the candidate."""
    return candidate.loop


@pytest.fixture
async def door(candidate: Candidate, certificates: Certificates) -> AsyncIterator[Any]:
    """The door under test."""
    door = candidate.make([str(certificates.authority_file)])
    await door.start()
    yield door
    await door.close()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Any]]:
    """Start servers that end with the test."""
    servers = []

    async def start(behaviour: Behaviour, **options: Any) -> RawResourceServer:
        servers.append(await RawResourceServer.start(behaviour, **options))
        return servers[-1]

    yield start
    for server in servers:
        await server.stop()


def route_to(url: str, **settings: Any) -> Route:
    """Return a route to `url` with the defaults of the settings."""
    return Route.compile(RouteSettings(prefix="/api", target=url, **settings), IRIS_API)


async def send(door: Any, url: str, method: str = "GET", **options: Any) -> ApiResponse:
    """Send a request by the route that `settings` describe."""
    route = route_to(url, **options.pop("settings", {}))
    return await door.send(route, url + options.pop("path", "/x"), method=method, **{"headers": [], **options})


async def read(response: ApiResponse) -> bytes:
    """Return the whole body of an answer."""
    return await read_body(response.body)


async def turns(count: int = 50) -> None:
    """Let everybody who can move, move: the events of the loopback interface are there at once."""
    for _ in range(count):
        await asyncio.sleep(0)


async def standstill(count: Callable[[], int]) -> None:
    """Wait until a count has begun to grow and grows no more. Clients with threads of their own need real time for that."""
    seen = 0
    while not seen or seen != count():
        seen = count()
        await asyncio.sleep(0.5)


async def stream(*pieces: bytes | Exception) -> AsyncIterator[bytes]:
    """Yield pieces, and raise those that are errors."""
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece


class TestMessages:
    async def test_sends_what_it_is_given_and_invents_nothing(self, door, serve):
        """Method, target and fields arrive as given, with nothing added but host and length."""
        server = await serve(echo)
        fields = [("X-Twice", "1"), ("X-Twice", "2"), ("X-Name", "M\xc3\xbcller")]
        await read(await send(door, server.url, "POST", path="/a%2Fb/%25CSP.REST.cls?q=%20a|b&{", headers=fields, body=b"{}"))
        received = server.requests[0]

        assert (received.method, received.target) == ("POST", "/a%2Fb/%25CSP.REST.cls?q=%20a|b&{")
        assert fields == [field for field in received.headers if field[0].startswith("X-")]
        assert {"Host", "Content-Length", "X-Twice", "X-Name"} == {name for name, _ in received.headers}

    async def test_hands_out_what_it_gets(self, door, serve):
        """Status, fields and body come back as sent, but for the case of names; repeated fields stay so, nothing is unpacked."""
        fields = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Encoding", "gzip"), ("X-Name", "M\xfcller")]
        server = await serve(answering(418, *fields, body=b"not gzip at all"))
        response = await send(door, server.url)

        assert (response.status, response.reason, response.body_bytes) == (418, "Reason", 15)
        assert [(name.lower(), value) for name, value in [*fields, ("Content-Length", "15")]] == response.headers
        assert await read(response) == b"not gzip at all"

    async def test_refuses_a_field_value_that_cannot_be_sent_unchanged(self, door, serve):
        """A value that is neither ASCII nor UTF-8 is refused before anything is sent."""
        server = await serve(echo)
        with pytest.raises(BadRequest):
            await send(door, server.url, headers=[("X-Name", "M\xfcller")])

        assert server.requests == []

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_follows_no_redirect(self, door, serve, status):
        """A redirect is an answer."""
        server = await serve(answering(status, ("Location", "/elsewhere")))
        response = await send(door, server.url)
        await read(response)

        assert (status, 1) == (response.status, len(server.requests))

    async def test_keeps_no_cookie(self, door, serve):
        """A cookie of one answer is not sent with the next request."""
        server = await serve(answering(200, ("Set-Cookie", "tracking=1; Path=/")))
        await read(await send(door, server.url))
        await read(await send(door, server.url))

        assert [request.header("Cookie") for request in server.requests] == [None, None]

    @pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
    async def test_knows_answers_without_a_body(self, door, serve, method, status):
        """HEAD, 204 and 304 have no body whatever length they name, and the connection serves the next request."""

        async def behave(exchange: Exchange) -> None:
            await exchange.write(head(status, *([] if status == 204 else [("Content-Length", "1000")])))

        server = await serve(behave)
        for _ in range(2):
            response = await send(door, server.url, method)

            assert (status, 0, b"") == (response.status, response.body_bytes, await read(response))
        assert server.connections == 1

    async def test_reads_a_body_that_ends_with_the_connection(self, door, serve):
        """An answer without length lasts until the server closes."""
        server = await serve(raw(head(200) + b"until the end"))
        response = await send(door, server.url)

        assert (response.body_bytes, await read(response)) == (None, b"until the end")

    async def test_reads_chunks_and_drops_what_follows_them(self, door, serve):
        """The chunks are the body; a trailer is no header field, and the connection serves the next request."""

        async def behave(exchange: Exchange) -> None:
            await exchange.write(head(200, ("Transfer-Encoding", "chunked"), ("Trailer", "X-Sum")))
            await exchange.write(b"2;part=1\r\nab\r\n1\r\nc\r\n0\r\nX-Sum: 3\r\n\r\n")

        server = await serve(behave)
        for _ in range(2):
            response = await send(door, server.url)

            assert (await read(response), "x-sum" in dict(response.headers)) == (b"abc", False)
        assert server.connections == 1

    async def test_reads_an_answer_of_an_old_server(self, door, serve):
        """HTTP/1.0 keeps no connection unless it says so (RFC 9112 section 9.3)."""

        async def behave(exchange: Exchange) -> None:
            await exchange.write(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold")

        server = await serve(behave)
        for _ in range(2):
            assert await read(await send(door, server.url)) == b"old"
        assert server.connections == 2

    async def test_passes_over_interim_answers(self, door, serve):
        """100 Continue and 103 Early Hints, unasked for, are not the answer."""

        async def behave(exchange: Exchange) -> None:
            await exchange.write(head(100) + head(103, ("Link", "</style.css>")))
            await exchange.answer(201, body=await exchange.body())

        server = await serve(behave)
        response = await send(door, server.url, "POST", body=b"x" * 100_000)

        assert (response.status, len(await read(response))) == (201, 100_000)

    async def test_sends_a_known_length_as_such(self, door, serve):
        """A stream whose length is known is announced with it, and not chunked."""
        server = await serve(echo)
        body = await read(await send(door, server.url, "PUT", body=stream(b"ab", b"", b"cd"), body_bytes=4))

        assert (
            body,
            server.requests[0].header("Content-Length"),
            server.requests[0].header("Transfer-Encoding"),
        ) == (b"abcd", "4", None)

    async def test_sends_an_unknown_length_in_chunks(self, door, serve):
        """A stream of unknown length is chunked."""
        server = await serve(echo)
        body = await read(await send(door, server.url, "POST", body=stream(b"ab", b"cd"), body_bytes=None))

        assert (
            body,
            server.requests[0].header("Content-Length"),
            server.requests[0].header("Transfer-Encoding"),
        ) == (b"abcd", None, "chunked")

    async def test_sends_an_empty_post_with_its_length(self, door, serve):
        """A POST without a body says so, since servers wait or refuse otherwise."""
        server = await serve(echo)
        await read(await send(door, server.url, "POST"))

        assert server.requests[0].header("Content-Length") == "0"


class TestConnections:
    async def test_keeps_connections(self, door, serve):
        """Requests one after the other share a connection."""
        server = await serve(echo)
        for _ in range(3):
            await read(await send(door, server.url, "POST", body=b"x"))

        assert (len(server.requests), server.connections) == (3, 1)

    async def test_keeps_the_connection_after_a_streamed_upload(self, door, serve):
        """The end of an upload is the end of the request: the connection stays."""
        server = await serve(echo)
        for _ in range(3):
            await read(await send(door, server.url, "POST", body=stream(b"ab", b"cd"), body_bytes=4))

        assert server.connections == 1

    async def test_notices_that_an_idle_connection_was_closed(self, door, serve):
        """A POST after the server closed the idle connection goes out on a new one."""

        async def behave(exchange: Exchange) -> None:
            await echo(exchange)
            exchange.close()

        server = await serve(behave)
        await read(await send(door, server.url, "POST", body=b"1"))
        await server.idle()
        await turns()

        assert await read(await send(door, server.url, "POST", body=b"2")) == b"2"

    async def test_repeats_a_safe_request_on_a_stale_connection(self, door, serve):
        """A GET that crosses the server's closing of the idle connection is sent again, once."""
        server = await serve(self.stale)
        await read(await send(door, server.url))

        assert await read(await send(door, server.url)) == b"fresh"
        assert [request.connection for request in server.requests] == [1, 1, 2]

    @pytest.mark.expects_log
    @pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
    async def test_never_repeats_an_unsafe_request(self, door, serve, method):
        """A request that changes something is sent once; when its connection turns out stale, its fate is unknown."""
        server = await serve(self.stale)
        await read(await send(door, server.url))
        with pytest.raises(ResourceServerBroken) as caught:
            await send(door, server.url, method, body=b"x")

        assert (caught.value.processed, len(server.requests)) == ("maybe", 2)

    @pytest.mark.expects_log
    async def test_repeats_a_safe_request_only_once(self, door, serve):
        """A server that always breaks off is asked twice and no more."""
        server = await serve(raw(b""))
        with pytest.raises(ResourceServerBroken):
            await send(door, server.url)

        assert len(server.requests) == 2

    @pytest.mark.expects_log
    async def test_a_server_that_goes_away_after_it_was_asked(self, door, serve):
        """That there is no connection for the second time does not make it certain that nothing happened the first time."""

        async def behave(exchange: Exchange) -> None:
            server.close()
            exchange.close()

        server = await serve(behave)
        with pytest.raises(ResourceServerBroken) as caught:
            await send(door, server.url)

        assert (caught.value.processed, len(server.requests)) == ("maybe", 1)

    async def test_takes_nothing_of_one_answer_for_the_next(self, door, serve):
        """Bytes behind the end of an answer do not answer the next request."""

        async def behave(exchange: Exchange) -> None:
            await exchange.write(head(200, ("Content-Length", "2")) + b"ok" + head(200, ("Content-Length", "6")) + b"forged")

        server = await serve(behave)
        await read(await send(door, server.url))
        await turns()

        assert await read(await send(door, server.url)) == b"ok"

    async def test_takes_no_body_for_an_answer(self, door, serve):
        """A server that answers HEAD with a body has lost its place: what it sends does not answer the next request."""

        async def behave(exchange: Exchange) -> None:
            if exchange.request.method == "HEAD":
                await exchange.write(head(200, ("Content-Length", "45")) + head(200, ("Content-Length", "6")) + b"forged")
            else:
                await exchange.answer(200, body=b"true")

        server = await serve(behave)
        await read(await send(door, server.url, "HEAD"))
        await turns()

        assert await read(await send(door, server.url)) == b"true"

    async def test_leaves_a_connection_that_the_server_gives_up(self, door, serve):
        """After `Connection: close` nothing more is sent, though the server may not have closed it yet."""
        server = await serve(answering(200, ("Connection", "close"), body=b"x"))
        for _ in range(2):
            assert await read(await send(door, server.url, "POST", body=b"x")) == b"x"
        assert server.connections == 2

    async def test_close_ends_all_connections_and_takes_no_more(self, door, serve):
        """A closed door has no connection left and says that it is closed."""
        server = await serve(echo)
        await read(await send(door, server.url))
        await door.close()
        await server.idle()

        with pytest.raises(ShuttingDown):
            await send(door, server.url)

    @staticmethod
    async def stale(exchange: Exchange) -> None:
        """Answer the first request of the first connection, and close it when the second one comes."""
        if exchange.request.connection > 1:
            await exchange.answer(200, body=b"fresh")
        elif exchange.request.target == "/x" and not getattr(exchange.reader, "used", False):
            exchange.reader.used = True  # type: ignore[attr-defined]
            await exchange.answer(200, body=b"first")
        else:
            exchange.close()


class TestStreaming:
    async def test_hands_out_each_piece_as_it_comes(self, door, serve):
        """A piece is there before the server sends the next one, and an endless answer does not need its end."""
        go_on = asyncio.Semaphore(0)

        async def behave(exchange: Exchange) -> None:
            await exchange.write(head(200, ("Transfer-Encoding", "chunked")))
            for number in range(3):
                await exchange.chunk(b"event %d" % number)
                await go_on.acquire()
            await exchange.peer_gone()

        server = await serve(behave)
        response = await send(door, server.url)
        for number in range(3):
            assert b"event %d" % number == await anext(response.body)
            go_on.release()
        await response.close()
        await server.idle()

    async def test_sends_each_piece_as_it_comes(self, door, serve):
        """A piece of an upload is at the server before the browser has sent the next one."""
        server = await serve(streaming_echo)
        pieces: asyncio.Queue[bytes] = asyncio.Queue()

        async def body() -> AsyncIterator[bytes]:
            while piece := await pieces.get():
                yield piece

        pieces.put_nowait(b"first")
        response = await send(door, server.url, "POST", body=body(), body_bytes=None)
        assert await anext(response.body) == b"first"
        pieces.put_nowait(b"second")
        assert await anext(response.body) == b"second"
        pieces.put_nowait(b"")
        assert await read(response) == b""

    async def test_a_slow_reader_slows_the_server_down(self, door, serve):
        """Of 64 MiB the server gets rid of no more than the reader takes and sockets hold."""
        exchanges = []

        async def behave(exchange: Exchange) -> None:
            exchanges.append(exchange)
            await exchange.write(head(200, ("Content-Length", str(64 * MIB))))
            for _ in range(64 * 16):
                await exchange.write(bytes(MIB // 16))

        server = await serve(behave)
        response = await send(door, server.url)
        received = len(await anext(response.body))
        await turns(3000)

        assert exchanges[0].sent - received < IN_KERNEL
        async for piece in response.body:
            received += len(piece)
        assert received == 64 * MIB

    @pytest.mark.parametrize("size", [64 * MIB, None])
    async def test_a_slow_server_slows_the_upload_down(self, door, serve, size):
        """Of 64 MiB the door takes no more from the browser than the server reads and sockets hold."""
        begun, go_on = asyncio.Event(), asyncio.Event()
        taken = 0

        async def behave(exchange: Exchange) -> None:
            begun.set()
            await go_on.wait()
            async for _ in exchange.pieces():
                pass
            await exchange.answer(200, body=str(exchange.taken).encode())

        async def body() -> AsyncIterator[bytes]:
            nonlocal taken
            for _ in range(64 * 16):
                taken += MIB // 16
                yield bytes(MIB // 16)

        server = await serve(behave)
        answer = asyncio.create_task(send(door, server.url, "POST", body=body(), body_bytes=size))
        await begun.wait()
        await turns(3000)

        assert 0 < taken < IN_KERNEL
        go_on.set()
        assert str(64 * MIB).encode() == await read(await answer)

    async def test_hands_out_an_answer_that_comes_before_the_upload_is_done(self, door, serve):
        """A refusal arrives while the browser is still sending, and the rest of the upload is given up."""

        async def behave(exchange: Exchange) -> None:
            await exchange.answer(413, body=b"too much")
            await exchange.peer_gone()

        async def body() -> AsyncIterator[bytes]:
            while True:
                yield bytes(65536)
                await turns(1)

        server = await serve(behave)
        response = await send(door, server.url, "POST", body=body(), body_bytes=None)

        assert (response.status, await read(response)) == (413, b"too much")
        await server.idle()

    async def test_a_large_body_in_hand_arrives_whole(self, door, serve):
        """Bytes that are all there are sent with their length."""
        server = await serve(echo)
        body = bytes(range(256)) * 4096

        assert body == await read(await send(door, server.url, "PUT", body=body, body_bytes=len(body)))
        assert str(MIB) == server.requests[0].header("Content-Length")


class TestCancellation:
    async def test_cancelling_before_the_answer_aborts_the_connection(self, door, serve):
        """The server sees that nobody waits any more."""
        server = await serve(silent)
        waiting = asyncio.create_task(send(door, server.url, "POST", body=b"x"))
        await server.asked()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

        await server.idle()

    async def test_closing_an_answer_aborts_the_connection(self, door, serve):
        """An endless answer ends when its reader leaves; closing twice is harmless."""
        server = await serve(self.endless)
        response = await send(door, server.url)
        await anext(response.body)
        await response.close()
        await response.close()

        await server.idle()

    async def test_cancelling_while_reading_aborts_the_connection(self, door, serve):
        """A reader that is cancelled takes the connection with it."""

        async def behave(exchange: Exchange) -> None:
            await exchange.write(head(200, ("Content-Length", "10")))
            await exchange.peer_gone()

        server = await serve(behave)
        reading = asyncio.create_task(read(await send(door, server.url)))
        await turns()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

        await server.idle()

    async def test_cancelling_an_upload_that_nobody_reads_aborts_the_connection(self, door, serve):
        """A full socket does not keep a cancelled upload alive: what was written is thrown away."""
        go_on = asyncio.Event()

        async def behave(exchange: Exchange) -> None:
            await go_on.wait()
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await exchange.body()
            exchange.close()

        taken = 0

        async def body() -> AsyncIterator[bytes]:
            nonlocal taken
            while True:
                taken += 1
                yield bytes(65536)

        server = await serve(behave)
        waiting = asyncio.create_task(send(door, server.url, "POST", body=body(), body_bytes=1024 * MIB))
        await standstill(lambda: taken)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        go_on.set()

        await server.idle()

    async def test_closing_a_complete_answer_keeps_the_connection(self, door, serve):
        """What has arrived whole costs no connection when it is closed unread."""
        server = await serve(echo)
        for _ in range(2):
            response = await send(door, server.url, "POST", body=b"x")
            await turns()
            await response.close()

        assert server.connections == 1

    @pytest.mark.parametrize("reads_on", [True, False])
    async def test_half_an_answer_that_was_closed_is_no_answer(self, door, serve, reads_on):
        """Whoever reads while another closes, or later, is told that there is no more; nothing is logged about it."""
        server = await serve(self.endless)
        response = await send(door, server.url)
        await anext(response.body)
        reading = asyncio.create_task(read(response)) if reads_on else None
        await turns()
        await response.close()

        with structlog.testing.capture_logs() as events, pytest.raises(ResourceServerBroken):
            await (reading or read(response))
        assert events == []

    @staticmethod
    async def endless(exchange: Exchange) -> None:
        """Send as long as somebody reads."""
        await exchange.write(head(200, ("Transfer-Encoding", "chunked")))
        while True:
            await exchange.chunk(bytes(65536))


@pytest.mark.timing_sensitive
class TestTimeouts:
    """Real time passes here, since sockets know no other; each limit is far from what it must not hit."""

    QUICK: ClassVar = {"timeout_seconds": 1.0}

    @pytest.mark.expects_log
    async def test_a_server_that_never_answers(self, door, serve):
        """Silence before the answer is a timeout whose outcome is unknown."""
        server = await serve(silent)
        with pytest.raises(ResourceServerTimeout) as caught:
            await send(door, server.url, "POST", body=b"x", settings=self.QUICK)
        await server.idle()

        assert caught.value.processed == "maybe"

    @pytest.mark.expects_log
    async def test_a_server_that_falls_silent(self, door, serve):
        """Silence in the middle of an answer is a timeout out of its body."""

        async def behave(exchange: Exchange) -> None:
            await exchange.write(head(200, ("Content-Length", "10")) + b"begun")
            await exchange.peer_gone()

        server = await serve(behave)
        response = await send(door, server.url, settings=self.QUICK)
        assert await anext(response.body) == b"begun"
        with pytest.raises(ResourceServerTimeout):
            await anext(response.body)

        await server.idle()

    @pytest.mark.expects_log
    async def test_a_server_that_takes_no_upload(self, door, serve):
        """A server that stops reading is as silent as one that does not answer."""

        async def behave(exchange: Exchange) -> None:
            await asyncio.Event().wait()

        server = await serve(behave)
        with pytest.raises(ResourceServerTimeout):
            await send(door, server.url, "POST", body=bytes(32 * MIB), body_bytes=32 * MIB, settings=self.QUICK)

    async def test_an_endless_answer_that_keeps_sending(self, door, serve):
        """An event stream outlives the limit on silence as long as it says something."""

        async def behave(exchange: Exchange) -> None:
            await exchange.write(head(200, ("Transfer-Encoding", "chunked")))
            for _ in range(8):
                await asyncio.sleep(0.25)
                await exchange.chunk(b"beat")
            await exchange.chunk(b"")

        server = await serve(behave)

        assert await read(await send(door, server.url, settings=self.QUICK)) == b"beat" * 8

    async def test_a_long_upload_that_keeps_flowing(self, door, serve):
        """A slow server may take longer than the limit on silence, even if it says `100 Continue` at the start."""

        async def behave(exchange: Exchange) -> None:
            await exchange.write(head(100))
            async for _ in exchange.pieces(4 * MIB):
                await asyncio.sleep(0.25)
            await exchange.answer(200, body=str(exchange.taken).encode())

        server = await serve(behave)
        body = bytes(32 * MIB)
        response = await send(door, server.url, "PUT", body=body, body_bytes=len(body), settings=self.QUICK)

        assert str(32 * MIB).encode() == await read(response)

    async def test_a_browser_that_uploads_slowly(self, door, serve):
        """Waiting for the browser is no silence of the server."""

        async def body() -> AsyncIterator[bytes]:
            yield b"first"
            await asyncio.sleep(2.0)
            yield b"second"

        server = await serve(echo)
        response = await send(door, server.url, "POST", body=body(), body_bytes=None, settings=self.QUICK)

        assert await read(response) == b"firstsecond"

    async def test_a_slow_reader(self, door, serve):
        """Time that the reader of the answer takes is no silence of the server."""
        server = await serve(answering(200, body=bytes(MIB)))
        response = await send(door, server.url, settings=self.QUICK)
        await asyncio.sleep(2.0)

        assert len(await read(response)) == MIB

    async def test_the_caller_runs_out_of_time(self, door, serve):
        """The caller's limit ends the wait for the head; what was sent may have been processed."""
        server = await serve(silent)
        with pytest.raises(DeadlineExceeded) as caught:
            await send(door, server.url, "POST", body=b"x", timeout_seconds=1.0)
        await server.idle()

        assert caught.value.processed == "maybe"

    async def test_the_caller_runs_out_of_time_before_anything_is_sent(self, door, unanswering_port):
        """While the connection is not there yet nothing was processed."""
        with pytest.raises(DeadlineExceeded) as caught:
            await send(door, f"http://127.0.0.1:{unanswering_port}", "POST", body=b"x", timeout_seconds=0.2)

        assert caught.value.processed == "never"

    @pytest.mark.expects_log
    async def test_connecting_takes_too_long(self, door, unanswering_port):
        """The connect timeout says that nothing was sent."""
        with pytest.raises(ResourceServerUnreachable) as caught:
            await send(door, f"http://127.0.0.1:{unanswering_port}", "POST", settings={"connect_timeout_seconds": 0.2})

        assert caught.value.processed == "never"


@pytest.fixture
async def unanswering_port() -> AsyncIterator[int]:
    """A port that completes no handshake: its queue of waiting connections is full."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    yield listener.getsockname()[1]
    for each in (*fillers, listener):
        each.close()


@pytest.mark.expects_log
class TestBrokenServers:
    async def test_nobody_listens(self, door, serve):
        """A refused connection means that nothing was sent."""
        server = await serve(echo)
        await server.stop()
        with pytest.raises(ResourceServerUnreachable) as caught:
            await send(door, server.url, "POST", body=b"x")

        assert caught.value.processed == "never"

    async def test_a_name_that_does_not_exist(self, door):
        """A name that does not resolve means that nothing was sent."""
        with pytest.raises(ResourceServerUnreachable) as caught:
            await send(door, "http://nobody.invalid", "POST", body=b"x")

        assert caught.value.processed == "never"
        assert "nobody" not in caught.value.detail

    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"SSH-2.0-OpenSSH_9.6\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nX-Big: " + b"x" * 100_000 + b"\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 1000 + b"\r\n",
            b"HTTP/1.1 200 OK\r\nBad Name\x00: x\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        ],
        ids=[
            "nothing",
            "another protocol",
            "half a head",
            "no status",
            "negative length",
            "two lengths",
            "length and chunks",
            "large field",
            "many fields",
            "bad name",
            "switch",
        ],
    )
    async def test_an_answer_that_is_no_http(self, door, serve, answer):
        """Nonsense, oversized heads and answers whose end is ambiguous are refused, and the connection is given up."""
        server = await serve(raw(answer))
        with pytest.raises(ResourceServerBroken) as caught:
            await send(door, server.url, "POST", body=b"x")
        await server.idle()

        assert caught.value.processed == "maybe"

    @pytest.mark.parametrize(
        "answer",
        [
            head(200, ("Content-Length", "10")) + b"half",
            head(200, ("Transfer-Encoding", "chunked")) + b"4\r\nhalf\r\n",
            head(200, ("Transfer-Encoding", "chunked")) + b"4\r\nhalf\r\nnonsense\r\n",
        ],
    )
    async def test_an_answer_that_breaks_off(self, door, serve, answer):
        """Half an answer is never taken for a whole one."""
        server = await serve(raw(answer))
        with pytest.raises(ResourceServerBroken) as caught:
            await read(await send(door, server.url))

        assert caught.value.processed == "maybe"

    async def test_a_reset_before_the_answer(self, door, serve):
        """A connection that is reset leaves the outcome unknown."""

        async def behave(exchange: Exchange) -> None:
            await exchange.body()
            exchange.reset()

        server = await serve(behave)
        with pytest.raises(ResourceServerBroken) as caught:
            await send(door, server.url, "POST", body=b"x")

        assert caught.value.processed == "maybe"

    async def test_a_reset_in_the_middle_of_the_answer(self, door, serve):
        """A reset comes out of the body."""
        read_first = asyncio.Event()

        async def behave(exchange: Exchange) -> None:
            await exchange.write(head(200, ("Content-Length", "10")) + b"half")
            await read_first.wait()
            exchange.reset()

        server = await serve(behave)
        response = await send(door, server.url)
        await anext(response.body)
        read_first.set()
        with pytest.raises(ResourceServerBroken):
            await anext(response.body)

    async def test_a_reset_in_the_middle_of_an_upload(self, door, serve):
        """A server that goes away during an upload is broken, and the upload ends."""

        async def behave(exchange: Exchange) -> None:
            await exchange.reader.readexactly(100_000)
            exchange.reset()

        server = await serve(behave)
        with pytest.raises(ResourceServerBroken):
            await send(door, server.url, "POST", body=bytes(32 * MIB), body_bytes=32 * MIB)


@pytest.mark.expects_log
class TestLog:
    @pytest.mark.parametrize(
        ("behaviour", "which"),
        [(raw(b""), 0), (raw(b"no HTTP\r\n\r\n"), 1), (silent, 2)],
        ids=["leaves", "no HTTP", "silent"],
    )
    async def test_tells_the_operator_the_reason_and_no_secret(self, candidate, door, serve, behaviour, which):
        """A failure is logged with its route and cause, without token, query or bytes of the answer."""
        server = await serve(behaviour)
        headers = [("Authorization", "Bearer t0ken")]
        settings = {"timeout_seconds": 0.2} if behaviour is silent else {}
        with structlog.testing.capture_logs() as events, pytest.raises(HubError):
            await send(door, server.url, "POST", path="/x?name=Jane", headers=headers, settings=settings)

        assert [(event["event"], event["route"]) for event in events] == [("upstream.request_failed", "/api")]
        assert candidate.reasons[which] in events[0]["reason"]
        assert not any(word in repr(events) for word in ("t0ken", "Jane", "no HTTP"))

    async def test_names_the_host_that_cannot_be_reached(self, door, serve):
        """Where nobody listens the operator learns which address was tried."""
        server = await serve(echo)
        await server.stop()
        with structlog.testing.capture_logs() as events, pytest.raises(ResourceServerUnreachable):
            await send(door, server.url)

        assert server.url.removeprefix("http://") in events[0]["reason"]


class TestFailingUploads:
    @pytest.mark.parametrize("size", [100, None])
    async def test_the_error_of_the_stream_comes_through(self, door, serve, size):
        """What the caller's stream raises is what the caller gets, and the server gets half a request."""
        server = await serve(echo)
        error = BodyTooLarge("too much")
        with pytest.raises(BodyTooLarge) as caught:
            await send(door, server.url, "POST", body=stream(b"half", error), body_bytes=size)
        await server.idle()

        assert error is caught.value
        assert caught.value.processed == "maybe"

    async def test_the_error_of_the_stream_comes_through_after_the_head(self, door, serve):
        """An upload that fails while its answer is being read breaks the answer off with the same error."""
        server = await serve(streaming_echo)
        failed = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield b"half"
            await failed.wait()
            raise ConnectionError("the browser left")

        response = await send(door, server.url, "POST", body=body(), body_bytes=None)
        assert await anext(response.body) == b"half"
        failed.set()
        with pytest.raises(ConnectionError, match="the browser left"):
            await anext(response.body)

        await server.idle()

    @pytest.mark.expects_log
    async def test_a_stream_that_is_cancelled(self, door, serve):
        """A stream whose own source is cancelled ends the request, and nobody waits for what does not come."""
        server = await serve(echo)

        async def body() -> AsyncIterator[bytes]:
            yield b"half"
            raise asyncio.CancelledError

        with pytest.raises(ResourceServerBroken):
            await send(door, server.url, "POST", body=body(), body_bytes=None)
        await server.idle()

    @pytest.mark.parametrize("pieces", [(b"ab",), (b"abcd", b"e"), (b"abcdef",)])
    async def test_a_body_of_another_length_than_announced(self, door, serve, pieces):
        """A body that is too short is not waited for, and one that is too long does not become the next request."""
        server = await serve(echo)
        with pytest.raises(BadRequest):
            await send(door, server.url, "POST", body=stream(*pieces), body_bytes=3)

        await server.idle()


class TestTls:
    async def test_trusts_the_authority_of_the_route(self, door, serve, certificates):
        """A server whose certificate the route's authority signed is spoken to."""
        server = await serve(echo, tls=certificates.server_context())
        settings = {"ca_file": str(certificates.authority_file)}

        assert await read(await send(door, server.url, "POST", body=b"x", settings=settings)) == b"x"
        assert server.connections == 1

    async def test_streams_both_ways(self, door, serve, certificates):
        """Large bodies arrive whole though their readers take their time, and the connection stays."""

        async def behave(exchange: Exchange) -> None:
            sizes = [len(piece) async for piece in exchange.pieces(MIB)]
            await exchange.write(head(200, ("Content-Length", str(8 * sum(sizes)))))
            for size in sizes:
                await exchange.write(bytes(8 * size))

        server = await serve(behave, tls=certificates.server_context())
        settings = {"ca_file": str(certificates.authority_file)}
        for _ in range(2):
            response = await send(door, server.url, "POST", body=bytes(MIB), settings=settings)
            received = 0
            async for piece in response.body:
                received += len(piece)
                await turns(10)
            assert received == 8 * MIB
        assert server.connections == 1

    @pytest.mark.expects_log
    async def test_trusts_nobody_else(self, door, serve, certificates):
        """A route without that authority refuses the same server before anything is sent."""
        server = await serve(echo, tls=certificates.server_context())
        with pytest.raises(ResourceServerUnreachable) as caught:
            await send(door, server.url, "POST", body=b"x")

        assert (caught.value.processed, server.requests) == ("never", [])

    @pytest.mark.expects_log
    async def test_checks_the_name(self, candidate, serve, certificates, tmp_path):
        """A certificate for another host is refused though its authority is trusted."""
        other = make_certificates(tmp_path, host="other.example")
        server = await serve(echo, tls=other.server_context())
        strict = candidate.make([str(other.authority_file)])
        await strict.start()
        with pytest.raises(ResourceServerUnreachable):
            await send(strict, server.url, settings={"ca_file": str(other.authority_file)})
        await strict.close()

    @pytest.mark.expects_log
    async def test_a_handshake_that_never_ends(self, door, serve):
        """A server that does not speak TLS is unreachable after the connect timeout, and nothing was sent."""

        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        listener = await asyncio.start_server(hang, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        with pytest.raises(ResourceServerUnreachable) as caught:
            await send(door, f"https://127.0.0.1:{port}", settings={"connect_timeout_seconds": 0.3})
        listener.close()

        assert caught.value.processed == "never"

    async def test_cancelling_aborts_the_connection(self, door, serve, certificates):
        """Under TLS too the server sees at once that nobody waits any more."""
        server = await serve(silent, tls=certificates.server_context())
        settings = {"ca_file": str(certificates.authority_file)}
        waiting = asyncio.create_task(send(door, server.url, settings=settings))
        await server.asked()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

        await server.idle()

    def test_names_a_file_without_certificates(self, candidate, tmp_path: Path):
        """A file that holds no certificate is a mistake in the settings."""
        (tmp_path / "empty.pem").write_text("nothing")
        with pytest.raises(SettingsError, match=r"routes.ca_file.*empty\.pem"):
            candidate.make([str(tmp_path / "empty.pem")])
