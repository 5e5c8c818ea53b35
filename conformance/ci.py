"""`python3 -m conformance.ci smoke|full [NAME ...]`: runs what CI runs, each command against its budget of time.

Standard library only: it runs on a fresh clone, and the commands install what they need. All commands run, also after one has
failed; the exit code is that of the first one that failed. NAMEs choose some commands.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
CANNOT_RUN = 127  # as shells say it
BUDGET_MINUTES = 45  # for all commands of `smoke`, on two quiet cores


@dataclass(frozen=True, slots=True)
class Command:
    """A command of CI.

    Attributes:
        arguments: Of the Python that runs this.
        minutes: How long it may take on two quiet cores.
    """

    name: str
    arguments: tuple[str, ...]
    minutes: float


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended."""

    command: Command
    code: int
    seconds: float

    @property
    def verdict(self) -> str:
        """Say how it ended, and whether it took longer than it may."""
        said = "passed" if self.code == 0 else f"failed ({self.code})"
        return f"{said}, over budget" if self.seconds > self.command.minutes * 60 else said


COVERED = (
    *("channel", "config", "gateway", "idempotency", "iris", "login"),
    *("oidc", "primitives", "session", "tokens", "topics", "upstream"),
)
"""Packages of the hub whose coverage by their own tests is measured; pyproject.toml has the floor."""

COVERAGE = ("-q", "-n", "2", "--hypothesis-profile=coverage", "--cov", "--cov-report=term")

SMOKE = (
    Command("default tests", ("-m", "tests"), 15),
    Command("coverage", ("-m", "tests", *COVERAGE, *(f"tests/{name}" for name in COVERED)), 3),
    Command("fuzz", ("-m", "fuzz", "all", "25"), 3),
    Command("autobahn smoke", ("-m", "conformance.autobahn", "--smoke"), 6),  # with its Debian, which the first run makes
    Command("fronts and browsers", ("-m", "conformance.strangers"), 4),
    Command("angular smoke", ("-m", "conformance.angular", "--smoke"), 6),  # with the packages of each row, at the first run
)
FULL = (
    *SMOKE,
    Command("autobahn", ("-m", "conformance.autobahn"), 15),
    Command("angular", ("-m", "conformance.angular"), 12),
    Command("HttpClient in browsers", ("-m", "conformance.contract"), 4),
    Command("mixed fleets", ("-m", "tests", "-q", "-m", "matrix", "tests/scenarios/test_mixed_fleet.py"), 8),
    Command("mutation sample", ("-m", "mutation", "--minutes", "30"), 32),
)
SETS = {"smoke": SMOKE, "full": FULL}


def run(commands: Sequence[Command], call: Callable[[Sequence[str]], int], now: Callable[[], float]) -> list[Result]:
    """Run every command, and say each before it begins.

    Parameters:
        call: Runs a command line; returns its exit code.
        now: A clock, in seconds.
    """
    results = []
    for command in commands:
        line = [sys.executable, *command.arguments]
        print(f"\n== {command.name}: python3 {' '.join(command.arguments)}", flush=True)
        began = now()
        try:
            code = call(line)
        except OSError as error:
            print(error, flush=True)
            code = CANNOT_RUN
        results.append(Result(command, code, now() - began))
    return results


def table(results: Sequence[Result]) -> list[str]:
    """Return the lines that close the run: a table, and how many commands passed and failed."""
    lines = ["", f"{'command':24} {'seconds':>8} {'budget':>9}  result"]
    lines += [
        f"{result.command.name:24} {result.seconds:8.0f} {result.command.minutes:5g} min  {result.verdict}" for result in results
    ]
    lines.append(f"{'together':24} {sum(result.seconds for result in results):8.0f} {BUDGET_MINUTES:5g} min")
    failed = sum(result.code != 0 for result in results)
    return [*lines, "", f"{len(results) - failed} passed, {failed} failed"]


def exit_code(results: Sequence[Result]) -> int:
    """Return the exit code of the first command that failed; 0: all passed."""
    return next((result.code for result in results if result.code != 0), 0)


def chosen(arguments: Sequence[str]) -> tuple[Command, ...]:
    """Return the commands that a command line asks for.

    Raises:
        SystemExit: It asks for what there is not.
    """
    if not arguments or arguments[0] not in SETS:
        sys.exit(__doc__)
    commands = SETS[arguments[0]]
    if unknown := set(arguments[1:]) - {command.name for command in commands}:
        sys.exit(f"Unknown: {', '.join(sorted(unknown))}. There are: {', '.join(command.name for command in commands)}.")
    return tuple(command for command in commands if not arguments[1:] or command.name in arguments[1:])


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for; return an exit code."""
    commands = chosen(arguments)
    results = run(commands, lambda line: subprocess.call(line, cwd=PROJECT), time.monotonic)
    print(*table(results), sep="\n", flush=True)
    return exit_code(results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
