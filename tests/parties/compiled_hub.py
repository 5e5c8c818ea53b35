"""The hub with its hot path as machine code, built and installed as docs/operating.md says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.parties.hub import PROJECT

SOURCES = {"setup.py", "pyproject.toml", "README.md", "hub"}  # of the package


class BuildError(Exception):
    """It cannot be built here; the message has the end of what the compiler said."""


def build(folder: Path) -> Path:
    """Build the hub from a copy of its sources below `folder`, unless that was done; return where it is installed.

    Raises:
        BuildError: For want of a C compiler, of the headers of Python, or of what has to be downloaded.
    """
    copy, target = folder / "source", folder / "compiled"
    if target.exists():
        return target
    shutil.copytree(PROJECT, copy, ignore=lambda at, names: set(names) - SOURCES if Path(at) == PROJECT else {"__pycache__"})
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(target), str(copy)]
    done = subprocess.run(command, env={**os.environ, "COMPILE_HUB": "1"}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return target
