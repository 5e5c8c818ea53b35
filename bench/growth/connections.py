"""Connections grow: most of them idle, while the same few work."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from bench.ground.crowd import open_channels, open_crowd, open_idle
from bench.ground.members import enrol
from bench.ground.stage import PREFIX, Stage, stage
from bench.growth.cost import Part, Point, Series, cost_of
from bench.load_http import build_request
from bench.measure import cpu_seconds, resident_mib
from bench.rounds import Load, Round

COUNTS = (0, 50, 500, 2000, 5000)
CALLERS = 50
IN_FLIGHT = 5
PATH = f"{PREFIX}/0/patients?page=1"

AddIdle = Callable[[int, int], Awaitable[Load]]


async def measure(requests: int, repeats: int, idle_seconds: float, counts: tuple[int, ...] = COUNTS) -> Part:
    """Return what a request costs beside so many idle connections, and what an idle connection costs."""
    figures: dict[str, float] = {}
    series = []
    for way, open_both in {"HTTP": _http, "channel": _channel}.items():
        async with stage() as here:
            load, add_idle = await open_both(here, counts[-1])
            points, found = await _grow(here, load, add_idle, counts, requests, repeats, idle_seconds)
        series.append(Series(way, points))
        figures |= {f"{way}: {name}": value for name, value in found.items()}
    return Part("connections", "idle connections besides 50 requests under way", series, figures)


async def _grow(
    here: Stage, load: Load, add_idle: AddIdle, counts: tuple[int, ...], requests: int, repeats: int, idle_seconds: float
) -> tuple[list[Point], dict[str, float]]:
    await load.run(Round(requests=requests))
    alone = await _idle_cpu(here, idle_seconds / 2)
    empty, idle, points = resident_mib(here.pids[0]), [], []
    for before, count in zip((0, *counts), counts, strict=False):
        idle.append(await add_idle(before, count))
        memory = resident_mib(here.pids[0])
        points.append(Point(count, [await cost_of(here, load, Round(requests=requests)) for _ in range(repeats)]))
    cpu = await _idle_cpu(here, idle_seconds) - alone
    load.close()
    for each in idle:
        each.close()
    return points, {
        "KiB a connection": (memory - empty) * 1024 / counts[-1],
        "CPU us a connection and second": cpu / counts[-1] * 1e6,
    }


async def _idle_cpu(here: Stage, seconds: float) -> float:
    """Return the CPU time that the hub uses in a second while nobody asks for anything."""
    cpu = cpu_seconds(here.pids[0])
    await asyncio.sleep(seconds)
    return (cpu_seconds(here.pids[0]) - cpu) / seconds


async def _http(here: Stage, _: int) -> tuple[Load, AddIdle]:
    members = await enrol(here.store, here.issuer, [0], time.time())
    request = build_request(PATH, members[0].http_headers(here.url))
    load = await open_crowd(here.ports, here.url, PATH, members, CALLERS)
    return load, lambda before, count: open_idle(here.ports[0], request, count - before)


async def _channel(here: Stage, most: int) -> tuple[Load, AddIdle]:
    members = await enrol(here.store, here.issuer, range(1 + most), time.time())
    load = await open_channels(here.ports, here.url, PATH, members[:1] * (CALLERS // IN_FLIGHT), IN_FLIGHT)
    return load, lambda before, count: open_channels(here.ports, here.url, PATH, members[1 + before : 1 + count])
