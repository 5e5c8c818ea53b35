"""The tables and the document: which figures are held against which."""

import json

import pytest

from bench import report
from bench.bodies import KB
from bench.marks import rewritten
from bench.matrix import Case, Plan
from bench.measure import Figures


def rounds(*costs: float) -> list[Figures]:
    """Return rounds of which only the CPU time matters."""
    return [
        Figures(requests=1000, cpu_us=cost, store_us=0, rate=1000, p50_ms=1, p99_ms=2, p999_ms=3, memory_mib=50) for cost in costs
    ]


FOUND = {
    report.MAIN_CASE: {
        "mod_auth_openidc, shared memory": rounds(150, 140, 130),
        "mod_auth_openidc, Redis": rounds(300, 280, 260),
        "nes + h2o2": rounds(250, 250, 250),
        "hub, HTTP": rounds(75, 70, 65),
        "hub, channel": rounds(60, 70, 65),
        "hub compiled, HTTP": rounds(60, 56, 52),
        "hub compiled, channel": rounds(45, 42, 39),
    }
}


class TestGoals:
    @pytest.mark.parametrize(
        ("goal", "ratios"),
        [
            (report.GOALS[0], [0.3, 0.3, 0.3]),
            (report.GOALS[1], [0.18, 0.168, 0.156]),
            (report.GOALS[2], [0.4, 0.4, 0.4]),
            (report.GOALS[3], [0.2, 0.2, 0.2]),
            (report.GOALS[4], [0.4, 0.5, 0.5]),
            (report.GOALS[5], [0.24, 0.28, 0.26]),
            (report.GOALS[6], [0.5, 0.5, 0.5]),
            (report.GOALS[7], [0.25, 0.25, 0.25]),
        ],
        ids=[goal.name for goal in report.GOALS],
    )
    def test_ratios_of_one_round(self, goal: report.Goal, ratios: list[float]) -> None:
        """Figures are divided by those of the same repetition, of the cheapest of the peers that are meant."""
        assert report.goal_ratios(FOUND[report.MAIN_CASE], goal) == pytest.approx(ratios)

    def test_verdicts(self) -> None:
        """The median decides."""
        lines = report.goal_table(FOUND).splitlines()

        assert [line.split("|")[-2].strip() for line in lines[2:]] == ["reached"] * 4 + ["missed", "missed", "reached", "reached"]

    def test_without_peers(self) -> None:
        """Nothing is said about peers that were not measured."""
        assert report.goal_table({report.MAIN_CASE: {"hub, HTTP": rounds(70)}}) == ""


def test_document_keeps_everything() -> None:
    """What was found can be read back from the document, as JSON."""
    document = json.loads(json.dumps(report.document(FOUND, {"cores": 2})))

    assert report.found_in(document) == FOUND
    assert document["machine"] == {"cores": 2}


def test_cases_cross_in_the_main_one() -> None:
    """Each dimension is measured at 1 KB and 50 at once; no case comes twice."""
    cases = Plan().cases()

    assert len(set(cases)) == len(cases)
    assert {Case(KB, 1), Case(KB, 50), Case(KB, 500), Case(KB, 50, is_tls=True), Case(20 << 20, 5)} < set(cases)


def test_marks() -> None:
    """Only the tables that are named are replaced."""
    text = "a\n<!-- figures: one -->\nold\n<!-- end of figures -->\nb\n<!-- figures: two -->\nkept\n<!-- end of figures -->\n"

    assert rewritten(text, {"one": "new"}) == text.replace("old", "new")
