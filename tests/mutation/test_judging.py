"""How a mutant is judged, and by which tests."""

from pathlib import Path

import pytest

from mutation.judging import GRACE_SECONDS, LONGEST_SECONDS, Case, Judge, Result, case_of
from mutation.mutants import Mutant, find_mutants
from mutation.reach import Reach
from tests.mutation.conftest import MODULE

MUTANTS = {mutant.difference: mutant for mutant in find_mutants("hub/shop/prices.py", MODULE)}
TEST = "tests/shop/test_prices.py"


def stopped() -> float:
    """A clock that stands still: nothing takes time."""
    return 0.0


def verdicts(project: Path, *cases: Case) -> dict[str, str]:
    """Return what becomes of mutants, by what they change."""
    results = Judge(project, 2, stopped, 600.0, lambda _: None).judge(cases)
    return {result.case.mutant.difference: result.verdict for result in results}


class TestJudge:
    """Verdicts."""

    def test_survivors_are_told_from_killed_ones(self, project: Path) -> None:
        """Nobody tests the limit itself, nor what is beside a limit of 11; all else is noticed."""
        noticed, missed = ["raise ValueError(count) -> pass", "count - 1 -> count + 1"], ["> LIMIT -> >= LIMIT", "10 -> 11"]
        cases = [Case(MUTANTS[each], [TEST]) for each in (*noticed, *missed)]

        assert verdicts(project, *cases) == {**dict.fromkeys(noticed, "killed"), **dict.fromkeys(missed, "survived")}

    def test_line_that_no_test_runs(self, project: Path) -> None:
        """It is told apart from a change that tests ran over."""
        assert verdicts(project, Case(MUTANTS["1 + 1 -> 1 - 1"], [])) == {"1 + 1 -> 1 - 1": "unreached"}

    def test_mutant_that_was_not_imported(self, project: Path) -> None:
        """Tests that do not even import the module prove nothing."""
        (project / "tests/shop/test_other.py").write_text("def test_nothing() -> None:\n    pass\n")

        assert set(verdicts(project, Case(MUTANTS["10 -> 11"], ["tests/shop/test_other.py"])).values()) == {"broken"}

    def test_files_stay_as_they_are(self, project: Path) -> None:
        """The change exists in the process of its tests only."""
        verdicts(project, Case(MUTANTS["10 -> 11"], [TEST]))

        assert (project / "hub/shop/prices.py").read_text() == MODULE

    def test_tests_that_never_end(self, project: Path) -> None:
        """They are ended after their time, which counts as noticed."""
        (project / TEST).write_text(
            "import threading\nimport hub.shop.prices\n\ndef test_hangs():\n    threading.Event().wait()\n"
        )
        now = iter([0.0, 0.0, 0.0, GRACE_SECONDS - 0.1])

        def clock() -> float:
            return next(now, GRACE_SECONDS)

        (result,) = Judge(project, 1, clock, 600.0, lambda _: None).judge([Case(MUTANTS["10 -> 11"], [TEST])])

        assert result.verdict == "timeout"


class TestBudget:
    """When the time is over."""

    def test_nothing_begins_afterwards(self, project: Path) -> None:
        """What was judged before is told, what is left has no result."""
        told: list[Result] = []

        def clock() -> float:
            return 100.0 if told else 0.0

        case = Case(MUTANTS["10 -> 11"], [TEST])
        results = Judge(project, 1, clock, 100.0, told.append).judge([case, case, case])

        assert results == told
        assert [result.verdict for result in results] == ["survived"]

    def test_time_is_over_before_it_begins(self, project: Path) -> None:
        """Then nothing is judged."""
        assert Judge(project, 1, stopped, 0.0, lambda _: None).judge([Case(MUTANTS["10 -> 11"], [TEST])]) == []


class TestChoiceOfTests:
    """Coverage decides."""

    def test_own_tests_first_and_the_fast_ones_of_them(self) -> None:
        """The sooner a test fails, the more mutants can be judged."""
        own, slow, foreign = "tests/shop/test_a.py::test", "tests/shop/test_b.py::test", "tests/other/test_c.py::test"
        reach = Reach(
            {"hub/shop/x.py": {1: frozenset({slow, foreign, own}), 2: frozenset()}}, {own: 0.1, slow: 2.0, foreign: 0.0}
        )

        assert reach.tests_of("hub/shop/x.py", 1, 1) == [own, slow, foreign]

    def test_line_that_runs_at_import(self) -> None:
        """Any test of the module may depend on it, and any in its test file."""
        constant = "tests/shop/test_x.py::test_constant"
        reach = Reach({"hub/shop/x.py": {1: frozenset(), 5: frozenset({"a"}), 9: frozenset({"b"})}}, {constant: 0.1, "c": 0.1})

        assert reach.tests_of("hub/shop/x.py", 1, 1) == [constant, "a", "b"]
        assert reach.tests_of("hub/shop/x.py", 5, 5) == ["a"]
        assert reach.tests_of("hub/shop/x.py", 4, 6) == ["a"]
        assert reach.tests_of("hub/shop/x.py", 6, 8) == reach.tests_of("hub/shop/y.py", 1, 1) == []

    @pytest.mark.parametrize(("each", "chosen"), [(LONGEST_SECONDS / 4, 4), (LONGEST_SECONDS * 2, 1), (0.0, 9)])
    def test_slow_tests_are_bounded(self, each: float, chosen: int) -> None:
        """One mutant must not take the time of all others; how many tests did not run is told."""
        tests = [f"test_{number}" for number in range(9)]
        mutant: Mutant = MUTANTS["10 -> 11"]
        case = case_of(mutant, tests, dict.fromkeys(tests, each))

        assert (list(case.tests), case.left_out) == (tests[:chosen], 9 - chosen)
