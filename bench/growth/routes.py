"""Routes grow: hubs with ever more of them, asked for what the last one leads to."""

import time
from collections.abc import Sequence
from functools import partial

from bench.ground.crowd import open_channels, open_crowd
from bench.ground.members import Member, enrol
from bench.ground.stage import PREFIX, ROUTES, Stage, stage
from bench.growth.cost import Cost, Part, Point, Series, cost_of, interleaved
from bench.rounds import Load, Round

COUNTS = (1, 10, 50, 150, 500)
CALLERS = 50
IN_FLIGHT = 5
PATH = f"{PREFIX}/patients/1024.json?page=1"


async def measure(requests: int, repeats: int, counts: Sequence[int] = COUNTS) -> Part:
    """Return what a request costs at hubs with so many routes."""
    async with stage(nodes=[{ROUTES: str(count)} for count in counts]) as here:
        members = await enrol(here.store, here.issuer, range(1), time.time())
        series = [Series(way, await _points(here, way, members, requests, repeats, counts)) for way in ("HTTP", "channel")]
    return Part("routes", "routes, with 50 requests under way", series, {})


async def _points(
    here: Stage, way: str, members: Sequence[Member], requests: int, repeats: int, counts: Sequence[int]
) -> list[Point]:
    loads = [await _open(here, way, members, port) for port in here.ports]
    measures = {count: partial(_cost, here, loads[node], requests, node) for node, count in enumerate(counts)}
    points = await interleaved(measures, repeats)
    for load in loads:
        load.close()
    return points


async def _open(here: Stage, way: str, members: Sequence[Member], port: int) -> Load:
    if way == "HTTP":
        return await open_crowd([port], here.url, PATH, members, CALLERS)
    return await open_channels([port], here.url, PATH, [*members] * (CALLERS // IN_FLIGHT), IN_FLIGHT)


async def _cost(here: Stage, load: Load, requests: int, node: int) -> Cost:
    return await cost_of(here, load, Round(requests=requests), node)
