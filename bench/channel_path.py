"""`python -m bench.channel_path`: what the channel itself costs, without sockets, sessions' store and resource server.

One process, no I/O: drivers with a socket that takes everything at once, and a pipeline that answers from memory. The figures are
CPU time and memory of what lies between a received WebSocket message and the frames handed to the socket, and of idle channels.
"""

import asyncio
import gc
import json
import time
import tracemalloc
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from bench.loop import loop_factory
from hub import log
from hub.channel.close_codes import CloseCode
from hub.channel.driver import Driver
from hub.channel.interfaces import ChannelServices
from hub.channel.outbox import Frame
from hub.channel.registry import Registry
from hub.clock import SystemClock
from hub.errors import NotFound
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.limits import RateLimits
from hub.metrics import Metrics
from hub.secret import Secret
from hub.session.cookie import xsrf_token, xsrf_token_matches
from hub.session.model import Lifetimes, Session, SessionId, TokenSet
from hub.settings import ChannelSettings, LimitSettings
from hub.topics.topics import Subscriber, Subscription

IN_FLIGHT = (1, 5, 30)
REQUESTS = 20_000
REPEATS = 5
IDLE_CHANNELS = 5_000
IDLE_SECONDS = 100
KIBIBYTE = 1024
ITEMS = [{"id": number, "name": "Ada Lovelace", "born": "1815-12-10", "active": True} for number in range(15)]
BODY = json.dumps({"items": ITEMS}).encode()
HEADERS = [
    ("content-type", "application/json"),
    ("content-length", str(len(BODY))),
    ("date", "Thu, 01 Jan 2026 00:00:00 GMT"),
    ("cache-control", "no-store"),
]
REQUEST = '{"type":"request","id":%d,"method":"GET","path":"/api/patients?page=1","headers":{"accept":"application/json"}}'


class NullSocket:
    """Takes everything at once."""

    def __init__(self) -> None:
        self.frames = 0
        self.bytes = 0
        self.pings = 0

    def write_frames(self, frames: Sequence[Frame]) -> None:
        """Count what is written."""
        self.frames += len(frames)
        self.bytes += sum(map(len, frames))

    def buffered_bytes(self) -> int:
        """Nothing waits."""
        return 0

    def ping(self) -> None:
        """Count the ping."""
        self.pings += 1

    def close(self, code: CloseCode, reason: str) -> None:
        """Nothing of this is to be closed."""
        raise AssertionError(code, reason)


class Pipeline:
    """Answers from memory, each request when `answer` says so."""

    def __init__(self) -> None:
        self.waiting: deque[asyncio.Future[None]] = deque()

    async def handle(self, request: ApiRequest, session: Session, *, transport: str) -> ApiResponse:
        """Wait for the turn of this request, as for a socket."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        await turn
        return ApiResponse(status=200, headers=HEADERS, body=BODY, body_bytes=len(BODY))

    def answer(self, count: int) -> None:
        """Let the oldest requests go on."""
        for _ in range(count):
            self.waiting.popleft().set_result(None)


class Sessions:
    """Has the session in hand."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def known(self, session_id: SessionId, *, passive: bool = False) -> Session:
        """Return it."""
        return self._session

    async def current(self, session_id: SessionId, *, passive: bool = False) -> Session:
        """Return it."""
        return self._session

    async def confirmed(self, session_id: SessionId, *, passive: bool = False) -> Session:
        """Return it."""
        return self._session


class NoTopics:
    """Knows of none."""

    async def subscribe(self, name: str, subscriber: Subscriber, after: str | None) -> Subscription:
        """Refuse."""
        raise NotFound("There is no such topic.")


class FastClock(SystemClock):
    """A clock whose seconds pass at once, for those who look after idle channels."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self.slept = 0

    def now(self) -> float:
        """Return the time with what was slept."""
        return super().now() + self._ahead

    def monotonic(self) -> float:
        """Return the time with what was slept."""
        return super().monotonic() + self._ahead

    async def sleep(self, seconds: float) -> None:
        """Count the time, and wait for nothing."""
        self._ahead += seconds
        self.slept += seconds > 0
        await asyncio.sleep(0)


def new_session(session_id: SessionId, now: float) -> Session:
    """Return a session that began just now."""
    return Session(
        key=session_id.key,
        version=1,
        issuer="https://provider.example",
        subject="s1",
        name="Ada",
        claims={},
        tokens=TokenSet(access_token=Secret("not-sent"), obtained_at=now),
        created_at=now,
        touched_at=now,
    )


def services_for(pipeline: Pipeline, session: Session, clock: SystemClock) -> ChannelServices:
    """Return what stands behind the channels."""
    metrics = Metrics()
    never_reached = LimitSettings(requests_per_session=1e9, upload_bytes_per_session=1e15)
    once: Any = None  # no request has a key
    return ChannelServices(
        pipeline=pipeline,
        once=once,
        topics=NoTopics(),
        rates=RateLimits(never_reached, clock, metrics),
        sessions=Sessions(session),
        lifetimes=Lifetimes(86_400.0, 864_000.0, 60.0),
        csrf_matches=xsrf_token_matches,
        clock=clock,
        metrics=metrics,
        settings=ChannelSettings(),
    )


def hello_of(session_id: SessionId) -> str:
    """Return the first message of the hub's own client."""
    known = ["gzip", "resume", "windows", "priority", "progress", "timing", "topics", "drain"]
    return json.dumps({"type": "hello", "csrf": xsrf_token(session_id), "client": "bench/1.0", "capabilities": known})


