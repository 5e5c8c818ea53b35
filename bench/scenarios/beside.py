"""B4: a small request every 50 ms on a WebSocket over which a large answer comes."""

import asyncio
import time
from collections.abc import Sequence

from bench.bodies import KB, MB
from bench.measure import percentile
from bench.rounds import WrongAnswer
from bench.scenarios.askers import Asker
from bench.scenarios.outcome import Outcome, milliseconds
from bench.scenarios.setting import Setting
from bench.scenarios.sockets import Socket, sockets
from bench.systems.base import Target

LARGE = 20 * MB
EVERY_SECONDS = 0.05


async def beside_large(setting: Setting) -> list[Outcome]:
    """Return how long small requests take alone, and beside downloads of 20 MB that follow each other."""
    count = max(20, round(2 * setting.seconds / EVERY_SECONDS))
    async with sockets(setting) as ways:
        rows = [await _row(way, count) for way in ways if way.gives_credit]
    title = "a small request every 50 ms, on a WebSocket over which answers of 20 MB come"
    return [Outcome("b4", title, ("system", "alone: p50 ms", "p99 ms", "beside: p50 ms", "p99 ms", "large, MB/s"), rows)]


async def _row(way: Socket, count: int) -> list[str]:
    asker = await way.open()
    try:
        await asker.ask(Target(LARGE).path)  # what is made once is not the answer's
        alone = await _small(asker, count)
        stop = asyncio.Event()
        began, downloads = time.monotonic(), asyncio.create_task(_download(asker, stop))
        beside = await _small(asker, count)
        stop.set()
        rate = await downloads * LARGE / MB / (time.monotonic() - began)
        return [way.name, *_times(alone), *_times(beside), f"{rate:.0f}"]
    finally:
        asker.close()


async def _small(asker: Asker, count: int) -> list[float]:
    """Ask at fixed moments, whether the last answer has come or not; return how long each took."""
    began, times = time.monotonic(), []

    async def ask(number: int) -> None:
        due = began + number * EVERY_SECONDS
        await asyncio.sleep(due - time.monotonic())
        sent = time.monotonic()
        if await asker.ask(Target(KB).path, priority=0) != KB:
            raise WrongAnswer("a small answer of another size")
        times.append(time.monotonic() - sent)

    await asyncio.gather(*map(ask, range(count)))
    return times


async def _download(asker: Asker, stop: asyncio.Event) -> int:
    """Ask for large answers, one after the other, until told to stop; return how many came."""
    count = 0
    while not stop.is_set():
        if await asker.ask(Target(LARGE).path, priority=3) != LARGE:
            raise WrongAnswer("a large answer of another size")
        count += 1
    return count


def _times(seconds: Sequence[float]) -> list[str]:
    return [milliseconds(percentile(seconds, 0.5)), milliseconds(percentile(seconds, 0.99))]
