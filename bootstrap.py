"""Gives the hub an environment of its own on a fresh machine: a virtual environment beside this file, filled with pip.

Standard library only: it runs before anything is installed.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
MINIMUM = (3, 11)


def enter(name: str, *requirements: str) -> None:
    """Go on in the virtual environment `name`, made and filled if it is missing or out of date; return once inside it.

    Parameters:
        requirements: Arguments for `pip install`, relative to this folder; their files decide what is out of date.
    """
    if sys.version_info < MINIMUM:
        sys.exit(f"Python {MINIMUM[0]}.{MINIMUM[1]} or newer is needed; this is {sys.version.split()[0]}.")
    folder = HERE / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if Path(sys.prefix) == folder:
        return
    stamp, wanted = folder / "installed", _fingerprint(requirements)
    if not python.exists() or not stamp.exists() or stamp.read_text() != wanted:
        print(f"Installing what is needed into {name} (once)...", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
        if (code := subprocess.call(command, cwd=HERE)) != 0:
            sys.exit(f"pip could not install the requirements (exit code {code}); its message stands above.")
        stamp.write_text(wanted)
    os.execv(python, [str(python), *sys.orig_argv[1:]])


def _fingerprint(requirements: tuple[str, ...]) -> str:
    """Return a digest of the interpreter and of every file that says what to install."""
    digest = hashlib.sha256(f"{sys.version} {requirements}".encode())
    for file in ("setup.py", "pyproject.toml", "requirements-dev.txt", "bench/requirements.txt"):
        digest.update((HERE / file).read_bytes())
    return digest.hexdigest()
