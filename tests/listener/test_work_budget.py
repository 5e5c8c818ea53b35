"""The work of one connection: so much in a turn of the loop, throttled when it costs too much, closed when it never ends."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from hub.listener.discard_body import DiscardBody
from hub.listener.exchange import Exchange, Receiver
from hub.listener.work_budget import CLOSE, REQUEST_WORK, TOO_MUCH_WORK, WorkBudget, WorkLimits
from tests.listener.parts import GET, LOOPS, POST, Front, Seen, Stand, at_once, listening
from tests.parties.clock import ManualClock
from tests.parties.websocket_peer import CLOSE as CLOSE_FRAME
from tests.parties.websocket_peer import CONTINUATION, PING, PONG, TEXT, WebSocketPeer, frame
from tests.waiting import soon, until

pytestmark = pytest.mark.timing_sensitive

PER_TURN = 32
MANY = 3000
CLOSE_CODE = 4429


@pytest.fixture(params=LOOPS.values(), ids=LOOPS, autouse=True)
def loop_factory(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    """Both loops that the hub runs on."""
    factory: Callable[[], asyncio.AbstractEventLoop] = request.param
    return factory


class Turns:
    """Numbers the turns of the running loop, and counts what happens in each."""

    def __init__(self) -> None:
        self.number = 0
        self.counts: Counter[tuple[object, int]] = Counter()
        self._runs = True
        self._tick()

    def note(self, who: object) -> None:
        """Count something that happens now."""
        self.counts[who, self.number] += 1

    def end(self) -> None:
        """Stop counting turns."""
        self._runs = False

    def total(self, who: object) -> int:
        """Return how often something happened."""
        return sum(count for (name, _), count in self.counts.items() if name == who)

    @property
    def most(self) -> int:
        """The most that happened in one turn."""
        return max(self.counts.values(), default=0)

    def _tick(self) -> None:
        self.number += 1
        if self._runs:
            asyncio.get_running_loop().call_soon(self._tick)


@dataclass
class Door:
    """Lets everybody in, and counts what each sends; refused requests cost what `cost` says."""

    turns: Turns
    cost: float = 0.0
    texts: list[str | bytes] = field(default_factory=list)
    codes: list[int | None] = field(default_factory=list)

    def open(self, exchange: Exchange) -> Receiver:
        """Upgrade, or refuse."""
        if exchange.head.path.startswith("/socket"):
            Caller(self, exchange)
        else:
            self.turns.note(exchange.head.path)
            if self.cost:
                exchange.charge(self.cost)
            exchange.send(400, "", [], exchange.head.path.encode())
        return DiscardBody()


class Caller:
    """One WebSocket. A text `batch N` is so many messages in one."""

    def __init__(self, door: Door, exchange: Exchange) -> None:
        self._door = door
        self._name = exchange.head.path
        self._socket = exchange.open_websocket(self, max_message_bytes=1 << 20)
        self._socket.start()

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Count."""
        self._door.turns.note(self._name)
        self._door.texts.append(message)
        kind, _, count = str(message).partition(" ")
        return self._batch(int(count)) if kind == "batch" else None

    async def _batch(self, count: int) -> None:
        for number in range(count):
            if not await self._socket.next_turn():
                return
            self._socket.charge(1.0)
            self._door.turns.note(self._name)
            self._door.texts.append(str(number))

    def on_pong(self) -> None:
        """Count."""
        self._door.turns.note(self._name)

    def on_drained(self) -> None:
        """Do nothing."""

    def on_close(self) -> None:
        """Keep the code."""
        self._door.codes.append(self._socket.close_code)


@asynccontextmanager
async def standing(door: Door, clock: ManualClock | None = None, limits: WorkLimits | None = None) -> AsyncIterator[Stand]:
    """Run a listener in front of the door."""
    try:
        async with listening(door, clock, work_limits=limits or WorkLimits(per_turn=PER_TURN)) as stand:
            yield stand
    finally:
        door.turns.end()


