"""B1: what is added to one small request at a time. B2: fifty connections with eight requests under way on each."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from statistics import median

from bench.bodies import KB
from bench.matrix import Case, measure_one, warm_up
from bench.measure import Figures, middle
from bench.scenarios.outcome import Outcome, milliseconds
from bench.scenarios.setting import Setting, contestants, socket_systems
from bench.systems.apache import Apache, Mode
from bench.systems.base import System
from bench.systems.node import Express

REPEATS = 3
CONNECTIONS, IN_FLIGHT = 50, 8

Found = dict[str, list[Figures]]


async def one_at_a_time(setting: Setting) -> list[Outcome]:
    """Return what each system adds to the time of a request of 200 bytes."""
    found = await _measure(setting, Case(200, 1), None)
    rows = [_added(name, figures, found["direct"]) for name, figures in found.items()]
    headings = ("system", "p50 ms", "added", "p99 ms", "added", "CPU us")
    return [Outcome("b1", "one request of 200 bytes at a time", headings, rows)]


async def many(setting: Setting) -> list[Outcome]:
    """Return what a request of 1 KB costs with 400 under way, eight on a connection where it can carry them."""
    found = await _measure(setting, Case(KB, CONNECTIONS * IN_FLIGHT), IN_FLIGHT)
    rows = []
    for name, figures in found.items():
        one = middle(figures)
        times = [f"{one.p50_ms:.1f}", f"{one.p99_ms:.1f}"]
        rows.append([name, f"{one.cpu_us:.0f}", f"{one.rate:.0f}", f"{one.per_core:.0f}", *times, f"{one.memory_mib:.0f}"])
    headings = ("system", "CPU us", "per s", "per core", "p50 ms", "p99 ms", "MiB")
    return [Outcome("b2", f"{CONNECTIONS} connections, {IN_FLIGHT} requests under way on each", headings, rows)]


async def _measure(setting: Setting, case: Case, in_flight: int | None) -> Found:
    async with contestants(setting, _systems(setting)) as everybody:
        await warm_up(setting.cores, everybody, setting.seconds)
        found: Found = {contestant.name: [] for contestant in everybody}
        for _ in range(REPEATS):
            for contestant in everybody:
                shaped = replace(contestant, open=partial(contestant.open, in_flight=in_flight))
                found[contestant.name].append(await measure_one(setting.cores, shaped, case, setting.seconds))
    return found


def _systems(setting: Setting) -> list[System]:
    http_peers: list[System] = [Apache(Mode.SHARED_MEMORY), Express()] if setting.with_peers else []
    return [*http_peers, *socket_systems(setting)]


def _added(name: str, figures: Sequence[Figures], direct: Sequence[Figures]) -> list[str]:
    """Return a row: times, and by how much they are longer than the direct ones of the same repetition."""
    one = middle(figures)
    p50 = median(own.p50_ms - other.p50_ms for own, other in zip(figures, direct, strict=True))
    p99 = median(own.p99_ms - other.p99_ms for own, other in zip(figures, direct, strict=True))
    times = [milliseconds(value / 1000) for value in (one.p50_ms, p50, one.p99_ms, p99)]
    return [name, *times, f"{one.cpu_us:.0f}"]
