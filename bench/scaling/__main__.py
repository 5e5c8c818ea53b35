"""`python -m bench.scaling`: what users ask of Redis, by formula and by simulation; and the tables of docs/scaling.md.

simulate    count each kind of work alone, then all together, and compare with the formulas (three minutes)
keep        copy what the benchmarks have found from bench/results to docs/benchmarks
write       write the tables of docs/scaling.md anew from docs/benchmarks
"""

import argparse
import asyncio
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from bench import environment
from bench.ground.results import keep, markdown
from bench.loop import loop_factory

RESULTS, KEPT, DOCUMENT = Path("bench/results"), Path("docs/benchmarks"), Path("docs/scaling.md")
EVERYTHING = (
    ("bench.growth",),
    ("bench.storm", "refresh"),
    ("bench.storm", "reconnect"),
    ("bench.scaling", "simulate"),
    ("bench.scaling", "keep"),
    ("bench.scaling", "write"),
)


def main() -> None:
    """Do what was asked for."""
    options = _parse()
    environment.enter()
    if options.what == "simulate":
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_simulate(options))
    elif options.what == "all":
        for command in EVERYTHING:
            subprocess.run([sys.executable, "-m", *command], check=True)
    elif options.what == "keep":
        _keep()
    else:
        _write()


async def _simulate(options: argparse.Namespace) -> None:
    from bench.scaling.check import compared, trusted_seconds
    from bench.scaling.kinds import count_kinds
    from bench.scaling.together import SAMPLE, live_together

    costs = await count_kinds()
    found = await live_together(SAMPLE, options.seconds)
    document = compared(SAMPLE, costs, found, trusted_seconds())
    print(
        markdown(
            ("kind", "round trips", "commands"),
            [(name, f"{cost.round_trips:.2f}", f"{cost.commands:.2f}") for name, cost in costs.items()],
        )
    )
    print(markdown(("a second", "formula", "counted", "difference"), document["rows"]))
    keep(options.results, "scaling", {**document, "inputs": asdict(SAMPLE)})


def _write() -> None:
    from bench.scaling.document import rewritten

    DOCUMENT.write_text(rewritten(DOCUMENT.read_text(encoding="utf-8"), KEPT), encoding="utf-8")


def _keep() -> None:
    KEPT.mkdir(exist_ok=True)
    for file in sorted([*RESULTS.glob("growth-*"), *RESULTS.glob("storm-*"), *RESULTS.glob("scaling.json")]):
        (KEPT / file.name).write_bytes(file.read_bytes())
        print(f"{KEPT / file.name}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.scaling", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["simulate", "keep", "write", "all"], nargs="?", default="write")
    parser.add_argument("--seconds", type=float, default=60.0, help="simulate: how long all happens together")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for figures (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
