"""`python -m tests`: sets up everything that the tests need, then runs style, types and tests. Arguments go to pytest."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
ALL = ["-n", "2", "--dist", "worksteal", "-q"]  # else one process would be left alone with the slow tests, which stand together
CHECKS = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"])


def main() -> int:
    """Return 0 if all is well, else the exit code of the first check that is not."""
    sys.path.insert(0, str(HERE))
    import bootstrap

    bootstrap.enter(".venv-tests", "--requirement", "requirements-dev.txt")
    binaries = Path(sys.prefix, "bin")
    os.environ["PATH"] = f"{binaries}{os.pathsep}{os.environ['PATH']}"  # Node.js is in there too
    arguments = sys.argv[1:]
    if not arguments:
        for check in CHECKS:
            print("$", *check, flush=True)
            if code := subprocess.call(["python", "-m", *check], cwd=HERE):
                return code
    return subprocess.call(["python", "-m", "pytest", *(arguments or ALL)], cwd=HERE)


if __name__ == "__main__":
    sys.exit(main())
