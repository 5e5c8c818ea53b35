"""The doors of a whole hub, with faults at their awaits: some of what `python -m fuzz doors` goes through."""

import asyncio
import time
from collections.abc import Coroutine, Generator, Iterator
from types import FunctionType
from typing import Any

import pytest

from fuzz.doors_target import VISITS, Defect, DoorFuzzer, at_random, door_fuzzer, every_await
from fuzz.fault_injection import Fault, FaultInjector, Plan, is_of_the_network

pytestmark = [pytest.mark.timing_sensitive, pytest.mark.expects_log]

SECONDS = 300  # many times what is needed
STEPS = {"fast": 3, "tornado": 7}  # every third await on the hub's own server; which one comes third differs from run to run


def run(work: Any) -> Any:
    """Run on a loop of asyncio, whose task factory can be replaced, as the fuzzer does."""
    return asyncio.run(work)


@pytest.mark.each_listener
def test_every_door(server: str) -> None:
    """Whatever breaks, takes long or leaves: no 500, no dead task, no socket without an owner, no growth."""

    async def fuzz() -> DoorFuzzer:
        async with door_fuzzer(server) as fuzzer:
            await every_await(fuzzer, time.monotonic() + SECONDS, STEPS[server])
            return fuzzer

    fuzzer = run(fuzz())

    assert set(fuzzer.counts) == set(Fault)
    assert fuzzer.runs > len(VISITS) * len(Fault)


def test_several_at_once() -> None:
    """Visits at the same time, with faults in a row."""

    async def fuzz() -> int:
        async with door_fuzzer() as fuzzer:
            await at_random(fuzzer, time.monotonic() + SECONDS, seed=7, most=20)
            return fuzzer.runs

    assert run(fuzz()) > 5


def test_defect_is_found() -> None:
    """A door whose await raises what nobody foresees is reported, with what it takes to repeat it."""

    async def fuzz() -> None:
        async with door_fuzzer() as fuzzer:

            async def fail(*_: object, **__: object) -> None:
                raise KeyError("unforeseen")

            fuzzer.house.services.sessions.confirmed = fail  # type: ignore[method-assign, assignment]
            await fuzzer.run(["session"], Plan(Fault.STALL, at=1))

    with pytest.raises(Defect, match=r"session.*STALL, at await 1"):
        run(fuzz())


class Wrapped:
    """A coroutine behind another object, which is awaited in its place, as requests of aiohttp are."""

    def __init__(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, None, None]:
        return self._coroutine.__await__()


class Socket:
    """Something to wait for."""

    def __await__(self) -> Iterator[None]:
        return iter((None,))


@pytest.mark.parametrize(("module", "is_network"), [("aiohttp.client", True), ("aiohttp.client_ws", False), ("hub.x", False)])
def test_awaits_of_the_network(module: str, is_network: bool) -> None:
    """They are seen behind any wrapper."""

    async def read(socket: Any) -> None:
        await socket

    async def request() -> None:
        await Wrapped(FunctionType(read.__code__, {"__name__": module})(Socket()))

    waiting = request()
    waiting.send(None)
    try:
        assert is_of_the_network(waiting) == is_network
    finally:
        waiting.close()


def test_task_that_is_cancelled_before_it_begins() -> None:
    """A watched task ends as any other then."""

    async def cancel() -> bool:
        injector = FaultInjector(Plan(Fault.STALL, at=1))
        asyncio.get_running_loop().set_task_factory(injector)
        from hub.primitives.clock import SystemClock

        task = asyncio.ensure_future(SystemClock().sleep(60))
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert run(cancel())
