"""The pool and its connections, against a real server, on the loop under which the hub runs."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import uvloop

from hub.upstream.bulkheads import PoolLimits
from hub.upstream.connection import KEEP_ALIVE_SECONDS, READ_AHEAD_BYTES, READ_BYTES, UpstreamConnection
from hub.upstream.descriptors import DescriptorReserve
from hub.upstream.exchange import UpstreamExchange
from hub.upstream.failure import (
    ClientAtLimit,
    ConnectionBroken,
    DescriptorsShort,
    Failure,
    HeadLate,
    PoolClosed,
    PoolFull,
    ServerStalled,
)
from hub.upstream.pool import SUSPENDED_SECONDS, Origin, Pool
from hub.upstream.request import make_request
from tests.parties.resource_server import Exchange as Served
from tests.parties.resource_server import RawResourceServer, echo, head, silent
from tests.waiting import until

MIB = 1024 * 1024
SILENCE_SECONDS = 30


@pytest.fixture
def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """The hub's loop."""
    return uvloop.new_event_loop


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    """A pool with room for two."""
    pool = Pool(PoolLimits(total=2))
    yield pool
    pool.close()


@pytest.fixture
async def server() -> AsyncIterator[RawResourceServer]:
    """A server that sends back what it gets, unless a test has it do something else."""
    server = await RawResourceServer.start(echo)
    yield server
    await server.stop()


@pytest.fixture
def origin(server: RawResourceServer) -> Origin:
    """Where it listens."""
    return Origin.of(server.url, ssl.create_default_context())


class SilentTransport(asyncio.Transport):
    """The transport of a connection that only has to be closed."""

    def is_closing(self) -> bool:
        """Say that it is open."""
        return False

    def abort(self) -> None:
        """Do nothing: the connection says itself that it is closed."""


async def open_(pool: Pool, origin: Origin, *, connect_seconds: float = 10, head_by: float | None = None) -> UpstreamConnection:
    """Return a new connection, or one that becomes free."""
    return await pool.open(origin, connect_seconds, head_by)


def begin(connection: UpstreamConnection, origin: Origin, body: bytes = b"") -> UpstreamExchange:
    """Send a request."""
    return connection.begin(make_request("POST", "/x", origin.authority, [], body, len(body)), SILENCE_SECONDS, None)


async def use(connection: UpstreamConnection, origin: Origin) -> None:
    """Send a request over a connection and read its answer, after which it is idle."""
    await begin(connection, origin).head()


def failure_of(task: "asyncio.Task[Any]") -> Failure:
    """Return what a task has failed with."""
    error = task.exception()
    assert isinstance(error, Failure)
    return error


class TestOrigin:
    @pytest.mark.parametrize(
        ("base", "host", "port", "authority", "is_tls"),
        [
            ("http://iris.example", "iris.example", 80, "iris.example", False),
            ("https://iris.example", "iris.example", 443, "iris.example", True),
            ("https://iris.example:443", "iris.example", 443, "iris.example", True),
            ("http://iris.example:443", "iris.example", 443, "iris.example:443", False),
            ("http://[::1]:52773", "::1", 52773, "[::1]:52773", False),
            ("https://m\xfcnchen.example:8443", "xn--mnchen-3ya.example", 8443, "xn--mnchen-3ya.example:8443", True),
        ],
    )
    def test_of(self, base, host, port, authority, is_tls):
        """The port is named where it is not the usual one."""
        origin = Origin.of(base, ssl.create_default_context())

        assert (origin.host, origin.port, origin.authority, origin.tls is not None) == (host, port, authority, is_tls)


class TestIdle:
    async def test_the_last_one_used_is_used_next(self, pool, origin):
        """So that those which are too many grow old."""
        first, second = await open_(pool, origin), await open_(pool, origin)
        await use(second, origin)
        await use(first, origin)

        assert [pool.take(origin), pool.take(origin), pool.take(origin)] == [first, second, None]

    async def test_an_old_one_is_closed(self, pool, origin, server):
        """Also if the timer comes late."""
        connection = await open_(pool, origin)
        await use(connection, origin)
        connection.idle_since -= KEEP_ALIVE_SECONDS

        assert pool.take(origin) is None
        await server.idle()

    async def test_thousands_of_old_ones_are_closed_in_one_go(self, pool, origin):
        """However many the pool holds, taking one does not exhaust the stack."""
        stale = [UpstreamConnection(pool, memoryview(b""), asyncio.get_running_loop()) for _ in range(2_000)]
        for connection in stale:
            connection.connection_made(SilentTransport())
            connection.idle_since -= KEEP_ALIVE_SECONDS
            origin.idle[connection] = None

        assert pool.take(origin) is None
        assert all(connection.is_closed for connection in stale)

    async def test_the_timer_closes_old_ones(self, pool, origin, server):
        """Without anybody asking."""
        connection = await open_(pool, origin)
        await use(connection, origin)
        connection.idle_since -= KEEP_ALIVE_SECONDS
        await server.idle()

        assert connection.is_closed

    async def test_bytes_that_nobody_has_asked_for(self, pool, origin, server):
        """They close the connection before they can be taken for an answer."""
        served: asyncio.Queue[Served] = asyncio.Queue()

        async def behave(exchange: Served) -> None:
            await exchange.answer(200)
            served.put_nowait(exchange)

        server.behaviour = behave
        connection = await open_(pool, origin)
        await use(connection, origin)
        await (await served.get()).write(head(200, ("Content-Length", "6")) + b"forged")
        await server.idle()

        assert pool.take(origin) is None


