"""Locked npm packages, installed once with the Node of the Python environment."""

import os
import subprocess
import sys
from pathlib import Path

from tests.parties.exclusive import exclusive

BIN = Path(sys.executable).parent  # not resolved: the links of a virtual environment lead out of it


def environment() -> dict[str, str]:
    """Return the environment in which node and npm are those of the Python environment."""
    return {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}", "NO_UPDATE_NOTIFIER": "1"}


def install(folder: Path, *then: str) -> None:
    """Install what the lock file in `folder` names, once, however many test processes ask for it at the same time.

    Parameters:
        then: A command that completes the installation, run in `folder`.
    """
    lock_file = folder / "package-lock.json"
    marker = folder / "node_modules" / ".installed"
    with exclusive(folder):
        if marker.exists() and marker.read_bytes() == lock_file.read_bytes():
            return
        _run(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        if then:
            _run(folder, *then)
        marker.write_bytes(lock_file.read_bytes())


def _run(folder: Path, *command: str) -> None:
    result = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
