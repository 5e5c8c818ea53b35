"""The table of what Tornado's server does otherwise: each row is shown by a test, and each such test has its row."""

import re

from tests.parties.hub import PROJECT

ROW = re.compile(r"^\| ([A-Za-z ]+) \| [^|]+ \| [^|]+ \|$", re.MULTILINE)
MARK = re.compile(r'mark\.deviates\("([^"]+)"\)')


def test_table_and_tests_agree() -> None:
    """docs/listeners.md names the deviations that tests mark, and no other."""
    text = (PROJECT / "docs" / "listeners.md").read_text(encoding="utf-8")
    _, _, table = text.partition("## What differs on Tornado")
    named = set(ROW.findall(table)) - {"deviation"}
    marked = {name for file in (PROJECT / "tests").rglob("test_*.py") for name in MARK.findall(file.read_text(encoding="utf-8"))}

    assert named == marked