class TestLine:
    async def test_a_free_connection_goes_to_the_first_in_line(self, pool, origin, server):
        """In order, without a new one."""
        connections = [await open_(pool, origin) for _ in range(2)]
        waiting = [asyncio.create_task(open_(pool, origin)) for _ in range(2)]
        await asyncio.sleep(0)
        for connection in connections:
            await use(connection, origin)

        assert [await task for task in waiting] == connections
        assert server.connections == 2

    async def test_a_connection_that_is_lost_makes_room(self, pool, origin, server):
        """For a new one."""
        connections = [await open_(pool, origin) for _ in range(2)]
        waiting = asyncio.create_task(open_(pool, origin))
        await asyncio.sleep(0)
        connections[0].abort()

        assert await waiting not in connections

    async def test_who_goes_elsewhere_gets_the_room(self, pool, origin):
        """A connection that is free, or becomes it, gives way to one that leads elsewhere."""
        other = await RawResourceServer.start(echo)
        elsewhere = Origin.of(other.url, ssl.create_default_context())
        first, second = await open_(pool, origin), await open_(pool, origin)
        await use(first, origin)
        await open_(pool, elsewhere)
        waiting = asyncio.create_task(open_(pool, elsewhere))
        await asyncio.sleep(0)
        await use(second, origin)
        await waiting

        assert (first.is_closed, second.is_closed, other.connections) == (True, True, 2)
        await other.stop()

    async def test_who_leaves_loses_nothing_for_others(self, pool, origin):
        """A place that was given to somebody who was cancelled at that moment goes on to the next."""
        connections = [await open_(pool, origin) for _ in range(2)]
        leaving, waiting = (asyncio.create_task(open_(pool, origin)) for _ in range(2))
        await asyncio.sleep(0)
        exchange = begin(connections[0], origin)
        await exchange.head()
        leaving.cancel()

        assert await waiting is connections[0]

    @pytest.mark.parametrize("head_by", [None, 0.05])
    async def test_waiting_has_an_end(self, pool, origin, head_by):
        """The connect timeout, or the time of the caller if that is shorter. Nothing was sent."""
        for _ in range(2):
            await open_(pool, origin)
        by = None if head_by is None else asyncio.get_running_loop().time() + head_by
        with pytest.raises(Failure) as caught:
            await open_(pool, origin, connect_seconds=0.1, head_by=by)

        assert type(caught.value) is (PoolFull if head_by is None else HeadLate)
        assert not caught.value.was_sent

    async def test_closing_sends_everybody_away(self, pool, origin, server):
        """Who waits, and who has a request under way; nobody comes in any more."""
        server.behaviour = silent
        exchange = begin(await open_(pool, origin), origin)
        await open_(pool, origin)
        waiting = asyncio.create_task(open_(pool, origin))
        asked = asyncio.create_task(exchange.head())
        await asyncio.sleep(0)
        pool.close()
        await asyncio.wait([waiting, asked])

        assert [type(failure_of(task)) for task in (waiting, asked)] == [PoolClosed, ConnectionBroken]
        with pytest.raises(PoolClosed):
            await open_(pool, origin)


