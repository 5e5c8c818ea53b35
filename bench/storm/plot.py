"""How a refresh storm spreads: what is due in each second, and what the provider is asked in it. As SVG."""

from pathlib import Path

from bench.storm.refresh import Storm
from bench.svg import axes_of


def draw(found: Storm, file: Path) -> None:
    """Draw both by the seconds since the first was due."""
    with axes_of(file, 2.6) as axes:
        axes.step(range(len(found.due_by_second)), found.due_by_second, where="post", label="due")
        axes.step(range(len(found.calls_by_second)), found.calls_by_second, where="post", label="asked of the provider")
        axes.set_ylim(bottom=0)
        axes.set_xlabel("seconds since the first was due")
        axes.set_ylabel("refreshes in a second")
        axes.grid(axis="y", alpha=0.3)
        axes.legend(frameon=False)
