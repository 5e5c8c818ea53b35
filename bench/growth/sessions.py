"""Sessions grow: the same number of requests under way, spread over ever more users."""

import time
from collections.abc import Sequence
from functools import partial

from bench.ground.crowd import open_channels, open_crowd
from bench.ground.members import Member, enrol
from bench.ground.stage import PREFIX, Stage, stage
from bench.growth.cost import Cost, Part, Point, Series, cost_of, interleaved
from bench.measure import resident_mib
from bench.rounds import Load, TurnsRound

COUNTS = (1, 10, 100, 1000, 10_000)
AT_ONCE = 50
PATH = f"{PREFIX}/patients/1024.json?page=1"


async def measure(requests: int, repeats: int, counts: Sequence[int] = COUNTS) -> Part:
    """Return what a request costs with so many sessions, and what a session takes of memory."""
    async with stage() as here:
        before = await _store_bytes(here)
        members = await _members(here, counts[-1])
        stored = (await _store_bytes(here) - before) / counts[-1]
        before = resident_mib(here.pids[0])
        over_http = await _http(here, members, requests, repeats, counts)
        held = (over_http[-1].middle.resident_mib - before) * 1024 / counts[-1]
    async with stage() as here:
        members = await _members(here, counts[-1])
        over_channels = await _channels(here, members, requests, repeats, counts)
    figures = {"Redis: bytes a session": stored, "hub: KiB a session in use over HTTP": held}
    return Part(
        "sessions", "sessions, with 50 requests under way", [Series("HTTP", over_http), Series("channel", over_channels)], figures
    )


async def _members(here: Stage, count: int) -> list[Member]:
    """Log users in whose activity is not written down during the run: that depends on the time, and not on their number."""
    now = time.time()
    return await enrol(here.store, here.issuer, range(count), now, touched_at=now + 3600.0)


async def _http(here: Stage, members: Sequence[Member], requests: int, repeats: int, counts: Sequence[int]) -> list[Point]:
    loads = {count: await open_crowd(here.ports, here.url, PATH, members[:count], AT_ONCE) for count in counts}
    points = await interleaved({count: partial(_cost, here, load, requests) for count, load in loads.items()}, repeats)
    for load in loads.values():
        load.close()
    return points


async def _channels(here: Stage, members: Sequence[Member], requests: int, repeats: int, counts: Sequence[int]) -> list[Point]:
    points = []
    for count in counts:
        load = await open_channels(here.ports, here.url, PATH, members[:count], AT_ONCE if count < AT_ONCE else 1)
        everybody = max(requests, count)  # a round begins with the first channel
        points += await interleaved({count: partial(_cost, here, load, everybody)}, repeats)
        load.close()
    return points


async def _cost(here: Stage, load: Load, requests: int) -> Cost:
    return await cost_of(here, load, TurnsRound(requests=requests, at_once=AT_ONCE))


async def _store_bytes(here: Stage) -> int:
    return int((await here.commands.info("memory"))["used_memory"])
