"""The channel over real sockets: handshake order, close codes, and what Tornado must not do to us."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import tornado.template
from tornado.testing import bind_unused_port

from hub.channel.close_codes import CloseCode
from hub.channel.driver import Driver
from hub.channel.interfaces import ChannelServices
from hub.channel.messages import message_bytes
from hub.channel.registry import Registry
from hub.errors import NotAuthenticated, StoreUnavailable
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.primitives.clock import SystemClock
from hub.session.cookie import Cookies
from hub.telemetry.access_log import AccessLog
from hub.web.base import PAGES
from hub.web.channel import ChannelDoor
from hub.web.client_address import TrustedProxies
from hub.web.refusals import Refusals
from hub.web.response_headers import ResponseHeaders
from hub.web.site import Site
from tests.channel.parts import World, body, json_answer, new_session, request
from tests.parties.clock import ManualClock
from tests.parties.listeners import chosen_listener
from tests.parties.websocket_peer import CLOSE, TEXT, WebSocketPeer, close_payload, frame

ORIGIN = "https://hub.example"
COOKIES = Cookies.for_transport(secure=True)


class WatchedRegistry(Registry):
    """A registry that tells when a channel's socket is gone."""

    def __init__(self, services: ChannelServices) -> None:
        super().__init__(services)
        self.released = asyncio.Event()

    def release(self, driver: Driver, peer_code: int | None) -> None:
        super().release(driver, peer_code)
        self.released.set()


class Hub:
    """A hub with nothing but a channel."""

    def __init__(self, **limits: Any) -> None:
        self.world = World.build(ManualClock(), **limits)
        clock = SystemClock()
        self.world.services = dataclasses.replace(self.world.services, clock=clock)
        self.world.sessions.session = new_session(self.world.session_id, now=clock.now())
        self.registry = WatchedRegistry(self.world.services)
        rates = self.world.services.rates
        site = Site(
            ORIGIN,
            COOKIES,
            TrustedProxies(),
            ResponseHeaders(clock, hsts=False),
            tornado.template.Loader(str(PAGES)),
            AccessLog(clock),
            Refusals(rates, clock),
        )
        self._listener = chosen_listener()(
            ChannelDoor(site, self.registry, self.world.sessions, self.world.settings, rates), clock
        )
        self._listening, self.port = bind_unused_port()
        self.http = aiohttp.ClientSession()
        self._sockets: list[aiohttp.ClientWebSocketResponse] = []
        self._watch = asyncio.ensure_future(self.registry.watch())

    async def start(self) -> None:
        """Begin to listen."""
        await self._listener.start([self._listening])

    async def close(self) -> None:
        """Close everything."""
        self._watch.cancel()
        await self.registry.close_all(CloseCode.UNAVAILABLE, "draining")
        for socket in self._sockets:
            await socket.close()
        await self.http.close()
        await self._listener.close()

    async def dial(self, *, protocols: tuple[str, ...] = ("hub.v1",), **headers: str) -> aiohttp.ClientWebSocketResponse:
        """Open a WebSocket as the page of the session does; `headers` replaces what a browser sends."""
        cookie = f"a=b; {COOKIES.session}={self.world.session_id.reveal()}"
        sent = {"Origin": ORIGIN, "Cookie": cookie, **headers}
        url = f"http://127.0.0.1:{self.port}/hub/channel"
        socket = await self.http.ws_connect(
            url,
            protocols=protocols,
            headers={name.replace("_", "-"): value for name, value in sent.items() if value},
            timeout=aiohttp.ClientWSTimeout(ws_close=0.5),
        )
        self._sockets.append(socket)
        return socket

    async def greeted(self) -> aiohttp.ClientWebSocketResponse:
        """Open a channel and take `ready`."""
        socket = await self.dial()
        await socket.send_str(self.world.hello)
        assert (await socket.receive_json())["type"] == "ready"
        return socket

    def answers(self, path: str, answer: Callable[[ApiRequest], Awaitable[ApiResponse]]) -> None:
        """Let the pipeline answer `path`."""
        self.world.pipeline.answers[path] = answer


@pytest.fixture
async def new_hub() -> AsyncIterator[Callable[..., Awaitable[Hub]]]:
    """Makes hubs with the limits that a test wants."""
    hubs: list[Hub] = []

    async def make(**limits: Any) -> Hub:
        hubs.append(Hub(**limits))
        await hubs[-1].start()
        return hubs[-1]

    yield make
    for hub in hubs:
        await hub.close()


