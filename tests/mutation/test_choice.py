"""Which mutants are judged."""

import subprocess
from pathlib import Path

import pytest

from mutation.choice import changed_lines, choose, parse_diff
from mutation.mutants import find_mutants
from tests.mutation.conftest import MODULE

MUTANTS = find_mutants("hub/shop/prices.py", MODULE)
LAST_LINE = MODULE.count("\n")


def test_same_seed_same_sample() -> None:
    """A sample can be drawn again, and another seed draws another one."""
    first, again, other = (choose(MUTANTS, 5, seed, {}) for seed in (1, 1, 2))

    assert first == again != other
    assert len(set(first)) == 5


def test_fewer_than_asked_for() -> None:
    """A sample larger than what there is takes all of it."""
    assert set(choose(MUTANTS, 10_000, 1, {})) == set(MUTANTS)


def test_changed_lines_come_first_and_beside_the_sample() -> None:
    """All their mutants are judged, and the sample is drawn from the others."""
    of_last = {mutant for mutant in MUTANTS if mutant.line == LAST_LINE}
    chosen = choose(MUTANTS, 3, 1, {"hub/shop/prices.py": frozenset({LAST_LINE})})

    assert set(chosen[: len(of_last)]) == of_last != set()
    assert len(set(chosen) - of_last) == 3


def test_lines_of_a_diff() -> None:
    """Added lines count, removed ones have no mutants."""
    diff = "\n".join(
        [
            "--- a/hub/a.py",
            "+++ b/hub/a.py",
            "@@ -1,2 +1 @@",
            "-x",
            "-y",
            "+z",
            "@@ -9,0 +9,3 @@",
            "+1",
            "+2",
            "+3",
            "--- a/hub/b.py",
            "+++ b/hub/b.py",
            "@@ -5,2 +4,0 @@",
            "-x",
            "-y",
            "--- a/hub/c.html",
            "+++ b/hub/c.html",
            "@@ -1 +1 @@",
            "-x",
            "+y",
            "--- a/hub/d.py",
            "+++ /dev/null",
            "@@ -1 +0,0 @@",
            "-x",
        ]
    )

    assert parse_diff(diff) == {"hub/a.py": frozenset({1, 9, 10, 11})}


def test_lines_changed_in_the_work_tree(project: Path) -> None:
    """What is not committed yet counts as well."""
    file = project / "hub/shop/prices.py"
    file.write_text(file.read_text().replace("1 + 1", "1 + 2"))

    assert changed_lines(project, "HEAD") == {"hub/shop/prices.py": frozenset({LAST_LINE})}
    with pytest.raises(subprocess.CalledProcessError):
        changed_lines(project, "no-such-revision")
