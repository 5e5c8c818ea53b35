"""`python -m bench.channel_path`: what the channel itself costs, without sockets, store and resource server.

One process, no I/O: drivers with a socket that takes everything at once, a session in hand, and a pipeline that answers from
memory. The figures are CPU time and memory of what lies between a received WebSocket message and the frames handed to the socket,
and of channels on which nothing happens.
"""

import argparse
import asyncio
import functools
import gc
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence

from bench.channel_parts import BODY, FastClock, NullSocket, Pipeline, hello_of, new_session, routes, services_for
from bench.loop import loop_factory
from hub.channel.driver import Driver
from hub.channel.registry import Registry
from hub.gateway.messages import ApiRequest
from hub.primitives.clock import SystemClock
from hub.session.model import SessionId
from hub.telemetry import log

IN_FLIGHT = (1, 5, 30)
REQUESTS = 20_000
REPEATS = 5
CHANNELS = 5_000
IDLE_SECONDS = 100
KIBIBYTE = 1024
REQUEST = '{"type":"request","id":%d,"method":"GET","path":"/api/patients?page=1","headers":{"accept":"application/json"}}'


class Load:
    """One channel and what is asked over it."""

    def __init__(self) -> None:
        session_id, clock = SessionId.generate(), SystemClock()
        session = new_session(session_id, clock.now())
        self.pipeline = Pipeline()
        services = services_for(self.pipeline, session, clock)
        self.driver = Driver(services, NullSocket(), session_id, session, connection_id="c1", client_address="192.0.2.1")
        self.driver.receive(hello_of(session_id))
        self._last_id = 0

    def ask(self, count: int) -> None:
        """Send requests, each in a message of its own."""
        for request_id in range(self._last_id + 1, self._last_id + count + 1):
            self.driver.receive(REQUEST % request_id)
        self._last_id += count

    async def one_by_one(self, in_flight: int, requests: int) -> float:
        """Answer one request, and ask for another, in each turn of the loop; return the CPU us of one."""
        self.ask(in_flight)
        await _turns(2)
        began = time.process_time()
        for _ in range(requests):
            self.pipeline.answer(1)
            self.ask(1)
            await asyncio.sleep(0)
        used = time.process_time() - began
        await _turns(2)
        self.pipeline.answer(in_flight)
        await _turns(5)
        return used / requests * 1e6

    async def at_once(self, in_flight: int, requests: int) -> float:
        """Ask for several in one turn of the loop, and answer them in another; return the CPU us of one."""
        rounds = max(requests // in_flight, 1)
        began = time.process_time()
        for _ in range(rounds):
            self.ask(in_flight)
            await asyncio.sleep(0)
            self.pipeline.answer(in_flight)
            await _turns(3)
        return (time.process_time() - began) / (rounds * in_flight) * 1e6


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def harness(requests: int) -> float:
    """Return the CPU us of what the figures hold that is not the channel's: turns of the loop, and the pipeline's double."""
    pipeline, loop, place = Pipeline(), asyncio.get_running_loop(), routes().locate("/api")
    request, session = ApiRequest(method="GET", path="/api"), new_session(SessionId.generate(), 0.0)
    began = time.process_time()
    for _ in range(requests):
        loop.call_soon(pipeline.answer, 1)
        await pipeline.handle(request, place, session)
    return (time.process_time() - began) / requests * 1e6


class Crowd:
    """Many channels on which nothing happens but heartbeats, each of a session of its own."""

    def __init__(self, channels: int) -> None:
        self._clock = FastClock()
        self._ids = [SessionId.generate() for _ in range(channels)]
        self._sessions = [new_session(session_id, self._clock.now()) for session_id in self._ids]
        self._hellos = list(map(hello_of, self._ids))
        self._sockets = [NullSocket() for _ in self._ids]
        self._addresses = [f"192.0.2.{number % 250}" for number in range(channels)]
        self._registry = Registry(services_for(Pipeline(), self._sessions[0], self._clock))
        self._drivers: list[Driver] = []

    async def open(self) -> float:
        """Open them all and bring them through the handshake; return the bytes that one holds, without its session."""
        gc.collect()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        for each in zip(self._sockets, self._ids, self._sessions, self._addresses, strict=True):
            self._drivers.append(self._registry.open(*each))
        for driver, hello in zip(self._drivers, self._hellos, strict=True):
            driver.receive(hello)
        await _turns(3)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return (after - before) / len(self._drivers)

    async def rest(self) -> float:
        """Let time pass while clients answer pings; return the CPU us of one channel in one second."""
        watch = asyncio.ensure_future(self._registry.watch())
        began = time.process_time()
        while self._clock.seconds < IDLE_SECONDS:
            await asyncio.sleep(0)
            for driver, socket in zip(self._drivers, self._sockets, strict=True):
                if socket.pings:
                    socket.pings = 0
                    driver.receive('{"type":"pong","n":1}')
                    driver.heard()
        used = time.process_time() - began
        watch.cancel()
        return used / len(self._drivers) / IDLE_SECONDS * 1e6


def _best(runner: asyncio.Runner, repeats: int, measure: Callable[[], Awaitable[float]]) -> float:
    """Return the smallest of several figures: what else runs on the machine only makes them larger."""

    async def once() -> float:
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)  # as `hub.process.server` does
        return await measure()

    return min(runner.run(once()) for _ in range(repeats))


async def _new_load() -> Load:
    return Load()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures."""
    options = _parse(arguments)
    log.configure("WARNING", "console")
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        crowd = Crowd(options.channels)
        held = runner.run(crowd.open())
        resting = runner.run(crowd.rest())
        beside = _best(runner, REPEATS, lambda: harness(options.requests))
        print(f"An answer has {len(BODY)} bytes. {beside:.1f} us of each request are the harness's.")
        print("| in flight | one by one, us | all at once, us |")
        print("|---:|---:|---:|")
        load = runner.run(_new_load())
        for in_flight in IN_FLIGHT:
            ways = (functools.partial(way, in_flight, options.requests) for way in (load.one_by_one, load.at_once))
            one_by_one, at_once = (_best(runner, REPEATS, way) for way in ways)
            print(f"| {in_flight} | {one_by_one:.1f} | {at_once:.1f} |")
    print(f"An idle channel holds {held / KIBIBYTE:.2f} KiB without its session, and takes {resting:.2f} us in a second.")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.channel_path", description="Measure what the channel itself costs.")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="requests of a round (default: %(default)s)")
    parser.add_argument("--channels", type=int, default=CHANNELS, help="idle channels (default: %(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
