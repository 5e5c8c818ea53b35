"""Findings of the doctor, and their output as lines and JSON. Pure. Findings contain no secrets."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["ok", "warning", "failure", "skipped"]

MARKS: dict[Level, str] = {"ok": "ok     ", "warning": "WARNING", "failure": "FAILURE", "skipped": "skipped"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        check: Name of the check, for programs.
        about: What was checked: a setting or an address.
        level: `failure`: users cannot work, or are not safe. `warning`: it works, but should be improved. `skipped`: not checked.
        message: What the check found.
        advice: What to do; empty if there is nothing to do.
    """

    check: str
    about: str
    level: Level
    message: str
    advice: str = ""


def ok(check: str, about: str, message: str) -> Finding:
    """Return a finding without a problem."""
    return Finding(check, about, "ok", message)


def warning(check: str, about: str, message: str, advice: str) -> Finding:
    """Return a finding that should be improved."""
    return Finding(check, about, "warning", message, advice)


def failure(check: str, about: str, message: str, advice: str) -> Finding:
    """Return a finding that must be fixed."""
    return Finding(check, about, "failure", message, advice)


def skipped(check: str, about: str, message: str, advice: str = "") -> Finding:
    """Return why a check was skipped."""
    return Finding(check, about, "skipped", message, advice)


def is_well(findings: Iterable[Finding]) -> bool:
    """Return whether there is no failure."""
    return all(finding.level != "failure" for finding in findings)


def as_lines(findings: Sequence[Finding]) -> list[str]:
    """Return the findings for people: one line each, with the advice below it."""
    lines = []
    for finding in findings:
        lines.append(f"{MARKS[finding.level]}  {finding.check:<22} {finding.about}: {finding.message}")
        if finding.advice:
            lines.append(f"{'':9}-> {finding.advice}")
    counts = {level: sum(finding.level == level for finding in findings) for level in MARKS}
    lines.append(f"{counts['failure']} failures, {counts['warning']} warnings, {counts['ok']} ok, {counts['skipped']} skipped.")
    return lines


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the findings as a JSON object for programs."""
    return {"ok": is_well(findings), "findings": [asdict(finding) for finding in findings]}
