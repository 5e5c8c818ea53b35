"""WebSockets that are passed through, when something fails that nobody foresaw: the page is told, and nothing is left."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
import tornado.template

from hub.config.settings import LimitSettings
from hub.errors import InvalidPath
from hub.gateway.messages import ApiResponse
from hub.gateway.rate_limits import RateLimits
from hub.listener.exchange import Exchange, Receiver
from hub.listener.websocket import CLOSE_SECONDS
from hub.primitives.clock import SystemClock
from hub.session.cookie import Cookies
from hub.session.model import SessionId
from hub.session.open_streams import OpenStreams
from hub.telemetry.access_log import AccessLog
from hub.telemetry.metrics import Metrics
from hub.web.client_address import TrustedProxies
from hub.web.refusals import Refusals
from hub.web.response_headers import ResponseHeaders
from hub.web.site import Site
from hub.web.websocket_proxy import PassThroughDoor
from tests.listener.parts import listening
from tests.parties.clock import LeapingLoop, leap
from tests.parties.websocket_peer import BINARY, CLOSE, TEXT, WebSocketPeer, frame
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
        self.counting = {"websocket": nullcontext()}

    def locate(self, path: str) -> Any:
        """Return a route without a login."""
        return SimpleNamespace(route=SimpleNamespace(demand=None, target_origin="https://api.example"))

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
        self.streams: Any = None
        self.places = 0

    def add(self, socket: object) -> None:
        """Count one more."""
        self.open.add(socket)

    def require_room(self, session_key: str) -> None:
        """Have room."""

    def take_place(self, target: str, *, user: str, network: str) -> Any:
        """Count a place."""
        self.places += 1
        return self._give_back

    def _give_back(self) -> None:
        self.places -= 1

    def discard(self, socket: object) -> None:
        """Count one less."""
        self.open.discard(socket)

    def own(self, work: Any) -> None:
        """Run what is left to do."""
        self.left.append(asyncio.ensure_future(work))


def door(upstream: Upstream | None, passages: Passages) -> Any:
    """Return a door to it."""
    clock = SystemClock()
    rates = RateLimits(LimitSettings(), clock, Metrics())
    site = Site(
        origin=ORIGIN,
        cookies=Cookies.for_transport(secure=True),
        trusted_proxies=TrustedProxies(),
        response_headers=ResponseHeaders(clock, hsts=False),
        pages=tornado.template.Loader("."),
        access_log=AccessLog(clock),
        refusals=Refusals(rates, clock),
        clock=clock,
    )
    return PassThroughDoor(site, Dispatch(upstream), passages, rates, 1000)  # type: ignore[arg-type]


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

    assert (relays[0]._work.cancelled(), passages.open, passages.places) == (True, set(), 0)


class Faulty(Upstream):
    """One that fails at a call, in a way that nobody foresaw."""

    def __init__(self, fault: BaseException, at: str) -> None:
        super().__init__(fails=False)
        self._fault = fault
        self._at = at
        self.reached = asyncio.Event()

    def fail_at(self, call: str) -> None:
        """Fail, if it is the turn of this call."""
        if call == self._at:
            self.reached.set()
            raise self._fault

    async def receive(self) -> str | None:
        """Say something, and fail."""
        self.fail_at("receive")
        return await super().receive()

    async def send(self, message: str | bytes) -> None:
        """Fail."""
        self.fail_at("send")
        await super().send(message)

    async def close(self, code: int, reason: str) -> None:
        """Note it, and fail."""
        await super().close(code, reason)
        self.fail_at("close")


@pytest.fixture
def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """A loop whose timers a test makes due."""
    return LeapingLoop


FAULTS = [LookupError("defect"), asyncio.CancelledError()]


@pytest.mark.expects_log
@pytest.mark.parametrize("fault", FAULTS, ids=["raise", "cancel"])
@pytest.mark.parametrize("at", ["receive", "send", "close", "start", "page send", "note_upgrade"])
async def test_fault_at_each_step(monkeypatch: pytest.MonkeyPatch, at: str, fault: BaseException) -> None:
    """However it fails between the 101 and the end, both connections end, the count is right, and no task is left."""
    passages, upstream = Passages(), Faulty(fault, at)
    opened = door(upstream, passages)

    def fail(*_: object, **__: object) -> None:
        raise fault

    if at == "note_upgrade":
        monkeypatch.setattr(opened, "note_upgrade", fail)
    relays: list[Any] = []

    class Noting:
        def open(self, exchange: Exchange) -> Receiver:
            receiver = opened.open(exchange)
            relays.append(receiver)
            return receiver  # type: ignore[no-any-return]

    upgrade = opened.upgrade

    def breaking(*arguments: object) -> Any:
        return Breaking(upgrade(*arguments), at, fault)

    monkeypatch.setattr(opened, "upgrade", breaking)
    async with listening(Noting()) as stand, stand.client() as client:
        await client.send(HANDSHAKE, frame(TEXT, b"x"))
        assert (await client.answer())[0] == 101
        if at == "close":
            await client.send(frame(CLOSE, b""))
        await until(lambda: upstream.closed)
        leap(CLOSE_SECONDS + 1)  # the page does not respond to a close frame
        await client.rest()
        await until(lambda: not stand.open_connections)
        await asyncio.wait([relays[0]._work])
        await asyncio.gather(*passages.left, return_exceptions=True)

        assert (passages.open, passages.places, len(upstream.closed), relays[0]._work.done()) == (set(), 0, 1, True)


class Breaking:
    """The WebSocket of a page, of which one call fails."""

    def __init__(self, socket: Any, at: str, fault: BaseException) -> None:
        self._socket, self._at, self._fault = socket, at, fault

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def start(self) -> None:
        """Fail after the 101."""
        if self._at == "start":
            raise self._fault
        self._socket.start()

    async def send(self, message: str | bytes) -> None:
        """Fail."""
        if self._at == "page send":
            raise self._fault
        await self._socket.send(message)


async def test_nothing_is_opened_for_a_malformed_handshake() -> None:
    """The API sees only what can become a WebSocket."""
    passages, asked = Passages(), []

    class Counting(Dispatch):
        def locate(self, path: str) -> Any:
            asked.append(path)
            return super().locate(path)

    opened = door(None, passages)
    opened._dispatch = Counting(None)
    async with listening(opened) as stand, stand.client() as client:
        await client.send(HANDSHAKE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"short"))
        status, _, _ = await client.answer()

    assert (status, asked, passages.open) == (400, [], set())


async def test_refused_page_is_counted_until_it_is_gone() -> None:
    """A page that is refused after the handshake has an owner, and is in the count as long as it is connected."""
    passages = Passages()

    class Refusing(Dispatch):
        def locate(self, path: str) -> Any:
            raise InvalidPath

    opened = door(None, passages)
    opened._dispatch = Refusing(None)
    async with listening(opened) as stand:
        async with WebSocketPeer.dial(stand.port, "/live//x", {"Origin": ORIGIN}) as peer:
            assert (await peer.receive()).code == 4400
            assert len(passages.open) == 1
        await until(lambda: not passages.open)


async def test_session_that_ends_before_the_handshake() -> None:
    """The page is cut off, since it can read no close code yet; nothing is opened for it any more, and nothing is kept."""
    gate, passages = asyncio.Event(), Passages()
    passages.streams = OpenStreams(None, SystemClock(), Metrics())  # type: ignore[arg-type]

    class Waits(Dispatch):
        async def admit(self, caller: object, route: object) -> Any:
            return SimpleNamespace(key="key", identity="user")

        async def respond(self, request: object, place: object, session: object, *, transport: str) -> ApiResponse:
            gate.set()
            await asyncio.Event().wait()
            raise AssertionError

    opened = door(None, passages)
    opened._dispatch = Waits(None)
    cookie = b"Cookie: __Host-Http-hub=" + SessionId.generate().reveal().encode() + b"\r\n"
    async with listening(opened) as stand, stand.client() as client:
        await client.send(HANDSHAKE.replace(b"Origin", cookie + b"Origin"))
        await soon(gate.wait())
        assert len(passages.streams) == 1
        passages.streams.end_session("key", "logout", 0.0)

        assert await client.rest() in (b"", b"reset")
        await until(lambda: not stand.open_connections)
    assert (len(passages.streams), passages.open, passages.places) == (0, set(), 0)