class TestBulkheads:
    """Shares of targets and clients."""

    @pytest.fixture
    async def pool(self) -> AsyncIterator[Pool]:
        """A pool with room for three, two of them for one target, and one reserved for each."""
        pool = Pool(PoolLimits(total=2, per_target=3, reserved=1))
        yield pool
        pool.close()

    async def test_a_target_that_does_not_answer_leaves_others_their_own(self, pool, origin, server):
        """However many wait for it, and before one that would wait longest."""
        server.behaviour = silent
        other = await RawResourceServer.start(echo)
        elsewhere = Origin.of(other.url, ssl.create_default_context())
        for _ in range(3):
            begin(await open_(pool, origin), origin)
        waiting = [asyncio.create_task(open_(pool, origin)) for _ in range(5)]
        await asyncio.sleep(0)
        await use(await open_(pool, elsewhere), elsewhere)

        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        assert origin.bulkhead.size == 3
        await other.stop()

    async def test_a_target_has_its_limit(self, origin):
        """It gets no connection beyond it, however many the worker may still open."""
        pool = Pool(PoolLimits(total=10, per_target=2))
        used = [await pool.open(origin, 10, None, client, 9) for client in "ab"]
        waiting = asyncio.create_task(pool.open(origin, 10, None, "c", 9))
        await asyncio.sleep(0)
        assert (waiting.done(), origin.bulkhead.size) == (False, 2)
        await use(used[0], origin)

        assert await waiting is used[0]
        pool.close()

    async def test_a_free_connection_goes_to_its_own_target(self, origin, server):
        """Not to another target that is at its limit, although somebody has waited longer for that one."""
        pool = Pool(PoolLimits(total=10, per_target=1))
        other = await RawResourceServer.start(echo)
        full = Origin.of(other.url, ssl.create_default_context())
        used, _ = await open_(pool, origin), await open_(pool, full)
        longest, next_ = (asyncio.create_task(open_(pool, target)) for target in (full, origin))
        await asyncio.sleep(0)
        await use(used, origin)

        assert await next_ is used
        assert (longest.done(), full.bulkhead.size) == (False, 1)
        pool.close()
        with pytest.raises(PoolClosed):
            await longest
        await other.stop()

    async def test_limit_of_a_client_that_takes_idle_ones(self, pool, origin):
        """A client that has opened no connection has its limit too."""
        for each in [await open_(pool, origin) for _ in range(2)]:
            await use(each, origin)
        taken = [pool.take(origin, "modest", 1), pool.take(origin, "modest", 1)]

        assert [each is None for each in taken] == [False, True]

    async def test_greedy_client(self, pool, origin, server):
        """At its limit it waits, with an idle connection beside it that another takes."""
        greedy = await pool.open(origin, 10, None, "greedy", 1)
        await use(await open_(pool, origin), origin)
        assert pool.take(origin, "greedy", 1) is None
        waiting = asyncio.create_task(pool.open(origin, 10, None, "greedy", 1))
        await asyncio.sleep(0)
        taken = pool.take(origin, "modest", 1)
        await use(greedy, origin)

        assert taken is not None
        assert await waiting is greedy

    async def test_who_waits_is_served_by_client(self, pool, origin):
        """One with many requests does not keep another behind all of them."""
        used = [await open_(pool, origin) for _ in range(3)]
        order: list[str] = []

        async def wait(client: str) -> None:
            connection = await pool.open(origin, 10, None, client, 3)
            order.append(client)
            await use(connection, origin)

        tasks = [asyncio.create_task(wait(client)) for client in ("a", "a", "a", "b")]
        await asyncio.sleep(0)
        await use(used[0], origin)
        await asyncio.wait(tasks)

        assert order == ["a", "b", "a", "a"]

    @pytest.mark.parametrize(("limit", "failure"), [(3, ClientAtLimit), (4, PoolFull)])
    async def test_reason(self, pool, origin, limit, failure):
        """Who waits for itself is told so; who waits for others, too. Nothing was sent."""
        for _ in range(3):
            await pool.open(origin, 10, None, "a", limit)
        with pytest.raises(failure) as caught:
            await pool.open(origin, 0.05, None, "a", limit)

        assert not caught.value.was_sent
        assert origin.bulkhead.clients == 1

    async def test_descriptors_are_short(self, pool, origin, server):
        """No connection is opened within the reserve; idle ones are closed, so that the next caller gets one."""
        short: list[bool] = []

        class Reserve(DescriptorReserve):
            def is_reached(self, in_use: int, pending: int = 0) -> bool:
                assert in_use == len(frugal._connections)
                return bool(short)

        frugal = Pool(PoolLimits(total=4), Reserve())
        other = await RawResourceServer.start(silent)
        idle = await open_(frugal, origin)
        frugal.release(idle)
        short.append(True)
        with pytest.raises(DescriptorsShort):
            await open_(frugal, Origin.of(other.url, ssl.create_default_context()))
        short.clear()
        connection = await open_(frugal, Origin.of(other.url, ssl.create_default_context()))

        assert (idle.is_closed, connection.is_closed, origin.bulkhead.size, origin.bulkhead.clients) == (True, False, 0, 0)
        frugal.close()
        await other.stop()

    async def test_canceled_at_any_moment(self, pool, origin):
        """Whoever goes at the moment of his turn leaves the turn to the next; nothing is counted twice or for ever."""
        used = [await open_(pool, origin) for _ in range(3)]
        tasks = [asyncio.create_task(pool.open(origin, 10, None, key, 3)) for key in "aabbc"]
        await asyncio.sleep(0)
        tasks[0].cancel()
        used[0].abort()
        tasks[2].cancel()
        await asyncio.sleep(0)
        used[1].abort()
        tasks[1].cancel()
        used[2].abort()
        await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result().abort()

        assert (origin.bulkhead.size, origin.bulkhead.clients, pool._shared, pool._waiting) == (0, 0, 0, {})


