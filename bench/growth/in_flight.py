"""Requests in flight grow: the same rate, at a resource server that takes ever longer."""

import time
from collections.abc import Sequence
from functools import partial

from bench.ground.crowd import open_channels, open_crowd
from bench.ground.members import Member, enrol
from bench.ground.stage import PREFIX, Stage, stage
from bench.growth.cost import Cost, Measure, Part, Series, cost_of, interleaved
from bench.rounds import Load, PacedRound

COUNTS = (1, 10, 50, 100, 250, 500)
RATE = 400  # requests a second: what one core carries beside the load on the machines that this is meant for
SECONDS = 4.0  # of a round
ROOM = 2.0  # callers for each request in flight: a late answer must not hold back the next request
WAYS = ("HTTP", "channel")
LIMITS = {"HUB_CHANNEL_IN_FLIGHT": "2000", "HUB_CHANNEL_QUEUE": "1"}


async def measure(seconds: float, repeats: int, counts: Sequence[int] = COUNTS) -> Part:
    """Return what a request costs while so many others wait for their answers: over HTTP, and on one channel."""
    async with stage(**LIMITS) as here:
        members = await enrol(here.store, here.issuer, range(1), time.time())
        series = [Series(way, await interleaved(await _measures(here, way, members, seconds, counts), repeats)) for way in WAYS]
    return Part("in_flight", f"requests in flight, at {RATE} a second", series, {})


async def _measures(
    here: Stage, way: str, members: Sequence[Member], seconds: float, counts: Sequence[int]
) -> dict[int, Measure]:
    loads = {count: await _open(here, way, members, count) for count in counts}
    return {count: partial(_cost, here, load, seconds + count / RATE) for count, load in loads.items()}


async def _open(here: Stage, way: str, members: Sequence[Member], count: int) -> Load:
    path, callers = f"{PREFIX}/wait/{count * 1000 // RATE}/1024.json?page=1", round(count * ROOM) + 5
    if way == "HTTP":
        return await open_crowd(here.ports, here.url, path, members, callers)
    return await open_channels(here.ports, here.url, path, members, callers)


async def _cost(here: Stage, load: Load, seconds: float) -> Cost:
    return await cost_of(here, load, PacedRound(RATE, seconds))
