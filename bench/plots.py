"""The comparison as bars, in SVG."""

from pathlib import Path

from bench.matrix import Case, Found
from bench.measure import middle
from bench.svg import axes_of

OWN, OTHERS = "#1565c0", "#9e9e9e"


def draw_case(found: Found, case: Case, file: Path) -> None:
    """Draw the CPU time of a request through each system, the dearest first, with the range of its rounds."""
    rows = sorted(found[case].items(), key=lambda row: middle(row[1]).cpu_us)
    names, middles = [name for name, _ in rows], [middle(figures).cpu_us for _, figures in rows]
    low = [cost - min(one.cpu_us for one in figures) for cost, (_, figures) in zip(middles, rows, strict=True)]
    high = [max(one.cpu_us for one in figures) - cost for cost, (_, figures) in zip(middles, rows, strict=True)]
    with axes_of(file, 0.5 + 0.32 * len(rows)) as axes:
        colours = [OWN if name.startswith("hub") else OTHERS for name in names]
        bars = axes.barh(names, middles, xerr=[low, high], color=colours, error_kw={"capsize": 2, "ecolor": "#424242"})
        axes.bar_label(bars, fmt="%.0f", padding=6)
        axes.set_xlabel(f"CPU us a request ({case.name})")
        axes.margins(x=0.12)


def draw_sizes(found: Found, file: Path) -> None:
    """Draw the CPU time of a request against the size of the answer, for each system."""
    cases = sorted(
        (case for case in found if not case.is_tls and not case.rate and case.callers in (5, 50)), key=lambda c: c.size
    )
    with axes_of(file, 3.6) as axes:
        for name in found[cases[0]]:
            points = [(case.size / 1024, middle(found[case][name]).cpu_us) for case in cases if name in found[case]]
            is_own = name.startswith("hub")
            axes.plot(*zip(*points, strict=True), marker="o", markersize=3, linewidth=2 if is_own else 1, label=name)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("KB of an answer")
        axes.set_ylabel("CPU us a request")
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, fontsize=8)
