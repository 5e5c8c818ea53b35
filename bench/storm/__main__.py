"""`python -m bench.storm refresh` or `reconnect`: what happens when all do the same at once."""

import argparse
import asyncio
from pathlib import Path

from bench import environment
from bench.ground.results import keep, markdown
from bench.loop import loop_factory


def main() -> None:
    """Raise the storm that was asked for."""
    options = _parse()
    environment.enter("matplotlib")
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_refresh(options) if options.storm == "refresh" else _reconnect(options))


async def _refresh(options: argparse.Namespace) -> None:
    from bench.storm import plot, refresh

    found = await refresh.storm(options.sessions, options.within_seconds, options.rate)
    print(markdown(("refresh storm", ""), refresh.rows(found)), flush=True)
    keep(options.results, "storm-refresh", refresh.as_json(found))
    plot.draw(found, options.results / "storm-refresh.svg")


async def _reconnect(options: argparse.Namespace) -> None:
    from bench.storm import reconnect

    found = [await reconnect.storm(case, options.channels, options.rate) for case in reconnect.CASES]
    print(markdown(("reconnect storm", *reconnect.CASES), reconnect.rows(found)), flush=True)
    keep(options.results, "storm-reconnect", reconnect.as_json(found))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.storm", description=__doc__)
    parser.add_argument("storm", choices=["refresh", "reconnect"])
    parser.add_argument("--sessions", type=int, default=10_000, help="refresh: sessions (default: %(default)s)")
    parser.add_argument(
        "--within-seconds", type=float, default=60.0, help="refresh: all tokens expire within (default: %(default)s)"
    )
    parser.add_argument(
        "--channels", type=int, default=2000, help="reconnect: channels of the node that goes (default: %(default)s)"
    )
    parser.add_argument("--rate", type=int, default=100, help="requests a second meanwhile (default: %(default)s)")
    parser.add_argument("--results", type=Path, default=Path("bench/results"), help="folder for figures (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
