"""`python -m bench.growth [parts]`: what a request costs as connections, sessions, requests in flight and routes grow.

Prints a table for each part, and writes its figures and a plot into a folder.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench import environment

if TYPE_CHECKING:
    from bench.growth.cost import Part

PARTS = ("connections", "sessions", "in_flight", "routes")
RESULTS = Path("bench/results")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the parts that were asked for."""
    options = _parse(arguments)
    environment.enter("matplotlib")
    from bench.ground.results import keep
    from bench.growth import plots
    from bench.growth.table import table
    from bench.loop import loop_factory

    measures = _measures(options)
    for name in options.parts or PARTS:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            part = runner.run(measures[name]())
        print(table(part), flush=True)
        keep(options.results, f"growth-{name}", part.as_json())
        plots.draw(part, options.results / f"growth-{name}.svg")


def _measures(options: argparse.Namespace) -> dict[str, Callable[[], Awaitable["Part"]]]:
    from bench.growth import connections, in_flight, routes, sessions

    requests, repeats = options.requests, options.repeats
    return {
        "connections": lambda: connections.measure(requests, repeats, options.idle_seconds),
        "sessions": lambda: sessions.measure(requests, repeats),
        "in_flight": lambda: in_flight.measure(min(requests / in_flight.RATE, in_flight.SECONDS), repeats),
        "routes": lambda: routes.measure(requests, repeats),
    }


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all if none is named")
    parser.add_argument("--requests", type=int, default=3000, help="requests of a round (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="rounds of each number (default: %(default)s)")
    parser.add_argument("--idle-seconds", type=float, default=30.0, help="how long idle connections are watched")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for figures and plots (default: %(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
