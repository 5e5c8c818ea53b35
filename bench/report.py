"""The comparison as tables for people and as a document for programs. Pure."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.bodies import KB
from bench.ground.results import markdown
from bench.matrix import Case, Found
from bench.measure import Figures, middle, spread

HEADINGS = ("system", "CPU us", "Redis us", "x best module", "per core", "per s", "p50 ms", "p99 ms", "p99.9 ms", "MiB", "spread")
BUILDS = ("hub compiled", "hub")
NES = "nes + h2o2"
MODULE = "mod_auth_openidc, "
MODULE_REDIS = f"{MODULE}Redis"
MAIN_CASE = Case(KB, 50)


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio of CPU times that is to be reached.

    Attributes:
        of: The contestant of the hub.
        to: Beginning of the names of those that it is held against; the cheapest of them counts.
    """

    of: str
    to: str
    at_most: float
    name: str


def _goals(build: str) -> list[Goal]:
    channel, http = f"{build}, channel", f"{build}, HTTP"
    return [
        Goal(channel, MODULE, 0.45, f"{channel} / best mode of mod_auth_openidc"),
        Goal(channel, NES, 0.25, f"{channel} / nes"),
        Goal(http, MODULE, 0.9, f"{http} / best mode of mod_auth_openidc"),
        Goal(http, MODULE_REDIS, 0.35, f"{http} / mod_auth_openidc with Redis"),
    ]


GOALS = [goal for build in BUILDS for goal in _goals(build)]


def case_tables(found: Found) -> str:
    """Return a table for each case."""
    return "\n\n".join(f"**{case.name}**\n\n{_case_table(rows)}" for case, rows in found.items())


def goal_table(found: Found) -> str:
    """Return the ratios of the main case beside what they are to be; empty if the case, or a peer, was not measured."""
    rows = []
    for goal in GOALS:
        ratios = goal_ratios(found.get(MAIN_CASE, {}), goal)
        if ratios:
            extremes = f"{min(ratios):.2f} - {max(ratios):.2f}"
            rows.append([goal.name, f"{median(ratios):.2f}", extremes, f"{goal.at_most:.2f}", _verdict(median(ratios), goal)])
    return markdown(["ratio of CPU times", "median", "of the rounds", "goal", ""], rows) if rows else ""


def goal_ratios(rows: Mapping[str, Sequence[Figures]], goal: Goal) -> list[float]:
    """Return the ratio in each repetition, within which all took turns; none if somebody was not measured."""
    others = [figures for name, figures in rows.items() if name.startswith(goal.to)]
    if not others or goal.of not in rows:
        return []
    cheapest = min(others, key=lambda figures: middle(figures).cpu_us)
    return [own.cpu_us / other.cpu_us for own, other in zip(rows[goal.of], cheapest, strict=True)]


def document(found: Found, machine: Mapping[str, object]) -> dict[str, Any]:
    """Return everything as JSON values: the machine, each case with all its repetitions, and the ratios."""
    cases = [
        {
            **dataclasses.asdict(case),
            "name": case.name,
            "systems": {name: [dataclasses.asdict(one) for one in figures] for name, figures in rows.items()},
        }
        for case, rows in found.items()
    ]
    ratios = {goal.name: goal_ratios(found.get(MAIN_CASE, {}), goal) for goal in GOALS}
    return {"machine": dict(machine), "cases": cases, "ratios": ratios}


def found_in(kept: Mapping[str, Any]) -> Found:
    """Return the figures of a kept document, as they were found."""
    return {
        Case(case["size"], case["callers"], case["is_tls"], case["rate"]): {
            name: [Figures(**one) for one in figures] for name, figures in case["systems"].items()
        }
        for case in kept["cases"]
    }


def _case_table(rows: Mapping[str, Sequence[Figures]]) -> str:
    modules = [middle(figures).cpu_us for name, figures in rows.items() if name.startswith(MODULE)]
    return markdown(HEADINGS, [_row(name, figures, min(modules, default=None)) for name, figures in rows.items()])


def _row(name: str, figures: Sequence[Figures], module: float | None) -> list[str]:
    one = middle(figures)
    return [
        name,
        f"{one.cpu_us:.0f}" if one.cpu_us >= 20 else f"{one.cpu_us:.1f}",
        f"{one.store_us:.1f}" if one.store_us else "-",
        "-" if module is None else f"{one.cpu_us / module:.2f}",
        f"{one.per_core:.0f}",
        f"{one.rate:.0f}",
        *(f"{value:.2f}" for value in (one.p50_ms, one.p99_ms, one.p999_ms)),
        f"{one.memory_mib:.0f}",
        f"{spread([each.cpu_us for each in figures]):.0%}",
    ]


def _verdict(ratio: float, goal: Goal) -> str:
    return "reached" if ratio <= goal.at_most else "missed"
