"""Whether the hub's backend behaves as Angular's own: each aspect as in one of Angular's two backends in the same browser."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REFERENCES = ("xhr", "fetch")
TRANSPORTS = ("channel", "http")

Outcome = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One behavior, as the backends of one browser showed it.

    Attributes:
        outcomes: By backend; `seen` among the aspects is what the API saw.
    """

    id: str
    title: str
    area: str
    outcomes: Mapping[str, Outcome]

    def differences(self, transport: str) -> frozenset[str]:
        """Return the aspects in which a transport of the hub behaves like neither of Angular's backends."""
        ours = self.outcomes[transport]
        theirs = [self.outcomes[name] for name in REFERENCES]
        aspects = set(ours).union(*theirs)
        return frozenset(aspect for aspect in aspects if ours.get(aspect) not in [other.get(aspect) for other in theirs])

    def between_transports(self) -> frozenset[str]:
        """Return the aspects in which the hub's two transports differ."""
        one, other = (self.outcomes[name] for name in TRANSPORTS)
        return frozenset(aspect for aspect in {*one, *other} if one.get(aspect) != other.get(aspect))

    def loses(self) -> bool:
        """Whether one transport alone succeeds, or either gets or sends another body than Angular's backends."""
        ends = {self.outcomes[name].get("end") for name in TRANSPORTS}
        return len(ends) > 1 or bool({"body", "end", "seen"} & (self.differences("channel") | self.differences("http")))

    def explain(self) -> list[str]:
        """Return the values of all backends for each aspect that differs."""
        aspects = self.differences("channel") | self.differences("http") | self.between_transports()
        return [
            f"{self.id} {aspect} {name}: {self.outcomes[name].get(aspect)!r}"
            for aspect in sorted(aspects)
            for name in (*REFERENCES, *TRANSPORTS)
        ]


@dataclass(frozen=True, slots=True)
class Difference:
    """A documented one: a row of the table in docs/angular.md.

    Attributes:
        behaviors: Ids; `*` at the end stands for any rest.
        aspects: In which they differ.
    """

    behaviors: tuple[str, ...]
    aspects: frozenset[str]

    def covers(self, behavior: str, aspect: str) -> bool:
        """Whether the difference is this one."""
        is_named = any(name == behavior or (name.endswith("*") and behavior.startswith(name[:-1])) for name in self.behaviors)
        return is_named and aspect in self.aspects


_CELL = re.compile(r"`([^`]+)`")


def documented(document: Path) -> list[Difference]:
    """Return the rows of the table behind the marker `<!-- differences -->`: behaviors, aspects, reason."""
    table = document.read_text(encoding="utf-8").split("<!-- differences -->")[1].split("\n\n")[0]
    rows = [line.split("|")[1:4] for line in table.splitlines() if line.startswith("|")][2:]
    return [Difference(tuple(_CELL.findall(which)), frozenset(_CELL.findall(aspects))) for which, aspects, _ in rows]


def undocumented(rows: Iterable[Row], differences: Sequence[Difference]) -> list[str]:
    """Return what differs from Angular's backends, or between the transports, and is not documented."""
    return [
        line
        for row in rows
        for line in row.explain()
        if not any(difference.covers(row.id, line.split()[1]) for difference in differences)
    ]


def unseen(rows: Iterable[Row], differences: Sequence[Difference]) -> list[Difference]:
    """Return documented differences that do not exist."""
    shown = [(row.id, line.split()[1]) for row in rows for line in row.explain()]
    return [difference for difference in differences if not any(difference.covers(*each) for each in shown)]
