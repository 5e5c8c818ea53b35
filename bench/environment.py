"""Where the packages of the benchmarks come from: a virtual environment, if one is missing here; as with `python run.py`."""

import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path

from run import NEEDED

HUBS = frozenset({"hub", "hub-compiled"})  # the systems that can be measured without the peers' packages


def enter(*besides: str) -> None:
    """Return where everything is installed that the hub needs, and these packages; else go on where it is.

    Exits where the system does not say what a process uses.
    """
    _enter(besides, ".venv-scaling", "--editable", ".", "matplotlib")


def enter_with_peers(*besides: str) -> None:
    """Do the same in the environment of the comparison, which has Node.js too."""
    _enter(besides, ".venv-bench", "--requirement", "bench/requirements.txt")


def _enter(besides: Iterable[str], folder: str, *packages: str) -> None:
    if not Path("/proc/self/stat").exists():
        sys.exit("The benchmark reads what processes use from /proc and from their clocks: it runs on Linux only.")
    if any(importlib.util.find_spec(name) is None for name in (*NEEDED, *besides)):
        import bootstrap

        bootstrap.enter(folder, *packages)
