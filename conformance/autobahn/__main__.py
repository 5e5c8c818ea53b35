"""`python -m conformance.autobahn [CASE ...]`: the Autobahn suite against the hub's WebSocket protocol and plain Tornado.

Needs Python 2.7 as `python2.7`. Works in `build/autobahn`, where the reports stay. All cases take two minutes; `6.*`
chooses some. The exit code is 1 if the hub fails where Tornado does not, or in any case of groups 2 to 7.
"""

import sys

from conformance.autobahn import report, suite

FOLDER = suite.PROJECT / "build" / "autobahn"


def main(cases: list[str]) -> int:
    """Run the suite, print the comparison and return the exit code."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        program = suite.install(FOLDER)
        with suite.echo_servers() as urls:
            results = suite.run(program, urls, FOLDER, cases or ["*"])
    except suite.SuiteError as error:
        print(error, file=sys.stderr)
        return 2
    if set(results) != set(suite.SERVERS):
        print("The suite did not reach both servers.", file=sys.stderr)
        return 2
    print(*report.table(results), sep="\n")
    failures = report.failures(results)
    print(f"\nThe hub fails: {', '.join(failures)}" if failures else "\nThe hub fails nowhere that it should not.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
