"""`python -m bench.guard`: count what one request of each front door makes the hub do; print it as JSON.

`tests/bench/test_guard.py` holds that against bounds. With `--calls` the functions that are called most often follow.
With `--cpu` the CPU time of a request is compared with that of a bare proxy as well; the exit code is 1 if it is more than its
bound allows. CPU times say something on a quiet machine only, so that they are no part of the tests.
"""

import argparse
import asyncio
import sys
import time
from statistics import median

from bench.ground.stage import command_counts, growth_of
from bench.guard.counting import CountingLoop, Profile
from bench.guard.doors import Open, doors
from bench.guard.house import House, as_text, house
from bench.rounds import Round

WARM_UP = 100
COUNTED = 300
TIMED, REPEATS = 300, 7
CPU_BOUNDS = {"http": 0.4, "channel": 0.33}
"""The CPU time that a request may take, as a multiple of the bare proxy's: what was measured, and a third of it to spare."""


async def counted(there: House, opening: Open) -> tuple[dict[str, float], Profile]:
    """Return what one request costs, one at a time on one connection."""
    load = await opening(1)
    await load.run(Round(requests=WARM_UP))
    loop = asyncio.get_running_loop()
    assert isinstance(loop, CountingLoop)
    store = await command_counts(there.commands)
    loop.counts.clear()
    with loop.standing_still(), Profile() as profile:
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


async def guard(*, with_calls: bool, with_cpu: bool) -> dict[str, dict[str, float]]:
    """Return all figures."""
    async with house() as there:
        openings = doors(there)
        found: dict[str, dict[str, float]] = {}
        for name in ("http", "channel"):
            found[name], profile = await counted(there, openings[name])
            if with_calls:
                print(name, *profile.dearest(60), *profile.json.items(), sep="\n  ", file=sys.stderr)
        if with_cpu:
            found["cpu_ratio"] = await cpu_ratios(openings)
        return found


def main() -> int:
    """Read the command line, count, print; return an exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.guard", description=__doc__)
    parser.add_argument("--calls", action="store_true", help="print what is called most often, to standard error")
    parser.add_argument("--cpu", action="store_true", help="compare CPU times as well; the machine has to be quiet")
    parsed = parser.parse_args()
    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        found = runner.run(guard(with_calls=parsed.calls, with_cpu=parsed.cpu))
    print(as_text(found))
    return int(any(ratio > CPU_BOUNDS[door] for door, ratio in found.get("cpu_ratio", {}).items()))


if __name__ == "__main__":
    sys.exit(main())