@pytest.fixture
async def hub(new_hub: Callable[..., Awaitable[Hub]]) -> Hub:
    """A hub with the usual limits."""
    return await new_hub()


def driver_of(hub: Hub) -> Driver:
    """Return the only channel of the hub."""
    ((driver,),) = hub.registry._channels.values()
    return driver


async def close_of(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Return the code with which the hub closes next."""
    message = await socket.receive()
    assert message.type is aiohttp.WSMsgType.CLOSE, message
    return socket.close_code


class TestRefusedUpgrade:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": ""},
            {"Origin": "null"},
            {"Origin": "http://hub.example"},
            {"Origin": "https://hub.example:444"},
            {"Origin": "https://evil.example"},
            {"Origin": "https://hub.example.evil.example"},
            {"Origin": "", "Sec_Fetch_Site": "same-origin"},
            {"Origin": "http://hub.example", "Host": "hub.example"},
        ],
    )
    async def test_other_origins(self, hub: Hub, headers: dict[str, str]) -> None:
        """Only pages of exactly our origin get a socket: scheme, host and port, and a missing Origin is none of ours."""
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await hub.dial(**headers)

        assert caught.value.status == 403
        assert hub.world.sessions.asked == []

    async def test_origin_as_browsers_send_it(self, hub: Hub) -> None:
        """The page of the public URL is let in although the Host that we see is another one, behind a proxy."""
        socket = await hub.dial(Sec_Fetch_Site="same-origin")

        assert socket.protocol == "hub.v1"

    async def test_no_room(self, new_hub: Callable[..., Awaitable[Hub]]) -> None:
        """A full worker says so before it accepts anything."""
        hub = await new_hub(connections=1)
        first = await hub.greeted()
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await hub.dial()

        assert not first.closed
        assert caught.value.status == 503
        assert caught.value.headers is not None
        assert caught.value.headers["Retry-After"] == "5"

    async def test_other_websocket_versions(self, hub: Hub) -> None:
        """Version 8 brought another Origin header and is refused."""
        headers = {"Origin": ORIGIN, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "8"}
        async with hub.http.get(f"http://127.0.0.1:{hub.port}/hub/channel", headers=headers) as answer:
            assert answer.status == 426


async def test_headers_of_the_browser(hub: Hub) -> None:
    """A request over the channel has the headers that the browser adds to one over HTTP, and none of the handshake's own."""
    socket = await hub.dial(User_Agent="Firefox", Accept_Language="de", Pragma="no-cache", DNT="1")
    await socket.send_str(hub.world.hello)
    assert (await socket.receive_json())["type"] == "ready"

    async def answer(_: ApiRequest) -> ApiResponse:
        return json_answer({})

    hub.answers("/api/a", answer)
    await socket.send_str(request(1))
    assert (await socket.receive_json())["status"] == 200

    assert hub.world.pipeline.requests[0].headers == [
        ("user-agent", "Firefox"),
        ("accept-language", "de"),
        ("dnt", "1"),
        ("accept-encoding", "identity"),
    ]


class TestRefusedAfterUpgrade:
    @pytest.mark.parametrize("protocols", [(), ("hub.v2",)])
    async def test_subprotocol(self, hub: Hub, protocols: tuple[str, ...]) -> None:
        """A client that does not speak our version learns it from the close code."""
        assert await close_of(await hub.dial(protocols=protocols)) == 4406
        assert hub.world.sessions.asked == []

    async def test_no_cookie(self, hub: Hub) -> None:
        """No session: log in."""
        assert await close_of(await hub.dial(Cookie="")) == 4401

    async def test_session_is_gone(self, hub: Hub) -> None:
        """The session has ended: log in."""
        hub.world.sessions.error = NotAuthenticated()

        assert await close_of(await hub.dial()) == 4401

    async def test_store_is_down(self, hub: Hub) -> None:
        """Nobody knows whether there is a session: come back later, and do not log in."""
        hub.world.sessions.error = StoreUnavailable()

        assert await close_of(await hub.dial()) == 4503

    @pytest.mark.expects_log
    async def test_defect(self, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
        """A handshake that meets a defect closes the WebSocket, so that the page does not wait for ever."""

        async def fail(*_: object, **__: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(hub.world.sessions, "current", fail, raising=False)

        assert await close_of(await hub.dial()) == 1011

    async def test_too_many_channels_of_a_session(self, new_hub: Callable[..., Awaitable[Hub]]) -> None:
        """One session cannot use up the worker."""
        hub = await new_hub(connections_per_session=1)
        first = await hub.greeted()

        assert await close_of(await hub.dial()) == 4430
        assert not first.closed

    async def test_wrong_csrf_token(self, hub: Hub) -> None:
        """A page that cannot read our cookie gets nothing."""
        socket = await hub.dial()
        await socket.send_json({"type": "hello", "csrf": "wrong"})

        assert await close_of(socket) == 4403

    @pytest.mark.timing_sensitive
    async def test_no_hello(self, new_hub: Callable[..., Awaitable[Hub]]) -> None:
        """A socket that says nothing is closed."""
        hub = await new_hub(hello_timeout_seconds=0.01)
        code = await close_of(await hub.dial())

        assert code == 4422

    async def test_handshake_does_not_slide_the_idle_time(self, hub: Hub) -> None:
        """Dialling again is nothing that a user does."""
        await hub.greeted()

        assert hub.world.sessions.asked == [True]


class TestTraffic:
    async def test_requests_and_answers(self, hub: Hub) -> None:
        """Many requests in one message, many answers in one; uncompressed."""

        async def echo(asked: ApiRequest) -> ApiResponse:
            return json_answer({"query": asked.query})

        hub.answers("/api/a", echo)
        socket = await hub.greeted()
        await socket.send_str(f"[{','.join(request(each, f'/api/a?{each}') for each in range(1, 21))}]")
        answers = await socket.receive_json()

        assert [(each["id"], each["body"]["query"]) for each in answers] == [(n, str(n)) for n in range(1, 21)]
        assert socket.compress == 0
        assert {asked.client_address for asked in hub.world.pipeline.requests} == {"127.0.0.1"}

    async def test_pings_are_answered_while_a_request_runs(self, hub: Hub) -> None:
        """Work upstream holds up neither the next message nor control frames."""
        gate = asyncio.Event()

        async def wait(_: ApiRequest) -> ApiResponse:
            await gate.wait()
            return json_answer(1)

        hub.answers("/api/a", wait)
        socket = await hub.greeted()
        await socket.send_str(request(1))
        await socket.send_json({"type": "ping", "n": 5})

        assert await socket.receive_json() == {"type": "pong", "n": 5}

        gate.set()

        assert (await socket.receive_json())["body"] == 1

    @pytest.mark.each_listener
    async def test_batch_takes_many_turns(self, hub: Hub) -> None:
        """Thousands of messages in one are handled a few in a turn of the loop, in order, and nothing behind them overtakes."""
        socket = await hub.greeted()
        loop, turns, runs = asyncio.get_running_loop(), 0, True

        def tick() -> None:
            nonlocal turns
            turns += 1
            if runs:
                loop.call_soon(tick)

        batch = json.dumps([{"type": "ping", "n": number} for number in range(2000)])
        tick()
        await socket.send_str(batch)
        await socket.send_str('{"type":"ping","n":2000}')
        numbers: list[int] = []
        while len(numbers) <= 2000:
            said = json.loads(await socket.receive_str())
            numbers += [each["n"] for each in (said if isinstance(said, list) else [said])]
        runs = False

        assert numbers == list(range(2001))
        assert turns >= 2000 / 32

    async def test_large_answer_and_upload(self, hub: Hub) -> None:
        """A megabyte each way, in frames, intact."""
        data = bytes(range(256)) * 4096

        async def mirror(asked: ApiRequest) -> ApiResponse:
            assert not isinstance(asked.body, bytes)
            return ApiResponse(status=200, body=asked.body, body_bytes=asked.body_bytes)

        hub.answers("/api/a", mirror)
        socket = await hub.greeted()
        await socket.send_str(request(1, method="POST", stream=len(data)))
        received, sent, ended = bytearray(), 0, False
        while not ended:
            message = await socket.receive()
            if message.type is aiohttp.WSMsgType.BINARY:
                received += message.data[8:]
                ended = message.data[1] == 1
                continue
            said = json.loads(message.data)
            for window in [each for each in (said if isinstance(said, list) else [said]) if each["type"] == "window"]:
                until_now, sent = sent, sent + window["bytes"]
                for at in range(until_now, sent, 65_536):
                    part = data[at : min(at + 65_536, sent)]
                    await socket.send_bytes(body(1, part, end=at + len(part) == len(data)))

        assert bytes(received) == data

    async def test_oversized_message_closes(self, hub: Hub) -> None:
        """A message beyond `limits.message` is not taken, and the client reads why."""
        socket = await hub.greeted()
        await socket.send_str(" " * (message_bytes(hub.world.settings) + 1))

        assert await close_of(socket) == 1009
        await hub.registry.released.wait()

        assert len(hub.registry) == 0

    @pytest.mark.parametrize(
        ("broken", "code"),
        [
            (frame(TEXT, b"\xff"), 1007),
            (frame(TEXT, b"[]", mask=b""), 1002),
            (frame(CLOSE, close_payload(1006)), 1002),
            (frame(CLOSE, close_payload(1000, b"\xff")), 1007),
        ],
    )
    async def test_broken_websocket(self, hub: Hub, broken: bytes, code: int) -> None:
        """A client that breaks WebSocket itself is told by a close frame (RFC 6455 section 7.4.1), and its channel ends."""
        fields = {"Origin": ORIGIN, "Cookie": f"{COOKIES.session}={hub.world.session_id.reveal()}"}
        async with WebSocketPeer.dial(hub.port, "/hub/channel", {**fields, "Sec-WebSocket-Protocol": "hub.v1"}) as peer:
            await peer.send(frame(TEXT, hub.world.hello.encode()))
            assert b'"ready"' in (await peer.receive()).data
            await peer.send(broken)

            assert (await peer.receive()).code == code
        await hub.registry.released.wait()

        assert len(hub.registry) == 0

    @pytest.mark.timing_sensitive
    async def test_websocket_pings_keep_the_channel(self, new_hub: Callable[..., Awaitable[Hub]]) -> None:
        """The registry's pings are answered by any WebSocket client, and the answer counts as a sign of life."""
        hub = await new_hub(heartbeat_interval_seconds=1.0, heartbeat_timeout_seconds=2.5)
        socket = await hub.greeted()
        pings = [
            await socket.receive_json() for _ in range(4)
        ]  # the last one comes long after the first silence would have ended it

        assert [ping["n"] for ping in pings] == [1, 2, 3, 4]

    async def test_client_that_leaves_aborts_its_requests(self, hub: Hub) -> None:
        """A socket that is gone leaves no work behind."""

        started = asyncio.Event()

        async def forever(_: ApiRequest) -> ApiResponse:
            started.set()
            await asyncio.Event().wait()
            return json_answer(None)

        hub.answers("/api/a", forever)
        socket = await hub.greeted()
        await socket.send_str(request(1))
        await started.wait()
        await socket.close()
        await hub.registry.released.wait()
        await hub.registry.close_all(CloseCode.UNAVAILABLE, "waits for what is left")

        assert hub.world.pipeline.cancelled == ["/api/a"]
        assert len(hub.registry) == 0

    @pytest.mark.timing_sensitive
    async def test_client_that_does_not_read_is_not_buffered(self, new_hub: Callable[..., Awaitable[Hub]]) -> None:
        """The answer is read no further than the outbox and the kernel's buffers hold, and the client is closed."""
        hub = await new_hub(outbox=200_000, slow_reader_timeout_seconds=0.1)
        stopped = asyncio.Event()
        given = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal given
            while True:
                given += 65_536
                yield bytes(65_536)

        async def download(_: ApiRequest) -> ApiResponse:
            return ApiResponse(status=200, body=endless(), close=stop)

        async def stop() -> None:
            stopped.set()

        hub.answers("/api/a", download)
        socket = await hub.greeted()
        connection = socket._conn
        assert connection is not None
        assert connection.transport is not None
        connection.transport.pause_reading()
        await socket.send_str(request(1))
        await stopped.wait()

        assert driver_of(hub).close_code is CloseCode.SLOW_READER
        assert given < 32_000_000

    async def test_session_end_reaches_the_page(self, hub: Hub) -> None:
        """The reason comes first, then the close."""
        socket = await hub.greeted()
        await hub.registry.end_session(hub.world.session_id.key, "logout", SystemClock().now())

        assert (await socket.receive_json())["data"]["reason"] == "logout"
        assert await close_of(socket) == 4401
