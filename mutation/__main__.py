"""`python3 -m mutation`: mutation tests of the hub. `--help` names the options, docs/testing.md explains the result."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def enter() -> None:
    """Go on in the environment of the tests, made if it is missing."""
    sys.path.insert(0, str(ROOT))
    import bootstrap

    bootstrap.enter(".venv-tests", "--requirement", "requirements-dev.txt")
    os.environ["PATH"] = f"{Path(sys.prefix, 'bin')}{os.pathsep}{os.environ['PATH']}"


if __name__ == "__main__":
    enter()
    from mutation.command import main

    sys.exit(main(sys.argv[1:]))
