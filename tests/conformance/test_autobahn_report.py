"""How the results of the Autobahn suite are judged; the suite itself needs Python 2.7, in a Debian of its own."""

from conformance.autobahn import report

OK = {"behavior": "OK", "behaviorClose": "OK"}
WRONG_CODE = {"behavior": "OK", "behaviorClose": "WRONG CODE"}
FAILED = {"behavior": "FAILED", "behaviorClose": "OK"}
SLOW = {"behavior": "NON-STRICT", "behaviorClose": "OK"}


def test_failures() -> None:
    """The hub's own listener may fail nowhere, Tornado's server only where plain Tornado does, and neither leaves a case out."""
    fast = {"1.1.1": OK, "7.9.2": FAILED, "6.4.3": SLOW, "9.1.1": OK}
    tornado = {"1.1.1": OK, "1.1.2": OK, "7.9.2": WRONG_CODE, "6.4.3": FAILED, "9.1.1": OK}
    stock = {"1.1.1": FAILED, "1.1.2": OK, "7.9.2": FAILED, "6.4.3": OK, "9.1.1": OK}

    assert report.failures({"fast": fast, "tornado": tornado, "stock": stock}) == [
        "fast fails 1.1.2",
        "fast fails 7.9.2",
        "tornado fails 6.4.3",
    ]


def test_table() -> None:
    """The table counts, and the differences are named."""
    lines = list(report.table({"stock": {"1.1.1": OK, "6.4.3": WRONG_CODE}, "fast": {"1.1.1": OK, "6.4.3": SLOW}}))

    assert lines[2:] == [
        "| fast | 2 | 1 | 1 | 0 | 0 | 0 |",
        "| stock | 2 | 1 | 0 | 0 | 0 | 1 |",
        "",
        "6.4.3: stock FAILED, fast NON-STRICT",
    ]