@pytest.fixture
async def door() -> Door:
    """The door of the test."""
    return Door(Turns())


class TestTurn:
    @pytest.mark.parametrize("opcode", [TEXT, PONG], ids=["messages", "pongs"])
    async def test_frames(self, door: Door, opcode: int) -> None:
        """Of frames back to back, so many are handled in one turn of the loop, and all in the end."""
        async with standing(door) as stand, WebSocketPeer.dial(stand.port, "/socket") as peer:
            await peer.send(*[frame(opcode, b"%d" % number) for number in range(MANY)])
            await until(lambda: door.turns.total("/socket") == MANY)

        assert door.turns.most <= PER_TURN
        assert door.texts == ([str(number) for number in range(MANY)] if opcode == TEXT else [])

    async def test_batch_in_one_message(self, door: Door) -> None:
        """A message that is work for many turns is spread over them; the next one comes after it."""
        async with standing(door) as stand, WebSocketPeer.dial(stand.port, "/socket") as peer:
            await peer.send(frame(TEXT, b"batch %d" % MANY), frame(TEXT, b"after"))
            await until(lambda: "after" in door.texts)

        assert door.turns.most <= PER_TURN
        assert door.texts == [f"batch {MANY}", *map(str, range(MANY)), "after"]

    async def test_frames_that_complete_nothing(self, door: Door) -> None:
        """Empty fragments are work too: another connection has its turn between them."""
        async with (
            standing(door) as stand,
            WebSocketPeer.dial(stand.port, "/socket/a") as hostile,
            WebSocketPeer.dial(stand.port, "/socket/b") as honest,
        ):
            await honest.send(frame(TEXT, b"first"))
            await until(lambda: door.texts == ["first"])
            began = door.turns.number
            await hostile.send(frame(TEXT, fin=False), *[frame(CONTINUATION, fin=False)] * MANY, frame(CONTINUATION, b"end"))
            await until(lambda: "end" in door.texts)

        assert door.turns.number - began >= MANY / PER_TURN

    async def test_pipelined_requests(self, door: Door) -> None:
        """Of pipelined requests that are refused at once, so many are handled in one turn, and all are answered in order."""
        async with standing(door) as stand, stand.client() as client:
            paths = [b"/%d" % number for number in range(500)]
            await client.send(b"".join(GET % path for path in paths))
            bodies = [(await client.answer())[2] for _ in paths]

        by_turn: Counter[int] = Counter()
        for (_, turn), count in door.turns.counts.items():
            by_turn[turn] += count
        assert bodies == paths
        assert max(by_turn.values()) <= PER_TURN / REQUEST_WORK

    async def test_fair_between_connections(self, door: Door) -> None:
        """Connections that all send without end have the same share."""
        async with (
            standing(door) as stand,
            WebSocketPeer.dial(stand.port, "/socket/a") as first,
            WebSocketPeer.dial(stand.port, "/socket/b") as second,
        ):
            for peer in (first, second):
                await peer.send(*[frame(PONG)] * MANY)
            await until(lambda: door.turns.total("/socket/a") >= MANY or door.turns.total("/socket/b") >= MANY)
            shares = [door.turns.total(name) for name in ("/socket/a", "/socket/b")]

        assert min(shares) >= max(shares) / 2

    @pytest.mark.parametrize("chunked", [False, True], ids=["known length", "chunked"])
    async def test_bodies_between_pipelined_requests(self, chunked: bool) -> None:
        """Bodies of any size come whole and in order, whatever follows them in the same read."""
        front, body = Front(at_once), bytes(range(256)) * 2000
        if chunked:
            framing = b"Transfer-Encoding: chunked\r\n"
            sent = b"".join(b"3\r\n%b\r\n" % body[at : at + 3] for at in range(0, 3000, 3)) + b"0\r\n\r\n"
            body = body[:3000]
        else:
            framing, sent = b"Content-Length: %d\r\n" % len(body), body
        async with listening(front, work_limits=WorkLimits(per_turn=PER_TURN)) as stand, stand.client() as client:
            sending = asyncio.create_task(client.send((POST % framing + sent) * 3 + GET % b"/last"))
            answers = [(await client.answer())[2] for _ in range(4)]
            await soon(sending)

        assert answers == [b"POST /up " + body] * 3 + [b"GET /last "]


