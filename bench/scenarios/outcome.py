"""The result of a scenario: rows for people, and the same as values for programs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.ground.results import markdown


@dataclass(frozen=True, slots=True)
class Outcome:
    """One table.

    Attributes:
        name: Short name of the scenario, such as "b3".
        title: What happens in it.
        headings: Of the columns; the first names who was measured.
        rows: As they are shown.
    """

    name: str
    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(outcomes: Sequence[Outcome]) -> str:
    """Return all outcomes in Markdown."""
    return "\n\n".join(f"**{one.name.upper()}: {one.title}**\n\n{markdown(one.headings, one.rows)}" for one in outcomes)


def document(outcomes: Sequence[Outcome], machine: Mapping[str, Any]) -> dict[str, Any]:
    """Return all outcomes as JSON values."""
    return {"machine": dict(machine), "scenarios": [asdict(one) for one in outcomes]}


def milliseconds(seconds: float) -> str:
    """Return a time as it stands in tables."""
    return f"{seconds * 1000:.2f}" if seconds < 0.1 else f"{seconds * 1000:.0f}"
