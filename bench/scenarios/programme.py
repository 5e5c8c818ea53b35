"""Runs the scenarios that were asked for, prints their tables, and keeps them if told to."""

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
from bench.scenarios.setting import Setting
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


def main(options: argparse.Namespace) -> int:
    """Run the scenarios; return 0, or 1 if one could not be finished."""
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