class TestThrottle:
    LIMITS = WorkLimits(per_turn=PER_TURN, rate=10.0, burst=100.0, abuse_seconds=60.0, close_code=CLOSE_CODE)

    async def test_frames_are_throttled_before_they_are_closed(self, door: Door, clock: ManualClock) -> None:
        """Above the burst frames wait for the rate; a client that goes on for a minute is closed with a code."""
        said: list[str] = []
        limits = WorkLimits(
            per_turn=PER_TURN, rate=10.0, burst=100.0, abuse_seconds=60.0, close_code=CLOSE_CODE, on_throttled=said.append
        )
        async with standing(door, clock, limits) as stand, WebSocketPeer.dial(stand.port, "/socket") as peer:
            await peer.send(*[frame(PONG)] * MANY)
            await until(lambda: said == ["throttled"])
            at_first = door.turns.total("/socket")
            await clock.advance(30.0)
            later = door.turns.total("/socket")
            assert not door.codes
            await clock.advance(60.0)
            closed = await peer.receive()

        assert 100 <= at_first <= 100 + 2 * PER_TURN
        assert at_first < later <= at_first + 300 + PER_TURN
        assert (closed.code, closed.reason, said) == (CLOSE_CODE, TOO_MUCH_WORK, ["throttled", "closed"])

    async def test_batch_is_throttled_before_it_is_closed(self, door: Door, clock: ManualClock) -> None:
        """So are the messages of one batch: one costs 1, its frame too."""
        async with standing(door, clock, self.LIMITS) as stand, WebSocketPeer.dial(stand.port, "/socket") as peer:
            await peer.send(frame(TEXT, b"batch 100000"))
            await until(lambda: door.turns.total("/socket") >= 100 - PER_TURN)
            for _ in range(5):
                await clock.advance(10.0)
            at_rate = door.turns.total("/socket")
            for _ in range(5):
                await clock.advance(10.0)
            closed = await peer.receive()
            at_last = door.turns.total("/socket")
            await peer.send(frame(CLOSE_FRAME))
            await until(lambda: bool(door.codes))

        assert 100 <= at_rate <= 100 + 10 * 50 + 2 * PER_TURN
        assert (closed.code, closed.reason) == (CLOSE_CODE, TOO_MUCH_WORK)
        assert door.turns.total("/socket") == at_last

    async def test_refused_requests_are_throttled_before_429(self, clock: ManualClock) -> None:
        """A refused request costs what its handler says; who goes on for a minute gets 429, and the connection closes."""
        door = Door(Turns(), cost=10.0)
        async with standing(door, clock, self.LIMITS) as stand, stand.client() as client:
            await client.send(GET % b"/refused" * 400)
            answered = [(await client.answer())[0] for _ in range(10)]
            before = door.turns.total("/refused")
            for _ in range(12):
                await clock.advance(10.0)
            *_, last = (await client.rest()).split(b"HTTP/1.1 ")

        assert answered == [400] * 10
        assert before <= 15
        assert door.turns.total("/refused") <= 80  # the burst, and a minute at the rate
        assert last.startswith(b"429 ") and b"Connection: close" in last

    async def test_a_pause_ends_the_abuse(self) -> None:
        """Time counts as abuse only while the client is throttled again and again."""
        budget = WorkBudget(WorkLimits(rate=10.0, burst=10.0, abuse_seconds=60.0))

        def pause(now: float, cost: float) -> float:
            budget.charge(cost)
            return budget.pause(now)

        assert pause(0.0, 20.0) == 1.0
        assert pause(50.0, 5.0) == 0.0
        assert pause(51.0, 25.0) > 0
        assert pause(70.0, 1000.0) > 0
        assert pause(111.0, 10.0) == CLOSE

    @pytest.mark.parametrize("units_per_frame", [1, 3])
    async def test_cost_of_frames_and_messages(self, units_per_frame: int) -> None:
        """A message costs once, in addition to its frame, however a listener counts frames."""
        budget = WorkBudget(WorkLimits(per_turn=32, rate=10.0, burst=30.0))
        budget.charge_work(1 / units_per_frame, units_per_frame)
        for _ in range(16):
            budget.left -= units_per_frame
            budget.charge(1.0)

        assert budget.left == 0
        assert budget.pause(0.0) == pytest.approx(0.2)

    async def test_no_limit(self) -> None:
        """A rate of 0 throttles nobody."""
        budget = WorkBudget(WorkLimits(rate=0.0))
        budget.charge(1e9)

        assert budget.pause(0.0) == 0.0


