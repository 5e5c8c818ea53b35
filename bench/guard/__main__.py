"""`python -m bench.guard`: count what one request of each front door makes the hub do; print it as JSON.

`tests/bench/test_guard.py` holds that against bounds. With `--calls` the functions that are called most often follow.
"""

import argparse
import asyncio
import sys
import time
from statistics import median
from typing import Any

from bench.ground.stage import command_counts, growth_of
from bench.guard.counting import CountingLoop, Profile
from bench.guard.doors import Open, doors
from bench.guard.house import House, as_text, house
from bench.rounds import Round

WARM_UP = 100
COUNTED = 300
TIMED, REPEATS = 300, 7


async def counted(there: House, opening: Open) -> tuple[dict[str, float], Profile]:
    """Return what one request costs, one at a time on one connection."""
    load = await opening(1)
    await load.run(Round(requests=WARM_UP))
    loop = asyncio.get_running_loop()
    assert isinstance(loop, CountingLoop)
    store = await command_counts(there.commands)
    loop.counts.clear()
    with Profile() as profile:
        await load.run(Round(requests=COUNTED))
    found = {name: loop.counts[name] / COUNTED for name in ("tasks", "callbacks", "timers")}
    asked = sum(growth_of(store, await command_counts(there.commands)).values())
    load.close()
    totals = {"python_calls": profile.calls.total(), "json": profile.json.total(), "redis_commands": asked}
    return {**found, **{name: total / COUNTED for name, total in totals.items()}}, profile


async def cpu_ratios(openings: dict[str, Open]) -> dict[str, float]:
    """Return the CPU time of a request through each door as a multiple of that of the bare proxy, which is called `reference`.

    That of the load, which runs in this process too, is taken off: it is what a direct call costs here.
    """
    loads = {name: await opening(10) for name, opening in openings.items()}
    seconds: dict[str, list[float]] = {name: [] for name in loads}
    for repetition in range(1 + REPEATS):
        for name, load in loads.items():
            began = time.process_time()
            await load.run(Round(requests=TIMED))
            if repetition:
                seconds[name].append(time.process_time() - began)
    for load in loads.values():
        load.close()
    own = {name: median(each) for name, each in seconds.items()}
    reference = own["reference"] - own["direct"]
    return {name: (own[name] - own["direct"]) / reference for name in own if name not in ("reference", "direct")}


async def guard(*, with_calls: bool) -> dict[str, Any]:
    """Return all figures."""
    async with house() as there:
        openings = doors(there)
        found: dict[str, Any] = {}
        for name in ("http", "channel"):
            found[name], profile = await counted(there, openings[name])
            if with_calls:
                print(name, *profile.dearest(60), *profile.json.items(), sep="\n  ", file=sys.stderr)
        found["cpu_ratio"] = await cpu_ratios(openings)
        return found


def main() -> None:
    """Read the command line, count, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.guard", description=__doc__)
    parser.add_argument("--calls", action="store_true", help="print what is called most often, to standard error")
    parsed = parser.parse_args()
    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        print(as_text(runner.run(guard(with_calls=parsed.calls))))


if __name__ == "__main__":
    main()
