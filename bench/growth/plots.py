"""Lines over a logarithmic axis, as SVG."""

from pathlib import Path

from bench.growth.cost import Part
from bench.svg import axes_of


def draw(part: Part, file: Path) -> None:
    """Draw the CPU time of a request against the number of what grows."""
    with axes_of(file, 3.2) as axes:
        for series in part.series:
            numbers = [max(point.number, 1) for point in series.points]
            costs = [point.middle.hub_us for point in series.points]
            low = [cost - min(one.hub_us for one in point.rounds) for cost, point in zip(costs, series.points, strict=True)]
            high = [max(one.hub_us for one in point.rounds) - cost for cost, point in zip(costs, series.points, strict=True)]
            axes.errorbar(numbers, costs, yerr=[low, high], marker="o", markersize=4, capsize=2, label=series.way)
        axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        axes.set_xlabel(part.grows)
        axes.set_ylabel("CPU of the hub, us a request")
        axes.grid(axis="y", alpha=0.3)
        axes.legend(frameon=False)
