"""The table and the document say the same, and compare with the direct call of the same number of callers."""

from bench import report
from bench.cases import Case, Way
from bench.measure import Figures


def costing(cpu_us: float) -> Figures:
    """Return figures with this CPU time."""
    return Figures(cpu_us=cpu_us, store_us=12, rate=1000, p50_ms=1, p99_ms=2, rss_mib=70)


FOUND = {
    Case(Way.DIRECT, 1): [costing(20), costing(25), costing(30)],
    Case(Way.HTTP, 1): [costing(100)],
    Case(Way.DIRECT, 50): [costing(0)],
    Case(Way.CHANNEL, 10, 5): [costing(50)],
}


def test_table() -> None:
    """A row a case: the median, the multiple of the direct call, and the spread of the repetitions."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in report.table(FOUND).splitlines()]

    assert rows[0] == list(report.HEADINGS)
    assert rows[2] == ["direct", "1", "25", "1.0", "-", "1000", "1.00", "2.00", "70", "40%, 0%"]
    assert rows[3][:5] == ["HTTP proxy", "1", "100", "4.0", "12"]
    assert rows[5][:5] == ["channel", "50", "50", "-", "12"]


def test_document() -> None:
    """The document has every repetition; a ratio is null when the direct call was too short for the clock."""
    document = report.document(FOUND, {"cores": 2})

    assert document["machine"] == {"cores": 2}
    assert [case["cpu_ratio_to_direct"] for case in document["cases"]] == [1.0, 4.0, None, None]
    assert [one["cpu_us"] for one in document["cases"][0]["repetitions"]] == [20, 25, 30]
