"""Axes that become an SVG file: the same figures give the same bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "hub", "font.size": 9})

from matplotlib import pyplot  # noqa: E402  # after its back end was chosen

WIDTH = 6.4  # inches, of every plot


@contextmanager
def axes_of(file: Path, height: float) -> Iterator[pyplot.Axes]:
    """Give axes to draw on, so many inches high; they are written to the file at the end of the block."""
    figure, axes = pyplot.subplots(figsize=(WIDTH, height), layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    yield axes
    figure.savefig(file, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
