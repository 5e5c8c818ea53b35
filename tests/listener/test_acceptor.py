"""Connections are accepted a few at a time, and never so many that no file descriptor is left for others."""

import asyncio
import os
import resource
import socket
from collections.abc import Iterator

import pytest

from hub.listener.acceptor import (
    ACCEPTS_PER_TURN,
    CLOSED_AT_ONCE,
    PAUSE_SECONDS,
    Acceptor,
    DescriptorLimits,
    close_oldest_idle,
)
from hub.primitives.clock import Clock, SystemClock
from tests.parties.clock import ManualClock
from tests.waiting import until

pytestmark = pytest.mark.timing_sensitive

ROOM = 20  # descriptors that the listener may use in these tests, besides those that are open at the beginning


class Idle:
    """A connection that is idle since some time, or is not."""

    def __init__(self, since: tuple[float, int] | None) -> None:
        self.idle_since = since
        self.is_closed = False

    def close_if_idle(self) -> None:
        """Close."""
        self.is_closed = True


class Crowd:
    """Clients that have connected before anybody accepts, and what happens to them then.

    The limits leave room for `ROOM` accepted connections: clients have their descriptors already.
    """

    def __init__(self, clients: int, clock: Clock) -> None:
        self.server = socket.create_server(("127.0.0.1", 0), backlog=clients)
        self.clients = [socket.create_connection(self.server.getsockname()) for _ in range(clients)]
        self.open: list[socket.socket] = []
        self.accepted = 0
        self.shortages = 0
        self.most = 0
        self.are_idle = True
        probe = os.dup(0)
        os.close(probe)
        limits = DescriptorLimits(limit=probe + ROOM + 8, reserve=8, on_shortage=self._run_short)
        self.acceptor = Acceptor(self._serve, self._close_idle, limits, clock)
        self.acceptor.start([self.server])

    def end_one(self) -> None:
        """Let the oldest connection end."""
        self.open.pop(0).close()
        self.acceptor.connection_closed()

    def close(self) -> None:
        """Leave nothing open."""
        self.acceptor.stop()
        for each in (*self.open, *self.clients):
            each.close()

    def _serve(self, connection: socket.socket, _address: object) -> None:
        self.open.append(connection)
        self.accepted += 1
        self.most = max(self.most, len(self.open))

    def _close_idle(self, count: int) -> int:
        closed = min(count, len(self.open)) if self.are_idle else 0
        for _ in range(closed):
            self.end_one()
        return closed

    def _run_short(self) -> None:
        self.shortages += 1


def test_the_oldest_idle_connections_are_closed_first() -> None:
    """Those that are at work stay."""
    connections = [Idle((3.0, 1)), Idle(None), Idle((1.0, 5)), Idle((1.0, 4)), Idle((2.0, 0))]

    assert close_oldest_idle(connections, 2) == 2
    assert [each.is_closed for each in connections] == [False, False, True, True, False]
    assert close_oldest_idle([Idle(None)], 9) == 0


@pytest.mark.expects_log
async def test_idle_connections_make_room(clock: ManualClock) -> None:
    """Idle connections are closed for new ones: all clients are accepted, and never more than there is room for."""
    crowd = Crowd(100, clock)
    await until(lambda: crowd.accepted == 100)
    crowd.close()

    assert crowd.most <= ROOM + 2
    assert crowd.shortages >= 100 / (CLOSED_AT_ONCE + 1) - 2


@pytest.mark.expects_log
async def test_busy_connections_are_kept_and_new_ones_wait(clock: ManualClock) -> None:
    """Connections at work are not closed: new clients wait in the backlog, and each that ends lets one in."""
    crowd = Crowd(50, clock)
    crowd.are_idle = False
    await until(lambda: crowd.shortages > 0)
    at_first = crowd.accepted
    for _ in range(5):
        await clock.advance(PAUSE_SECONDS)  # looks again, and finds no room
    later = crowd.accepted
    for _ in range(3):
        crowd.end_one()
    await until(lambda: crowd.accepted > at_first)
    crowd.close()

    assert at_first == later <= ROOM + 2
    assert crowd.most <= ROOM + 2


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    """A process that may open no more files for a while."""
    former = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, former)


@pytest.mark.expects_log
async def test_no_descriptor_at_all(clock: ManualClock, few_descriptors: None) -> None:
    """When the kernel has none left, accepting pauses, and goes on after a second."""
    shortages: list[int] = []
    served: list[socket.socket] = []
    acceptor = Acceptor(
        lambda connection, _: served.append(connection),
        lambda _: 0,
        DescriptorLimits(on_shortage=lambda: shortages.append(1)),
        clock,
    )
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (client.fileno() + 1, hard))
    acceptor.start([server])
    await until(lambda: bool(shortages))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert served == []
    await clock.advance(PAUSE_SECONDS)
    await until(lambda: bool(served))
    acceptor.stop()
    for each in (*served, client):
        each.close()


async def test_a_few_in_each_turn() -> None:
    """A crowd that connects at once is accepted in several turns."""
    turns: list[int] = []
    current = 0
    acceptor = Acceptor(
        lambda connection, _: (turns.append(current), connection.close()),  # type: ignore[func-returns-value]
        lambda _: 0,
        DescriptorLimits(),
        SystemClock(),
    )
    server = socket.create_server(("127.0.0.1", 0), backlog=200)
    clients = [socket.create_connection(server.getsockname()) for _ in range(100)]
    acceptor.start([server])
    while len(turns) < 100:
        current += 1
        await asyncio.sleep(0)
    acceptor.stop()
    for each in clients:
        each.close()

    assert max(turns.count(turn) for turn in set(turns)) <= ACCEPTS_PER_TURN
