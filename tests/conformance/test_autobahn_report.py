"""How the results of the Autobahn suite are judged; the suite itself needs Python 2.7 and runs by hand."""

from conformance.autobahn import report

OK = {"behavior": "OK", "behaviorClose": "OK"}
WRONG_CODE = {"behavior": "OK", "behaviorClose": "WRONG CODE"}
FAILED = {"behavior": "FAILED", "behaviorClose": "OK"}
SLOW = {"behavior": "NON-STRICT", "behaviorClose": "OK"}


def test_failures() -> None:
    """The hub may not fail where Tornado does not, nor in the groups of the protocol itself, nor leave a case out."""
    hub = {"1.1.1": OK, "7.9.10": WRONG_CODE, "7.9.2": FAILED, "9.1.1": FAILED, "9.1.2": FAILED, "6.4.3": SLOW}
    tornado = {"1.1.1": FAILED, "7.9.10": FAILED, "7.9.2": OK, "9.1.1": FAILED, "9.1.2": OK, "6.4.3": OK, "1.1.2": OK}

    assert report.failures({"hub": hub, "tornado": tornado}) == ["1.1.2", "7.9.2", "7.9.10", "9.1.2"]


def test_table() -> None:
    """The table counts, and the differences are named."""
    lines = list(report.table({"hub": {"1.1.1": OK, "6.4.3": SLOW}, "tornado": {"1.1.1": OK, "6.4.3": WRONG_CODE}}))

    assert lines[2:] == [
        "| hub | 2 | 1 | 1 | 0 | 0 | 0 |",
        "| tornado | 2 | 1 | 0 | 0 | 0 | 1 |",
        "",
        "6.4.3: hub NON-STRICT, tornado FAILED",
    ]
