"""Output of all commands. Text of providers, APIs and browsers is shown, and cannot act on the terminal."""

import json
import sys
from collections.abc import Iterable
from typing import Any

from hub.config.settings import SettingsError
from hub.telemetry.log import visible


def write_lines(lines: Iterable[str]) -> None:
    """Write lines to standard output."""
    sys.stdout.write("".join(f"{visible(line)}\n" for line in lines))


def write_json(value: Any) -> None:
    """Write a value as JSON to standard output."""
    write_lines(json.dumps(value, indent=2).split("\n"))


def complain(headline: str, *lines: str) -> None:
    """Write lines to standard error, all but the first one indented."""
    sys.stderr.write("\n  ".join(map(visible, [headline, *lines])) + "\n")


def fail(code: int, headline: str, *lines: str) -> int:
    """Write why a command fails to standard error, and return the exit code."""
    complain(headline, *lines)
    return code


def lines_of(error: SettingsError) -> list[str]:
    """Return the mistakes in settings. Lines to paste into the settings stand on lines of their own."""
    return [line for mistake in error.mistakes for line in mistake.split("\n")]
