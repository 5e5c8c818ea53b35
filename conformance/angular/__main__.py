"""`python3 -m conformance.angular [--smoke] [ROW ...]`: applications of many Angular versions, driven behind the hub.

Each row (`conformance/angular/rows.py`) installs the locked packages of its workspace, compiles its application ahead of time and
drives it in Chromium as its story says. `--smoke` takes the rows for which CI has time. The exit code is 1 if a row fails.
"""

import sys

import bootstrap

if __name__ == "__main__":
    bootstrap.enter(".venv-tests", "--requirement", "requirements-dev.txt")
    from conformance.angular.matrix import main

    sys.exit(main(sys.argv[1:]))
