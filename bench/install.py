"""Installs the peers from their registries. Debian's packages need root; npm's go into a folder beside their lock file."""

import os
import subprocess
from collections.abc import Sequence

from bench.systems.base import StartError
from bench.systems.process import find_program

QUIET = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # no questions, and no service is started


def install_packages(packages: Sequence[str]) -> None:
    """Install packages of Debian.

    Raises:
        StartError: They cannot be installed here; the message says what to do.
    """
    if not packages:
        return
    program = find_program("apt-get")
    if program is None or os.geteuid() != 0:
        raise StartError(f"These have to be installed first: {' '.join(packages)}. Or leave their systems out with --systems.")
    print(f"Installing {' '.join(packages)}...", flush=True)
    for command in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *packages]):
        done = subprocess.run([program, *command], env={**os.environ, **QUIET}, capture_output=True, text=True, check=False)
        if done.returncode:
            raise StartError(f"apt-get {command[0]} failed: {done.stderr[-2000:]}")