class Load:
    """One channel and what is asked over it."""

    def __init__(self) -> None:
        session_id, clock = SessionId.generate(), SystemClock()
        session = new_session(session_id, clock.now())
        self.pipeline, self.socket = Pipeline(), NullSocket()
        services = services_for(self.pipeline, session, clock)
        self.driver = Driver(services, self.socket, session_id, session, connection_id="c1", client_address="192.0.2.1")
        self.driver.receive(hello_of(session_id))
        self._last_id = 0

    def ask(self, count: int) -> None:
        """Send requests, each in a message of its own."""
        for request_id in range(self._last_id + 1, self._last_id + count + 1):
            self.driver.receive(REQUEST % request_id)
        self._last_id += count

    async def one_by_one(self, in_flight: int) -> float:
        """Answer one request, and ask for another, in each turn of the loop; return the CPU us of one."""
        self.ask(in_flight)
        await _turns(2)
        began = time.process_time()
        for _ in range(REQUESTS):
            self.pipeline.answer(1)
            self.ask(1)
            await asyncio.sleep(0)
        used = time.process_time() - began
        await self._finish()
        return used / REQUESTS * 1e6

    async def at_once(self, in_flight: int) -> float:
        """Ask for several in one turn of the loop, and answer them in another; return the CPU us of one."""
        rounds = REQUESTS // in_flight
        began = time.process_time()
        for _ in range(rounds):
            self.ask(in_flight)
            await asyncio.sleep(0)
            self.pipeline.answer(in_flight)
            await _turns(3)
        return (time.process_time() - began) / (rounds * in_flight) * 1e6

    async def _finish(self) -> None:
        await _turns(2)
        self.pipeline.answer(len(self.pipeline.waiting))
        await _turns(5)


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def harness() -> float:
    """Return the CPU us of what the figures hold that is not the channel's: turns of the loop, and the pipeline's double."""
    pipeline, began = Pipeline(), time.process_time()
    request, loop = ApiRequest(method="GET", path="/"), asyncio.get_running_loop()
    session: Any = None
    for _ in range(REQUESTS):
        loop.call_soon(pipeline.answer, 1)
        await pipeline.handle(request, session, transport="channel")
    return (time.process_time() - began) / REQUESTS * 1e6


class Crowd:
    """Many channels on which nothing happens but heartbeats, each of a session of its own."""

    def __init__(self) -> None:
        self.clock = FastClock()
        self.ids = [SessionId.generate() for _ in range(IDLE_CHANNELS)]
        self.sessions = [new_session(session_id, self.clock.now()) for session_id in self.ids]
        self.hellos = list(map(hello_of, self.ids))
        self.sockets = [NullSocket() for _ in self.ids]
        self.addresses = [f"192.0.2.{number % 250}" for number in range(IDLE_CHANNELS)]
        self.registry = Registry(services_for(Pipeline(), self.sessions[0], self.clock))
        self.drivers: list[Driver] = []

    async def open(self) -> None:
        """Open them all and bring them through the handshake."""
        self.drivers = [
            self.registry.open(*each) for each in zip(self.sockets, self.ids, self.sessions, self.addresses, strict=True)
        ]
        for driver, hello in zip(self.drivers, self.hellos, strict=True):
            driver.receive(hello)
        await _turns(3)

    async def rest(self) -> float:
        """Let time pass while clients answer pings; return the CPU us of one channel in one second."""
        watch, seen = asyncio.ensure_future(self.registry.watch()), [0] * IDLE_CHANNELS
        used, began = 0.0, self.clock.slept
        while self.clock.slept - began < IDLE_SECONDS:
            used -= time.process_time()
            await asyncio.sleep(0)
            used += time.process_time()
            for number, (driver, socket) in enumerate(zip(self.drivers, self.sockets, strict=True)):
                if socket.pings != seen[number]:
                    seen[number] = socket.pings
                    used -= time.process_time()
                    driver.receive('{"type":"pong","n":1}')
                    driver.heard()
                    used += time.process_time()
        watch.cancel()
        return used / IDLE_CHANNELS / IDLE_SECONDS * 1e6


def _best(runner: asyncio.Runner, measure: Callable[[], Any]) -> float:
    """Return the smallest of several figures: what else runs on the machine only makes them larger."""
    found = []
    for _ in range(REPEATS):
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)  # as `hub.server` does
        found.append(float(runner.run(measure())))
    return min(found)


async def _bytes_of_idle_channels(crowd: Crowd) -> float:
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    await crowd.open()
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / IDLE_CHANNELS


async def _new_load() -> Load:
    return Load()


def main() -> None:
    """Print the figures."""
    log.configure("WARNING", "text")
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        beside = _best(runner, harness)
        print(f"An answer of {len(BODY)} bytes. The harness itself takes {beside:.1f} us of each request.")
        print("| in flight | one by one, us | at once, us |")
        print("|---:|---:|---:|")
        for in_flight in IN_FLIGHT:
            load = runner.run(_new_load())
            figures = [_best(runner, lambda: way(in_flight)) for way in (load.one_by_one, load.at_once)]  # noqa: B023 - called here
            print(f"| {in_flight} | {figures[0]:.1f} | {figures[1]:.1f} |")
        crowd = Crowd()
        print(f"An idle channel holds {runner.run(_bytes_of_idle_channels(crowd)) / KIBIBYTE:.2f} KiB without its session")
        print(f"and takes {runner.run(crowd.rest()):.2f} us in a second, heartbeats included.")


if __name__ == "__main__":
    main()
