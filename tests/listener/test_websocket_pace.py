"""WebSockets whose receiver takes its time, and how they end: in order, by force, or because the peer has gone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from hub.listener import websocket
from hub.listener.discard_body import DiscardBody
from hub.listener.exchange import Exchange, Receiver
from hub.listener.websocket import WebSocket
from tests.listener.parts import LOOPS, Stand, listening
from tests.parties.websocket_peer import BINARY, CLOSE, PONG, TEXT, Received, WebSocketPeer, close_payload, frame
from tests.waiting import TEST_SECONDS, hang_timeout, settled, soon

pytestmark = pytest.mark.timing_sensitive

MIB = 1 << 20


@pytest.fixture(params=LOOPS.values(), ids=LOOPS, autouse=True)
def loop_factory(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    """Both loops that the hub runs on."""
    factory: Callable[[], asyncio.AbstractEventLoop] = request.param
    return factory


class Door:
    """Lets everybody in, and takes messages as the test says."""

    def __init__(self) -> None:
        self.reading = True
        self.pace: Callable[[], Awaitable[None] | None] = lambda: None
        self.messages: list[str | bytes] = []
        self.pongs = 0
        self.drains = 0
        self.closes = 0
        self._changed = asyncio.Event()

    def open(self, exchange: Exchange) -> Receiver:
        """Upgrade."""
        self.socket = exchange.open_websocket(self, max_message_bytes=8 * MIB)
        self.socket.start(reading=self.reading)
        self._changed.set()
        return DiscardBody()

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Keep it."""
        self.messages.append(message)
        self._changed.set()
        return self.pace()

    def on_pong(self) -> None:
        """Count."""
        self.pongs += 1
        self._changed.set()

    def on_drained(self) -> None:
        """Count."""
        self.drains += 1
        self._changed.set()

    def on_close(self) -> None:
        """Count."""
        self.closes += 1
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so."""
        async with hang_timeout():
            while not condition():
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
async def door() -> Door:
    """The door of the test."""
    return Door()


@pytest.fixture
async def stand(door: Door) -> AsyncIterator[Stand]:
    """A listener in front of it, of which nothing is left at the end."""
    async with listening(door) as stand:
        yield stand


def dial(stand: Stand) -> AbstractAsyncContextManager[WebSocketPeer]:
    """Open a WebSocket."""
    return WebSocketPeer.dial(stand.port, "/")


class TestPace:
    async def test_one_message_after_the_other(self, door: Door, stand: Stand) -> None:
        """While a message is worked on no other one is handed out; then they go on in order."""
        gate = asyncio.Event()
        door.pace = gate.wait  # type: ignore[assignment]
        async with dial(stand) as peer:
            await peer.send(*[frame(TEXT, b"%d" % number) for number in range(5)])
            await door.until(lambda: bool(door.messages))
            first = await settled(lambda: list(door.messages))
            gate.set()
            await door.until(lambda: len(door.messages) == 5)

        assert (first, door.messages) == (["0"], ["0", "1", "2", "3", "4"])

    @pytest.mark.parametrize("how", ["not begun", "waits"])
    async def test_what_waits_has_a_bound(self, door: Door, stand: Stand, how: str) -> None:
        """Of a peer that sends on and on, little more than what the systems buffer is taken."""
        gate = asyncio.Event()
        door.reading = how != "not begun"
        door.pace = gate.wait  # type: ignore[assignment]
        async with dial(stand) as peer:
            sending = asyncio.create_task(peer.send(*[frame(BINARY, bytes(60_000), mask=bytes(4))] * 400))
            await door.until(lambda: hasattr(door, "socket"))
            held = await settled(lambda: len(door.socket._reader._held) if isinstance(door.socket, WebSocket) else 0)
            is_sent = sending.done()
            gate.set()
            door.socket.read_on()
            await door.until(lambda: len(door.messages) == 400)
            await sending

        assert (held < MIB, is_sent) == (True, False)

    async def test_room(self, door: Door, stand: Stand) -> None:
        """Whoever sends to a peer that reads nothing waits, hears when all is sent, and goes on when the peer is gone."""
        async with dial(stand) as peer:
            await door.until(lambda: hasattr(door, "socket"))
            sending = asyncio.create_task(door.socket.send(bytes(16 * MIB)))
            waits = not (await asyncio.wait([sending], timeout=0.1))[0]
            assert len((await peer.receive()).data) == 16 * MIB
            await soon(sending)
            again = asyncio.create_task(door.socket.send(bytes(16 * MIB)))
            await asyncio.wait([again], timeout=0.1)
        await soon(again)

        assert (waits, door.drains) == (True, 1)

    @pytest.mark.expects_log
    @pytest.mark.parametrize("later", [False, True])
    async def test_a_receiver_that_fails(self, door: Door, stand: Stand, later: bool) -> None:
        """A defect of ours is logged, and ends the connection."""

        async def fail_later() -> None:
            raise LookupError("defect")

        def fail() -> Awaitable[None] | None:
            if later:
                return fail_later()
            raise LookupError("defect")

        door.pace = fail
        async with dial(stand) as peer:
            await peer.send(frame(TEXT, b"a"))

            assert await peer.rest() == b""
        assert door.closes == 1


class TestEnds:
    async def test_close_frame_behind_messages_that_wait(self, door: Door, stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
        """The peer's close frame is seen at once when we close, although it came behind messages that nobody took yet."""
        monkeypatch.setattr(websocket, "CLOSE_SECONDS", TEST_SECONDS)
        gate = asyncio.Event()
        door.pace = gate.wait  # type: ignore[assignment]
        async with dial(stand) as peer:
            await peer.send(frame(TEXT, b"1") + frame(TEXT, b"2") + frame(CLOSE, close_payload(1000)))
            await door.until(lambda: bool(door.messages))
            door.socket.close(4000, "over")

            assert (await peer.receive()).code == 4000
            assert await peer.rest() == b""
            gate.set()
        assert (door.messages, door.closes) == (["1"], 1)

    async def test_nothing_is_handed_out_after_our_close(self, door: Door, stand: Stand) -> None:
        """Messages that cross our close frame come to nobody, and nothing is sent behind it."""
        async with dial(stand) as peer:
            await door.until(lambda: hasattr(door, "socket"))
            door.socket.close(4000, "over")
            door.socket.close(4001, "again")
            door.socket.ping()
            await door.socket.send("late")
            await peer.send(frame(TEXT, b"late"), frame(PONG))

            assert (await peer.receive()).code == 4000
            await peer.send(frame(CLOSE, close_payload(4000)))
            assert await peer.rest() == b""
        assert (door.messages, door.closes) == ([], 1)

    async def test_a_message_that_closes(self, door: Door, stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever closes while it takes a message still hears the peer's close frame, although it has more to do."""
        monkeypatch.setattr(websocket, "CLOSE_SECONDS", TEST_SECONDS)
        gate = asyncio.Event()

        def close() -> Awaitable[None] | None:
            door.socket.close(4000, "over")
            return gate.wait()  # type: ignore[return-value]

        door.pace = close
        async with dial(stand) as peer:
            await peer.send(frame(TEXT, b"1"))
            assert (await peer.receive()).code == 4000
            await peer.send(frame(CLOSE, close_payload(4000)))

            assert await peer.rest() == b""
            gate.set()

    async def test_a_peer_that_does_not_close(self, door: Door, stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
        """After its time the connection is broken."""
        monkeypatch.setattr(websocket, "CLOSE_SECONDS", 0.05)
        async with dial(stand) as peer:
            await door.until(lambda: hasattr(door, "socket"))
            door.socket.close(4000, "over")
            assert (await peer.receive()).code == 4000

            assert await peer.rest() == b""
            await door.until(lambda: door.closes == 1)

    @pytest.mark.parametrize("reading", [True, False])
    async def test_a_peer_that_goes(self, door: Door, stand: Stand, reading: bool) -> None:
        """The receiver hears of it once: when it has done its work, or begins to read. Nothing is left."""
        gate = asyncio.Event()
        door.reading, door.pace = reading, gate.wait  # type: ignore[assignment]
        async with dial(stand) as peer:
            await peer.send(frame(TEXT, b"1"))
            await door.until(lambda: hasattr(door, "socket") and (not reading or bool(door.messages)))
        gate.set()
        if not reading:
            door.socket.read_on()
        await door.until(lambda: door.closes > 0)

        assert (await settled(lambda: door.closes), stand.open_connections) == (1, 0)

    async def test_received(self, door: Door, stand: Stand) -> None:
        """A pong is a sign of life; a ping is ours."""
        async with dial(stand) as peer:
            await door.until(lambda: hasattr(door, "socket"))
            door.socket.ping()
            assert await peer.receive() == Received(0x9, b"")
            await peer.send(frame(PONG))
            await door.until(lambda: door.pongs == 1)
