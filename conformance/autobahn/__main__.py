"""`python3 -m conformance.autobahn [--smoke] [CASE ...]`: the Autobahn suite against the hub's WebSockets and plain Tornado.

Runs as root on Debian: the suite needs Python 2.7, and gets it in a Debian 11 below `build/autobahn`, made at the first run.
`6.*` chooses some cases, `--smoke` a few of each group. The exit code is 1 if the hub's own listener fails in any case, or the
hub on Tornado's server in one in which plain Tornado does not.
"""

import sys

import bootstrap
from conformance.autobahn import debian, report, suite

ROOT = suite.PROJECT / "build" / "autobahn" / "debian"
SMOKE = ["1.1.*", "1.2.*", "2.*", "3.*", "4.1.*", "5.*", "6.1.*", "6.2.*", "6.4.*", "7.*", "9.1.1", "9.2.1", "10.*"]


def main(arguments: list[str]) -> int:
    """Run the suite, print the comparison and return the exit code."""
    cases = SMOKE if arguments == ["--smoke"] else arguments or ["*"]
    try:
        program = debian.provide(ROOT, "wstest", "autobahntestsuite")
        with suite.echo_servers() as urls:
            results = suite.run(ROOT, program, urls, cases)
    except (debian.DebianError, suite.SuiteError) as error:
        print(error, file=sys.stderr)
        return 2
    if set(results) != set(suite.SERVERS):
        print("The suite did not reach all servers.", file=sys.stderr)
        return 2
    print(*report.table(results), sep="\n")
    failures = report.failures(results)
    print("", *failures or ["No failure but those of plain Tornado, on Tornado's server."], sep="\n")
    return 1 if failures else 0


if __name__ == "__main__":
    bootstrap.enter(".venv-tests", "--requirement", "requirements-dev.txt")
    sys.exit(main(sys.argv[1:]))
