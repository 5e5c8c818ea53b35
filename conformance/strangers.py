"""`python3 -m conformance.strangers`: installs the web servers and browsers of others, and runs the tests that need them.

Runs as root on Debian. `python3 -m tests` leaves out a server or a browser that the machine does not have; here it is missing
only if it cannot be installed, and then the exit code is 2.
"""

import subprocess
import sys

import bootstrap

PACKAGES = ("nginx-light", "haproxy", "firefox-esr", "webkit2gtk-driver", "xvfb", "xauth")
TESTS = (
    "tests/web/test_foreign_content.py",
    "tests/web/test_service_worker.py",
    "tests/scenarios/test_paths_behind_fronts.py",
    "tests/bench/test_abuse.py",
)


def main() -> int:
    """Install what is missing, run the tests, and return the exit code."""
    from bench.install import install_packages
    from bench.systems.base import StartError

    try:
        install_packages(PACKAGES)
    except StartError as error:
        print(error, file=sys.stderr)
        return 2
    if absent := missing():
        print(f"Installed, but not found: {', '.join(absent)}.", file=sys.stderr)
        return 2
    return subprocess.call([sys.executable, "-m", "pytest", "-q", *TESTS])


def missing() -> list[str]:
    """Return the servers and browsers that the tests would leave out."""
    from bench.abuse.fronts import FRONTS, installed
    from tests.parties.any_browser import BROWSERS

    return [name for name in (*FRONTS, "firefox", "webkit") if name not in {*installed(), *BROWSERS}]


if __name__ == "__main__":
    bootstrap.enter(".venv-tests", "--requirement", "requirements-dev.txt")
    sys.exit(main())
