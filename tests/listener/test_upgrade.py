"""Upgrades: a connection changes hands, with all that came behind the request, or it ends."""

import asyncio
from collections.abc import Callable

import pytest

from hub.listener.exchange import Exchange
from tests.listener.parts import GET, LOOPS, Front, Seen, listening, never
from tests.parties.clock import ManualClock
from tests.waiting import settled, soon, until

UPGRADE = b"GET /ws HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


@pytest.fixture(params=LOOPS.values(), ids=LOOPS, autouse=True)
def loop_factory(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    """Both loops that the hub runs on."""
    factory: Callable[[], asyncio.AbstractEventLoop] = request.param
    return factory


class Upgrading:
    """Takes connections over, at once or when the test says so, and sends back in capital letters what comes."""

    def __init__(self, *, later: bool) -> None:
        self.front = Front(never, None if later else lambda seen: self.take(seen.exchange))
        self.losses = 0
        self.lost = asyncio.Event()

    def open(self, exchange: Exchange) -> Seen:
        """Take a request."""
        return self.front.open(exchange)

    def take(self, exchange: Exchange) -> None:
        """Take the connection."""
        self.line = exchange._line.upgrade([("Upgrade", "websocket"), ("Connection", "Upgrade")])  # type: ignore[attr-defined]
        self.line.take_over(self)

    def bytes_received(self, data: bytes) -> None:
        """Answer."""
        self.line.write(data.upper())

    def drained(self) -> None:
        """Do nothing."""

    def connection_lost(self) -> None:
        """Count."""
        self.losses += 1
        self.lost.set()


@pytest.mark.only_fast
@pytest.mark.parametrize("behind", [b"", GET % b"/first"], ids=["first", "behind another request"])
@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
async def test_bytes_behind_the_handshake(later: bool, behind: bytes) -> None:
    """What comes right behind the request belongs to the other protocol, and waits until somebody takes it."""
    door = Upgrading(later=later)
    taken = door.front._on_open
    door.front._on_open = lambda seen: taken(seen) if taken and seen.exchange.head.upgrade else None
    async with listening(door) as stand:
        async with stand.client() as client:
            await client.send(behind + UPGRADE + b"early ", b"early too ")
            if behind:
                (await door.front.request()).send(b"first")
                assert (await client.answer())[2] == b"first"
            seen = await door.front.request(int(bool(behind)))
            if later:
                door.take(seen.exchange)
            status, _, _ = await client.answer()
            await client.send(b"late")

            assert (status, await client.reader.readexactly(20)) == (101, b"EARLY EARLY TOO LATE")
        await soon(door.lost.wait())
        await asyncio.sleep(0)

        assert (door.losses, seen.closes) == (1, 0)


@pytest.mark.only_fast
@pytest.mark.parametrize("behind", [b"", GET % b"/first"], ids=["first", "behind another request"])
async def test_little_waits_behind_a_handshake(behind: bytes) -> None:
    """Until somebody takes the connection, little more is read than what came with the request."""
    door = Upgrading(later=True)
    async with listening(door) as stand, stand.client() as client:
        sending = asyncio.create_task(client.send(behind + UPGRADE, *[bytes(65_536)] * 500))
        if behind:
            (await door.front.request()).send(b"first")
        await door.front.request(int(bool(behind)))
        (connection,) = stand.listener._connections.open
        held = await settled(lambda: len(connection._rest or b""))
        sending.cancel()

    assert held < 1 << 20


async def test_refused_at_once() -> None:
    """After a refused upgrade nothing more is read: what follows could be anything."""
    front = Front()
    async with listening(front) as stand, stand.client() as client:
        await client.send(UPGRADE + GET % b"/smuggled")
        _, fields, body = await client.answer()

        assert (fields["connection"], body, await client.rest(), len(front.seen)) == ("close", b"GET /ws ", b"", 1)


async def test_refused_later() -> None:
    """The same when the refusal takes its time; what has come in the meantime does not reset the connection under it."""
    front = Front(never)
    async with listening(front) as stand, stand.client() as client:
        await client.send(UPGRADE, *[GET % b"/smuggled"] * 3000)
        (await front.request()).send(b"no", 403)
        status, fields, body = await client.answer()

        assert (status, fields["connection"], body, await client.rest(), len(front.seen)) == (403, "close", b"no", b"", 1)


@pytest.mark.only_fast
async def test_client_that_has_gone() -> None:
    """A connection that is gone when somebody takes it says so, once, and is not kept."""
    door = Upgrading(later=True)
    async with listening(door) as stand:
        async with stand.client() as client:
            await client.send(GET % b"/first")
            seen = await door.front.request()
        await seen.until(lambda: seen.closes > 0)
        door.take(seen.exchange)

        assert (door.losses, seen.closes, stand.open_connections) == (1, 1, 0)


@pytest.mark.only_fast
async def test_connection_that_is_just_closing() -> None:
    """One that breaks while it changes hands says so once."""
    door = Upgrading(later=True)
    async with listening(door) as stand, stand.client() as client:
        await client.send(UPGRADE)
        seen = await door.front.request()
        (connection,) = stand.listener._connections.open
        connection.abort()
        door.take(seen.exchange)
        await soon(door.lost.wait())
        await asyncio.sleep(0)

        assert (door.losses, seen.closes, stand.open_connections) == (1, 0, 0)


@pytest.mark.only_fast
async def test_stop_leaves_them() -> None:
    """When the listener stops, upgraded connections stay until it is closed."""
    door = Upgrading(later=False)
    async with listening(door) as stand, stand.client() as client:
        await client.send(UPGRADE)
        await client.answer()
        stand.listener.stop()
        await client.send(b"still")
        said = await client.reader.readexactly(5)
        await stand.listener.close()

        assert (said, await client.rest(), door.losses) == (b"STILL", b"", 1)


@pytest.mark.only_fast
async def test_connection_that_nobody_takes() -> None:
    """After an upgrade that nobody takes over, the sweep ends the connection: it is not silent for ever."""
    front, clock = Front(never), ManualClock()
    async with listening(front, clock=clock) as stand, stand.client() as client:
        await client.send(UPGRADE)
        seen = await front.request()
        seen.exchange._line.upgrade([("Upgrade", "websocket")])  # type: ignore[attr-defined]
        assert (await client.answer())[0] == 101
        await clock.advance(100)
        assert stand.open_connections == 1
        await clock.advance(60)
        await client.rest()

        assert stand.open_connections == 0


class Deaf:
    """A receiver of messages that nobody sends."""

    def on_message(self, message: str | bytes) -> None:
        """Do nothing."""

    def on_pong(self) -> None:
        """Do nothing."""

    def on_drained(self) -> None:
        """Do nothing."""

    def on_close(self) -> None:
        """Do nothing."""


async def test_websocket_that_nobody_starts() -> None:
    """The same on each server: whoever forgets a WebSocket between its handshake and its start leaves no connection behind."""
    front, clock = Front(never), ManualClock()
    handshake = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    async with listening(front, clock=clock) as stand, stand.client() as client:
        await client.send(UPGRADE.removesuffix(b"\r\n") + handshake)
        (await front.request()).exchange.open_websocket(Deaf(), max_message_bytes=10)
        await clock.advance(100)
        assert stand.open_connections == 1
        await clock.advance(60)
        await client.rest()
        await until(lambda: not stand.open_connections)
