"""A part of the growth as a table for people. Pure."""

from collections.abc import Sequence

from bench.ground.results import markdown
from bench.growth.cost import Part, Point

HEADINGS = ("way", "number", "CPU us", "Redis us", "commands", "per s", "p50 ms", "p99 ms", "hub MiB", "spread")


def table(part: Part) -> str:
    """Return a Markdown table, and below it by how much the cost has grown and what else was found."""
    rows = [_row(series.way, point) for series in part.series for point in series.points]
    grown = [f"{series.way}: {series.growth:.2f} times the cost of the smallest number" for series in part.series]
    further = [f"{name}: {value:.3g}" for name, value in part.figures.items()]
    return "\n".join([f"\n{part.grows}", markdown(HEADINGS, rows), *grown, *further])


def _row(way: str, point: Point) -> Sequence[str]:
    cost = point.middle
    times = (cost.p50_ms, cost.p99_ms)
    return (
        way,
        str(point.number),
        f"{cost.hub_us:.0f}",
        f"{cost.store_us:.0f}",
        f"{cost.store_commands:.2f}",
        f"{cost.rate:.0f}",
        *(f"{time:.2f}" for time in times),
        f"{cost.resident_mib:.0f}",
        f"{point.spread:.0%}",
    )
