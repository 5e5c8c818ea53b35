"""`python -m bench`: measure what one API call through the hub costs, print a table, write the figures if asked to.

Where the hub's packages are not installed, they are put into a virtual environment first, as `python run.py` does.
"""

import argparse
import asyncio
import importlib.util
import json
import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from run import NEEDED

if TYPE_CHECKING:
    from bench.cases import Case
    from bench.measure import Figures

REQUESTS = 5000  # some seconds of work for the hub: two orders of magnitude above the clock ticks
REPEATS = 3
PACKAGES = ("tornado", "aiohttp", "uvloop", "redis", "msgspec")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return 0, or 1 if it could not be finished."""
    options = _parse(arguments)
    if not Path("/proc/self/stat").exists():
        sys.exit("The benchmark reads CPU times from /proc: it runs on Linux only.")
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        import bootstrap

        bootstrap.enter(".venv", "--editable", ".")
    from bench import report
    from bench.loop import loop_factory
    from bench.parties import StartError
    from bench.rounds import WrongAnswer

    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            found, machine = runner.run(_measure(options.requests, options.repeats))
    except (StartError, WrongAnswer, TimeoutError) as error:
        print(f"The benchmark could not be finished: {error or type(error).__name__}", file=sys.stderr)
        return 1
    print("{cores} cores, Python {python}, pinned: {pinned}".format(**machine))
    print(report.table(found))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(report.document(found, machine), indent=2) + "\n", encoding="utf-8")
    return 0


async def _measure(requests: int, repeats: int) -> tuple[dict["Case", list["Figures"]], dict[str, Any]]:
    from bench.cases import measure_all
    from bench.parties import start

    async with start() as parties:
        found = await measure_all(parties, requests, repeats, lambda line: print(line, file=sys.stderr, flush=True))
        return found, _machine(requests, repeats, is_pinned=parties.cores.pair is not None)


def _machine(requests: int, repeats: int, *, is_pinned: bool) -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "pinned": is_pinned,
        "requests": requests,
        "repeats": repeats,
        "packages": {name: version(name) for name in PACKAGES if importlib.util.find_spec(name)},
    }


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what one API call through the hub costs.")
    parser.add_argument("--requests", type=_count, default=REQUESTS, help="requests of a round (default: %(default)s)")
    parser.add_argument("--repeats", type=_count, default=REPEATS, help="rounds of each case (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures, such as to bench/results/latest.json")
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