class TestBreaking:
    """A transport that is closed tells so later."""

    async def test_one_that_breaks_is_not_handed_over(self, pool, origin):
        """Whoever is first in line gets another."""
        connections = [await open_(pool, origin) for _ in range(2)]
        waiting = asyncio.create_task(open_(pool, origin))
        await asyncio.sleep(0)
        await use(connections[0], origin)
        assert not waiting.done()
        connections[0]._transport.abort()

        assert await waiting not in connections

    async def test_an_idle_one_that_breaks_is_not_taken(self, pool, origin):
        """Nobody has been told yet, but no request can be sent over it."""
        breaking, sound = await open_(pool, origin), await open_(pool, origin)
        await use(sound, origin)
        await use(breaking, origin)
        breaking._transport.abort()

        assert [pool.take(origin), pool.take(origin)] == [sound, None]

    async def test_an_idle_one_that_is_reset(self, pool, origin):
        """It is forgotten."""
        connection = await open_(pool, origin)
        await use(connection, origin)
        connection._transport.abort()
        await until(lambda: connection.is_closed)

        assert (origin.bulkhead.size, pool.take(origin)) == (0, None)

    async def test_a_request_over_one_that_breaks(self, pool, origin):
        """Its caller is told that the connection was lost."""
        connection = await open_(pool, origin)
        connection._transport.abort()
        exchange = begin(connection, origin, b"x")

        with pytest.raises(Failure):
            await exchange.head()


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop whose clock can be set forward, as if the machine had stood still."""

    ahead = 0.0

    def time(self) -> float:
        """Return the time by the clock that was set."""
        return super().time() + self.ahead


class TestStandstill:
    @pytest.fixture
    def loop_factory(self) -> Callable[[], asyncio.AbstractEventLoop]:
        """A loop that can jump."""
        return JumpingLoop

    async def jump(self, seconds: float) -> None:
        """Stand still, and let the pool look once."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, JumpingLoop)
        loop.ahead += seconds
        for _ in range(3):
            await asyncio.sleep(0)

    async def test_it_is_no_silence_of_the_server(self, pool, origin, server):
        """What came meanwhile has not been read when the hub looks at the clock."""
        may_answer = asyncio.Event()

        async def behave(exchange: Served) -> None:
            await may_answer.wait()
            await exchange.answer(200)

        server.behaviour = behave
        exchange = begin(await open_(pool, origin), origin)
        asked = asyncio.create_task(exchange.head())
        await self.jump(1)
        await self.jump(SILENCE_SECONDS + 1)
        may_answer.set()
        await asked

        assert exchange.response.status == 200

    async def test_silence_ends_nevertheless(self, pool, origin, server):
        """Each look counts for a second at most."""
        server.behaviour = silent
        exchange = begin(await open_(pool, origin), origin)
        asked = asyncio.create_task(exchange.head())
        for _ in range(SILENCE_SECONDS + 2):
            await self.jump(SUSPENDED_SECONDS)

        assert isinstance(failure_of(asked), ServerStalled)


class TestStreaming:
    async def test_an_answer_that_nobody_reads_is_bounded(self, pool, origin, server):
        """One read of the socket beyond what had been read before; then the socket is left alone."""

        async def behave(exchange: Served) -> None:
            await exchange.write(head(200, ("Content-Length", str(64 * MIB))))
            await exchange.write(bytes(64 * MIB))

        server.behaviour = behave
        exchange = begin(await open_(pool, origin), origin)
        await exchange.head()
        for _ in range(3000):
            await asyncio.sleep(0)

        assert 0 < exchange.response.unread_bytes <= READ_AHEAD_BYTES + READ_BYTES
        assert len(await exchange.read()) <= READ_AHEAD_BYTES + READ_BYTES

    async def test_an_upload_that_nobody_takes_is_bounded(self, pool, origin, server):
        """An answer that is complete gives up the rest of an upload, and the connection with it."""

        async def behave(exchange: Served) -> None:
            await exchange.answer(413)
            await exchange.peer_gone()

        server.behaviour = behave
        connection = await open_(pool, origin)
        exchange = begin(connection, origin, bytes(64 * MIB))
        await exchange.head()

        assert (exchange.response.status, exchange.is_sent, connection.is_closed) == (413, False, True)
        await server.idle()
