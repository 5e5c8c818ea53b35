"""WebSockets that are passed through, when something fails that nobody foresaw: the page is told, and nothing is left."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
import tornado.template

from hub.gateway.messages import ApiResponse
from hub.listener.exchange import Exchange, Receiver
from hub.primitives.clock import SystemClock
from hub.session.cookie import Cookies
from hub.telemetry.access_log import AccessLog
from hub.web.client_address import TrustedProxies
from hub.web.response_headers import ResponseHeaders
from hub.web.site import Site
from hub.web.websocket_proxy import PassThroughDoor
from tests.listener.parts import listening
from tests.parties.websocket_peer import BINARY, TEXT, WebSocketPeer, frame
from tests.waiting import HANG_SECONDS, soon, until

ORIGIN = "https://clinic.example"
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: https://clinic.example\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class Upstream:
    """The other side: it says something, then fails, or waits."""

    protocol = None
    close_code = 1000

    def __init__(self, *, fails: bool) -> None:
        self.fails = fails
        self.said: list[str | bytes] = []
        self.closed: list[int] = []
        self._more = iter(["hello"])

    async def receive(self) -> str | None:
        """Say it, then fail or wait."""
        if (message := next(self._more, None)) is not None:
            return message
        if self.fails:
            raise LookupError("defect")
        await asyncio.Event().wait()
        return None

    async def send(self, message: str | bytes) -> None:
        """Take it."""
        self.said.append(message)

    async def close(self, code: int, reason: str) -> None:
        """Note it."""
        self.closed.append(code)


class Dispatch:
    """Leads to an upstream, or fails."""

    def __init__(self, upstream: Upstream | None) -> None:
        self._upstream = upstream

    def locate(self, path: str, *, transport: str) -> Any:
        """Return a route without a login."""
        return SimpleNamespace(route=SimpleNamespace(demand=None))

    async def admit(self, caller: object, route: object) -> None:
        """Let everybody in."""

    async def respond(self, request: object, place: object, session: object, *, transport: str) -> ApiResponse:
        """Open it."""
        if self._upstream is None:
            raise LookupError("defect")
        return ApiResponse(status=101, websocket=self._upstream)


class Passages:
    """Keeps count."""

    def __init__(self) -> None:
        self.open: set[object] = set()
        self.left: list[asyncio.Future[None]] = []

    def add(self, socket: object) -> None:
        """Count one more."""
        self.open.add(socket)

    def discard(self, socket: object) -> None:
        """Count one less."""
        self.open.discard(socket)

    def own(self, work: Any) -> None:
        """Run what is left to do."""
        self.left.append(asyncio.ensure_future(work))


def door(upstream: Upstream | None, passages: Passages) -> Any:
    """Return a door to it."""
    clock = SystemClock()
    site = Site(
        origin=ORIGIN,
        cookies=Cookies.for_transport(secure=True),
        trusted_proxies=TrustedProxies(),
        response_headers=ResponseHeaders(clock, hsts=False),
        pages=tornado.template.Loader("."),
        access_log=AccessLog(clock),
        clock=clock,
    )
    return PassThroughDoor(site, Dispatch(upstream), passages, 1000)  # type: ignore[arg-type]


@pytest.mark.expects_log
async def test_before_the_handshake() -> None:
    """It is a 500."""
    passages = Passages()
    async with listening(door(None, passages)) as stand, stand.client() as client:
        await client.send(HANDSHAKE)
        status, fields, body = await client.answer()

        assert (status, fields["connection"], b"defect" in body, await client.rest()) == (500, "close", False, b"")
    assert passages.open == set()


@pytest.mark.expects_log
async def test_after_the_handshake() -> None:
    """The page gets 1011 (RFC 6455 section 7.4.1) behind what was sent; both sides are closed."""
    passages, upstream = Passages(), Upstream(fails=True)
    async with (
        listening(door(upstream, passages)) as stand,
        WebSocketPeer.dial(stand.port, "/ws", {"Origin": ORIGIN}) as peer,
    ):
        assert (await peer.receive()).data == b"hello"
        assert (await peer.receive()).code == 1011
    await asyncio.gather(*passages.left)

    assert (passages.open, upstream.closed) == (set(), [1001])


async def test_messages_and_the_end_of_the_page() -> None:
    """What the page says goes to the other side, which is closed when the page has gone."""
    passages, upstream = Passages(), Upstream(fails=False)
    async with listening(door(upstream, passages)) as stand:
        async with WebSocketPeer.dial(stand.port, "/ws", {"Origin": ORIGIN}) as peer:
            await peer.send(frame(TEXT, b"text") + frame(BINARY, b"bytes"))
            await until(lambda: len(upstream.said) == 2)
            assert len(passages.open) == 1
        await until(lambda: not passages.open)
        await asyncio.gather(*passages.left)

    assert (upstream.said, upstream.closed) == (["text", b"bytes"], [1001])


async def test_page_that_goes_before_its_answer() -> None:
    """Nothing is opened for it any more, and nothing is left."""
    gate, passages = asyncio.Event(), Passages()

    class Waits(Dispatch):
        async def respond(self, request: object, place: object, session: object, *, transport: str) -> ApiResponse:
            gate.set()
            await asyncio.Event().wait()
            raise AssertionError

    opened = door(None, passages)
    opened._dispatch = Waits(None)
    relays: list[Any] = []

    class Noting:
        def open(self, exchange: Exchange) -> Receiver:
            relays.append(opened.open(exchange))
            return relays[-1]  # type: ignore[no-any-return]

    async with listening(Noting()) as stand:
        async with stand.client() as client:
            await client.send(HANDSHAKE)
            await soon(gate.wait())
        await asyncio.wait([relays[0]._work], timeout=HANG_SECONDS)

    assert (relays[0]._work.cancelled(), passages.open) == (True, set())
