"""Runs rows of the matrix one after the other, and says how each ended."""

import asyncio
import sys
import time
import traceback
from collections.abc import Sequence

from conformance.angular.build import build
from conformance.angular.rows import ROWS, Row
from conformance.angular.stories import tell
from tests.scenarios.conftest import running_clinic


def main(arguments: Sequence[str]) -> int:
    """Run the rows that a command line asks for, print a table, and return the exit code."""
    rows = chosen(arguments)
    lines, failed = [], 0
    for row in rows:
        began = time.monotonic()
        passed = run(row)
        failed += not passed
        lines.append(f"{row.name:24} {time.monotonic() - began:8.0f}  {'passed' if passed else 'failed'}")
    print("", f"{'row':24} {'seconds':>8}  result", *lines, "", f"{len(rows) - failed} passed, {failed} failed", sep="\n")
    return 1 if failed else 0


def chosen(arguments: Sequence[str]) -> list[Row]:
    """Return the rows that a command line asks for: those that it names, those for CI with `--smoke`, or all.

    Raises:
        SystemExit: It names a row that there is not.
    """
    names = [argument for argument in arguments if argument != "--smoke"]
    if unknown := set(names) - {row.name for row in ROWS}:
        sys.exit(f"Unknown: {', '.join(sorted(unknown))}. There are: {', '.join(row.name for row in ROWS)}.")
    if names:
        return [row for row in ROWS if row.name in names]
    return [row for row in ROWS if row.is_smoke or "--smoke" not in arguments]


def run(row: Row) -> bool:
    """Compile and drive one application; print why it failed, if it did."""
    print(f"== {row.name}", flush=True)
    try:
        settings = {"HUB_STATIC_ROOT": str(build(row))}
        if row.policy:
            settings["HUB_STATIC_CONTENT_SECURITY_POLICY"] = row.policy
        asyncio.run(_drive(row, settings))
    except Exception:  # whatever it is, the other rows run too
        traceback.print_exc()
        return False
    return True


async def _drive(row: Row, settings: dict[str, str]) -> None:
    async with running_clinic(None, None, **settings) as clinic:
        await tell(clinic, row.story)
