"""Upgrades: a connection changes hands, with all that came behind the request, or it ends."""

import asyncio
from collections.abc import Callable

import pytest

from tests.listener.parts import GET, LOOPS, Front, Seen, listening, never


@pytest.fixture(params=LOOPS.values(), ids=LOOPS, autouse=True)
def loop_factory(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    """Both loops that the hub runs on."""
    factory: Callable[[], asyncio.AbstractEventLoop] = request.param
    return factory


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
    UPGRADE = b"GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

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
