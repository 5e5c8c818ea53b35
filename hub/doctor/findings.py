"""What the doctor says. Pure. Nothing in it is a secret: names, addresses without queries, and advice."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["ok", "warning", "failure", "skipped"]

MARKS: dict[Level, str] = {"ok": "ok     ", "warning": "WARNING", "failure": "FAILURE", "skipped": "skipped"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check.

    Attributes:
        check: Its name, by which programs know it.
        about: What was looked at: a setting, or an address.
        level: `failure`: users will not be able to work, or are not safe. `warning`: it works, and could be better.
        message: What was seen.
        advice: What to do about it; empty if there is nothing to do.
    """

    check: str
    about: str
    level: Level
    message: str
    advice: str = ""


def ok(check: str, about: str, message: str) -> Finding:
    """Return that all is well."""
    return Finding(check, about, "ok", message)


def warning(check: str, about: str, message: str, advice: str) -> Finding:
    """Return what could be better."""
    return Finding(check, about, "warning", message, advice)


def failure(check: str, about: str, message: str, advice: str) -> Finding:
    """Return what is wrong."""
    return Finding(check, about, "failure", message, advice)


def skipped(check: str, about: str, message: str, advice: str = "") -> Finding:
    """Return why nothing can be said."""
    return Finding(check, about, "skipped", message, advice)


def is_well(findings: Iterable[Finding]) -> bool:
    """Tell whether nothing is wrong."""
    return all(finding.level != "failure" for finding in findings)


def as_text(findings: Sequence[Finding]) -> str:
    """Return the findings for people: one line each, and the advice below it."""
    lines = []
    for finding in findings:
        lines.append(f"{MARKS[finding.level]}  {finding.check:<22} {finding.about}: {finding.message}")
        if finding.advice:
            lines.append(f"{'':9}-> {finding.advice}")
    counts = {level: sum(finding.level == level for finding in findings) for level in MARKS}
    lines.append(f"{counts['failure']} failures, {counts['warning']} warnings, {counts['ok']} ok, {counts['skipped']} skipped.")
    return "\n".join(lines) + "\n"


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the findings for programs."""
    return {"ok": is_well(findings), "findings": [asdict(finding) for finding in findings]}
