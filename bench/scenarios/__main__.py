"""`python -m bench.scenarios [b1 b2 ...]`: what happens to pages and connections, with the hub and with its peers."""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from bench import machine
from bench.contest import missing
from bench.install import install_packages
from bench.loop import loop_factory
from bench.marks import rewritten
from bench.rounds import WrongAnswer
from bench.scenarios import ablations, beside, burst, idle, latency, outcome, stalled, upload
from bench.scenarios.outcome import Outcome
from bench.scenarios.setting import FULL_CONNECTIONS, Setting
from bench.systems.base import StartError

SCENARIOS: Mapping[str, Callable[[Setting], Awaitable[list[Outcome]]]] = {
    "b1": latency.one_at_a_time,
    "b2": latency.many,
    "b3": burst.burst,
    "b4": beside.beside_large,
    "b5": stalled.stalled_readers,
    "b6": idle.idle_connections,
    "b12": upload.upload,
    "b16": ablations.ablations,
}
PEERS = ("apache-memory", "nes", "express")
DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
KEPT = DOCS / "benchmarks" / "scenarios.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the scenarios that were asked for; return 0, or 1 if one could not be finished."""
    options = _parse(arguments)
    if not Path("/proc/self/stat").exists():
        sys.exit("The benchmark reads CPU times from /proc: it runs on Linux only.")
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            found, where = runner.run(_run(options))
    except (StartError, WrongAnswer, TimeoutError) as error:
        print(f"The benchmark could not be finished: {error or type(error).__name__}", file=sys.stderr)
        return 1
    if options.write_docs:
        write_docs(found, where)
    return 0


def write_docs(found: Sequence[Outcome], where: Mapping[str, object]) -> None:
    """Keep the figures, and put the tables into docs/benchmarks.md between their marks."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps(outcome.document(found, where), indent=1) + "\n", encoding="utf-8")
    page = DOCS / "benchmarks.md"
    page.write_text(rewritten(page.read_text(encoding="utf-8"), {"scenarios": outcome.tables(found)}), encoding="utf-8")


async def _run(options: argparse.Namespace) -> tuple[list[Outcome], dict[str, object]]:
    if options.with_peers:
        install_packages(missing(PEERS))
    found: list[Outcome] = []
    with machine.Cores.claimed() as cores:
        setting = Setting(
            cores, options.seconds, options.stall_seconds, options.idle_seconds, options.connections, options.with_peers
        )
        for name in options.scenarios or SCENARIOS:
            done = await SCENARIOS[name](setting)
            found += done
            print(outcome.tables(done), end="\n\n", flush=True)
        return found, machine.describe(cores)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.scenarios", description=__doc__)
    parser.add_argument("scenarios", nargs="*", choices=[[], *SCENARIOS], metavar="SCENARIO", help="default: all")
    parser.add_argument("--without-peers", dest="with_peers", action="store_false", help="the hub alone: nothing is installed")
    parser.add_argument("--seconds", type=float, default=3.0, help="of a load (default: %(default)s)")
    parser.add_argument("--stall-seconds", type=float, default=30.0, help="b5: nothing is read (default: %(default)s)")
    parser.add_argument("--idle-seconds", type=float, default=30.0, help="b6: nothing happens (default: %(default)s)")
    parser.add_argument("--connections", type=int, nargs="+", default=list(FULL_CONNECTIONS), help="b6 (default: %(default)s)")
    parser.add_argument("--write-docs", action="store_true", help="write figures and tables into docs/")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
