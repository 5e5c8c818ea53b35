"""`python3 -m conformance.contract [--write]`: compares HttpClient over the hub with Angular's own backends, in every browser.

Installs Firefox and WebKitGTK (as root on Debian), runs `tests/contract` in them and in Chromium, and prints each behavior by
transport and browser. With `--write` the table goes into docs/http-client-contract.md. The exit code is that of the tests.
"""

import datetime
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import bootstrap

PROJECT = Path(__file__).resolve().parent.parent
DOCUMENT = PROJECT / "docs" / "http-client-contract.md"
PACKAGES = ("firefox-esr", "webkit2gtk-driver", "xvfb", "xauth")
BROWSERS = ("chromium", "firefox", "webkit")
MARK = "<!-- table -->"


def main(arguments: Sequence[str]) -> int:
    """Run, print or write the table, and return the exit code."""
    from bench.install import install_packages
    from bench.systems.base import StartError

    try:
        install_packages(PACKAGES)
    except StartError as error:
        print(error, file=sys.stderr)
        return 2
    if absent := sorted(set(BROWSERS) - set(available())):
        print(f"Installed, but not found: {', '.join(absent)}.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "HUB_TESTS_BROWSERS": ",".join(BROWSERS), "HUB_TESTS_CONTRACT": folder}
        code = subprocess.call([sys.executable, "-m", "pytest", "-q", "tests/contract"], cwd=PROJECT, env=environment)
        observed = {path.stem: json.loads(path.read_text()) for path in Path(folder).glob("*.json")}
    table = "\n".join(as_table(observed))
    print(table)
    if "--write" in arguments and code == 0:
        versions = f"Observed on {datetime.date.today():%Y-%m-%d} with {', '.join(sorted(observed))} and {angular()}."
        head = DOCUMENT.read_text(encoding="utf-8").split(MARK)[0]
        DOCUMENT.write_text(f"{head}{MARK}\n{versions}\n\n{table}\n", encoding="utf-8")
    return code


def available() -> list[str]:
    """Return the browsers that the machine has."""
    from tests.parties.any_browser import BROWSERS as found

    return found


def angular() -> str:
    """Return the version of Angular."""
    packages = json.loads((PROJECT / "client" / "package.json").read_text(encoding="utf-8"))
    return f"Angular {packages['dependencies']['@angular/common']}"


def as_table(observed: Mapping[str, Sequence[Mapping[str, object]]]) -> list[str]:
    """Return a table for each area, in Markdown: behavior, then what differs, by browser and transport.

    Parameters:
        observed: Rows as dictionaries, by browser.
    """
    from tests.contract.comparison import TRANSPORTS, Row

    by_browser = {browser: [Row(**row) for row in rows] for browser, rows in sorted(observed.items())}  # type: ignore[arg-type]
    columns = [(browser, transport) for browser in by_browser for transport in TRANSPORTS]
    lines: list[str] = []
    area = ""
    for together in zip(*by_browser.values(), strict=True):
        if together[0].area != area:
            area = together[0].area
            names = " | ".join(f"{browser}, {transport}" for browser, transport in columns)
            lines += ["", f"### {area}", "", f"| behavior | | {names} |", "|---|---|" + "---|" * len(columns)]
        cells = [_cell(row, transport) for row in together for transport in TRANSPORTS]
        lines.append(f"| `{together[0].id}` | {together[0].title.replace('|', '&#124;')} | {' | '.join(cells)} |")
    return lines[1:]


def _cell(row: object, transport: str) -> str:
    from tests.contract.comparison import Row

    assert isinstance(row, Row)
    return ", ".join(sorted(row.differences(transport))) or "same"


if __name__ == "__main__":
    bootstrap.enter(".venv-tests", "--requirement", "requirements-dev.txt")
    sys.exit(main(sys.argv[1:]))
