"""Lines over a logarithmic axis, as SVG."""

from pathlib import Path

import matplotlib

from bench.growth.cost import Part

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "hub", "font.size": 9, "axes.spines.top": False})

from matplotlib import pyplot  # noqa: E402  # after its back end was chosen


def draw(part: Part, file: Path) -> None:
    """Draw the CPU time of a request against the number of what grows."""
    figure, axes = pyplot.subplots(figsize=(6.4, 3.2), layout="constrained")
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
    axes.spines["right"].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(file, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
