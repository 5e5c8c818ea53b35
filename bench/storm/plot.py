"""How a refresh storm spreads: what is due in each second, and what the provider is asked in it. As SVG."""

from pathlib import Path

import matplotlib

from bench.storm.refresh import Storm

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "hub", "font.size": 9, "axes.spines.top": False})

from matplotlib import pyplot  # noqa: E402  # after its back end was chosen


def draw(found: Storm, file: Path) -> None:
    """Draw both by the seconds since the first was due."""
    figure, axes = pyplot.subplots(figsize=(6.4, 2.6), layout="constrained")
    axes.step(range(len(found.due_by_second)), found.due_by_second, where="post", label="due")
    axes.step(range(len(found.calls_by_second)), found.calls_by_second, where="post", label="asked of the provider")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("seconds since the first was due")
    axes.set_ylabel("refreshes in a second")
    axes.spines["right"].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(file, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
