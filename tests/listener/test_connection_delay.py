"""New connections from an address above its limit wait, and nobody else's do."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from hub.listener.connection_delay import CHECKED_FOR_ROOM, DELAY_SECONDS, MAX_DELAYED
from hub.listener.work_budget import WorkLimits
from tests.listener.parts import GET, Client, Front, Stand, listening
from tests.parties.clock import ManualClock
from tests.waiting import until

pytestmark = pytest.mark.timing_sensitive


@dataclass
class Limits:
    """What the listener asks and tells about addresses."""

    limited: set[str] = field(default_factory=lambda: {"127.0.0.1"})
    refused: list[tuple[str, int]] = field(default_factory=list)
    throttled: list[str] = field(default_factory=list)

    def on_refused(self, peer: str, status: int) -> bool:
        """Take note."""
        self.refused.append((peer, status))
        return False

    @asynccontextmanager
    async def standing(self, clock: ManualClock) -> AsyncIterator[tuple[Stand, Front]]:
        """Run a listener with these limits."""
        front = Front()
        limits = WorkLimits(on_refused=self.on_refused, is_limited=self.limited.__contains__, on_throttled=self.throttled.append)
        async with listening(front, clock, work_limits=limits) as stand:
            yield stand, front


Connect = Callable[[Stand, int], list[socket.socket]]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Opens so many connections, which send nothing; they are closed after the test."""
    opened: list[socket.socket] = []

    def connect(stand: Stand, count: int) -> list[socket.socket]:
        opened.extend(socket.create_connection(("127.0.0.1", stand.port)) for _ in range(count))
        return opened[-count:]

    yield connect
    for each in opened:
        each.close()


def reset(connections: list[socket.socket]) -> list[bool]:
    """Return which connections the listener has reset."""
    found = []
    for each in connections:
        each.setblocking(False)
        try:
            found.append(each.recv(1) == b"")
        except BlockingIOError:
            found.append(False)
        except ConnectionResetError:
            found.append(True)
    return found


async def test_served_after_the_delay(clock: ManualClock) -> None:
    """An honest client that shares the address gets its response, a second later."""
    limits = Limits()
    async with limits.standing(clock) as (stand, front), stand.client() as client:
        await client.send(GET % b"/x")
        await until(lambda: limits.throttled == ["throttled"])
        await clock.advance(DELAY_SECONDS - 0.01)
        before = len(front.seen)
        await clock.advance(0.01)
        status, _, _ = await client.answer()

    assert (before, status, limits.refused) == (0, 200, [])


async def test_other_addresses_do_not_wait(clock: ManualClock) -> None:
    """Nor does an address that is below its limit again."""
    limits = Limits()
    async with limits.standing(clock) as (stand, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", stand.port, local_addr=("127.0.0.2", 0))
        other = Client(reader, writer)
        await other.send(GET % b"/x")
        assert (await other.answer())[0] == 200
        writer.close()
        limits.limited.clear()
        async with stand.client() as client:
            await client.send(GET % b"/x")
            assert (await client.answer())[0] == 200

    assert limits.throttled == []


async def test_client_that_leaves_is_never_served(clock: ManualClock, connect: Connect) -> None:
    """A loop of connections costs no connection object; each counts as one without a request."""
    limits = Limits()
    async with limits.standing(clock) as (stand, front):
        left, _ = connect(stand, 2)
        await until(lambda: len(limits.throttled) == 2)
        left.close()
        await clock.advance(DELAY_SECONDS)
        await until(lambda: stand.open_connections == 1)
        assert limits.refused == [("127.0.0.1", 0)]
        connect(stand, 1)[0].close()  # has left before it is accepted, or while it waits
        await clock.advance(DELAY_SECONDS)
        await until(lambda: len(limits.refused) == 2)

    assert front.seen == []


async def test_only_so_many_wait(clock: ManualClock, connect: Connect) -> None:
    """Further connections are reset, unless some that wait have been left by their clients."""
    limits = Limits()
    async with limits.standing(clock) as (stand, _):
        waiting = connect(stand, MAX_DELAYED)
        await until(lambda: len(limits.throttled) == MAX_DELAYED)
        surplus = connect(stand, 2)
        await until(lambda: len(limits.refused) == 2)
        assert reset(surplus) == [True, True]
        for each in waiting[3 * CHECKED_FOR_ROOM :]:
            each.close()
        further = connect(stand, 5)
        await until(lambda: len(limits.throttled) + len(limits.refused) == MAX_DELAYED + 2 * (2 + 5))
        verdicts = reset(further)
        await clock.advance(DELAY_SECONDS)
        await until(lambda: stand.open_connections == 3 * CHECKED_FOR_ROOM + 4)

    assert verdicts == [True, False, False, False, False]


async def test_stop_closes_what_waits(clock: ManualClock, connect: Connect) -> None:
    """No socket outlives the listener."""
    limits = Limits()
    async with limits.standing(clock) as (stand, _):
        waiting = connect(stand, 3)
        await until(lambda: len(limits.throttled) == 3)
    await until(lambda: reset(waiting) == [True] * 3)
    await clock.advance(DELAY_SECONDS)
