"""The figures as a table for people and as a document for programs. Pure."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from bench.cases import Case, Way
from bench.measure import Figures, Summary, summarise

HEADINGS = ("way", "at once", "CPU us", "x direct", "Redis us", "per s", "p50 ms", "p99 ms", "RSS MiB", "spread CPU, rate")


def table(found: Mapping[Case, Sequence[Figures]]) -> str:
    """Return a Markdown table with the medians of each case."""
    summaries = {case: summarise(repetitions) for case, repetitions in found.items()}
    rows = [HEADINGS, *(_row(case, summary, ratio(summaries, case)) for case, summary in summaries.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [f"| {' | '.join(_aligned(row, widths))} |" for row in rows]
    rule = "|".join(("-" * (width + 2)) if column == 0 else ("-" * (width + 1) + ":") for column, width in enumerate(widths))
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])


def document(found: Mapping[Case, Sequence[Figures]], machine: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything as JSON values: the machine, and for each case its summary and its repetitions."""
    summaries = {case: summarise(repetitions) for case, repetitions in found.items()}
    cases = [
        {
            **dataclasses.asdict(case),
            **dataclasses.asdict(summaries[case]),
            "cpu_ratio_to_direct": ratio(summaries, case),
            "repetitions": [dataclasses.asdict(one) for one in repetitions],
        }
        for case, repetitions in found.items()
    ]
    return {"machine": dict(machine), "cases": cases}


def ratio(summaries: Mapping[Case, Summary], case: Case) -> float | None:
    """Return the CPU time of a case as a multiple of the direct call by as many callers in the same run.

    None if that was too short for the clock.
    """
    direct = next(
        summary.middle.cpu_us for one, summary in summaries.items() if one.way is Way.DIRECT and one.callers == case.callers
    )
    return summaries[case].middle.cpu_us / direct if direct else None


def _row(case: Case, summary: Summary, multiple: float | None) -> tuple[str, ...]:
    middle = summary.middle
    return (
        str(case.way),
        str(case.callers),
        f"{middle.cpu_us:.0f}" if middle.cpu_us >= 10 else f"{middle.cpu_us:.1f}",
        "-" if multiple is None else f"{multiple:.1f}",
        "-" if case.way is Way.DIRECT else f"{middle.store_us:.0f}",
        f"{middle.rate:.0f}",
        f"{middle.p50_ms:.2f}",
        f"{middle.p99_ms:.2f}",
        f"{middle.rss_mib:.0f}",
        f"{summary.cpu_spread:.0%}, {summary.rate_spread:.0%}",
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