class TestRefusedByTheListener:
    """Malformed requests, and connections without any, are told to whoever counts by address."""

    async def test_malformed_requests(self, door: Door) -> None:
        """Each counts once, also behind requests that are none; above the limit it is a 429."""
        said: list[tuple[str, int]] = []

        def count(peer: str, status: int) -> bool:
            said.append((peer, status))
            return len(said) > 2

        statuses = []
        async with standing(door, limits=WorkLimits(on_refused=count)) as stand:
            for sent in (b"GET / HTTP/1.1\r\n\r\n", GET % b"/x" + b"GET /y HTTP/1.1\r\n\r\n", b"GET /z HTTP/1.1\r\n\r\n"):
                async with stand.client() as client:
                    await client.send(sent)
                    statuses.append([line[:3] for line in (await client.rest()).split(b"HTTP/1.1 ")[1:]])
            await until(lambda: not stand.open_connections)

        assert statuses == [[b"400"], [b"400", b"400"], [b"429"]]
        assert said == [("127.0.0.1", 400)] * 3

    async def test_connections_without_a_request(self, door: Door) -> None:
        """Each counts, whatever it has sent of a head. Those with a request do not."""
        said: list[tuple[str, int]] = []

        def count(peer: str, status: int) -> bool:
            said.append((peer, status))
            return False

        async with standing(door, limits=WorkLimits(on_refused=count)) as stand:
            for sent in (b"", b"GET / HT", GET % b"/x"):
                async with stand.client() as client:
                    await client.send(sent)
                    if sent.endswith(b"\r\n\r\n"):
                        await client.answer()
                await until(lambda: not stand.open_connections)

        assert said == [("127.0.0.1", 0)] * 2


class TestHonest:
    """What pages do is never throttled by the defaults."""

    async def test_messages(self, door: Door) -> None:
        """A page with a hundred requests under way, and the 1,600 window updates of a download of 100 MB."""
        said: list[str] = []
        async with (
            standing(door, ManualClock(), WorkLimits(on_throttled=said.append)) as stand,
            WebSocketPeer.dial(stand.port, "/socket") as peer,
        ):
            for _ in range(10):
                await peer.send(*[frame(TEXT, b'{"type":"request"}')] * 100)
                await peer.send(*[frame(TEXT, b'{"type":"window"}')] * 160)
            await peer.send(frame(PING), frame(PONG))
            await until(lambda: door.turns.total("/socket") == 10 * 260 + 1)

        assert said == []

    async def test_requests(self) -> None:
        """A connection of a proxy carries the requests of many users and is not throttled: only refusals cost."""
        said: list[str] = []

        def answer(seen: Seen) -> None:
            seen.send()

        async with (
            listening(Front(answer), ManualClock(), work_limits=WorkLimits(on_throttled=said.append)) as stand,
            stand.client() as client,
        ):
            for _ in range(20):
                await client.send(GET % b"/" * 100)
                for _ in range(100):
                    assert (await client.answer())[0] == 200

        assert said == []
