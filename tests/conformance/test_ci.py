"""What CI runs: the budget, the order, the exit code, and what is said at the end."""

import tomllib
from collections.abc import Iterator, Sequence

import pytest

from conformance import ci
from conformance.ci import Command, Result
from tests.parties.hub import PROJECT

FIRST, SECOND, THIRD = Command("first", ("-m", "a"), 1), Command("second", ("-m", "b"), 2), Command("third", ("-m", "c"), 3)


def ran(*codes: int) -> list[Result]:
    """Return results with these exit codes, of ten seconds each."""
    return [Result(command, code, 10.0) for command, code in zip((FIRST, SECOND, THIRD), codes, strict=False)]


class TestRun:
    def test_every_command_runs(self) -> None:
        """A command that fails, or cannot be run, keeps none of the others from running; each has its own time."""
        seen: list[str] = []
        clock: Iterator[float] = iter([0.0, 10.0, 10.0, 15.0, 15.0, 16.0])

        def call(line: Sequence[str]) -> int:
            seen.append(line[-1])
            if line[-1] == "b":
                raise FileNotFoundError("no such program")
            return 5 if line[-1] == "a" else 0

        results = ci.run((FIRST, SECOND, THIRD), call, lambda: next(clock))

        assert seen == ["a", "b", "c"]
        assert [(result.code, result.seconds) for result in results] == [(5, 10.0), (ci.CANNOT_RUN, 5.0), (0, 1.0)]

    def test_each_is_named_before_it_runs(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Whoever reads the log of a run that hangs sees in what."""

        def call(_: Sequence[str]) -> int:
            assert capsys.readouterr().out == "\n== first: python3 -m a\n"
            return 0

        ci.run((FIRST,), call, lambda: 0.0)


class TestEnd:
    @pytest.mark.parametrize(("codes", "code"), [((0, 0, 0), 0), ((0, 3, 5), 3), ((2, 0, 0), 2), ((0, 0, -9), -9)])
    def test_exit_code(self, codes: tuple[int, ...], code: int) -> None:
        """It is that of the first command that failed."""
        assert ci.exit_code(ran(*codes)) == code

    def test_table(self) -> None:
        """Each command has a line with its time and its budget; the last line counts the commands."""
        results = [Result(FIRST, 0, 61.0), Result(SECOND, 1, 10.4), Result(THIRD, 0, 180.0)]
        lines = ci.table(results)

        assert [line.split() for line in lines[2:6]] == [
            ["first", "61", "1", "min", "passed,", "over", "budget"],
            ["second", "10", "2", "min", "failed", "(1)"],
            ["third", "180", "3", "min", "passed"],
            ["together", "251", "45", "min"],
        ]
        assert lines[-1] == "2 passed, 1 failed"


class TestCommands:
    def test_budget(self) -> None:
        """What runs on every change fits into the time that it has."""
        assert sum(command.minutes for command in ci.SMOKE) <= ci.BUDGET_MINUTES

    def test_full_has_everything(self) -> None:
        """The full run leaves out nothing that the short one has, but with more of it."""
        assert {command.name for command in ci.SMOKE} <= {command.name for command in ci.FULL}

    def test_readme(self) -> None:
        """The first command is the one that the README names."""
        assert ci.SMOKE[0].arguments == ("-m", "tests")
        assert "python3 -m tests\n" in (PROJECT / "README.md").read_text(encoding="utf-8")

    def test_document(self) -> None:
        """The document has a row for every command, with its budget."""
        text = (PROJECT / "docs/conformance.md").read_text(encoding="utf-8")
        rows = {line.split("|")[1].strip(): line for line in text.partition("## What CI runs")[2].splitlines() if "|" in line}

        for command in {*ci.SMOKE, *ci.FULL}:
            assert f"`python3 {' '.join(command.arguments)}`" in rows[command.name]
            assert f"| {command.minutes:g} |" in rows[command.name]

    def test_coverage(self) -> None:
        """What is measured is the packages whose tests run, and there is a floor."""
        coverage = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["coverage"]

        assert coverage["run"]["source"] == [f"hub/{name}" for name in ci.COVERED]
        assert coverage["run"]["branch"]
        assert coverage["report"]["fail_under"] > 80

    def test_chosen(self) -> None:
        """All commands of a set, or those that are named; what there is not is refused."""
        assert ci.chosen(["smoke"]) == ci.SMOKE
        assert [command.name for command in ci.chosen(["full", "fuzz"])] == ["fuzz"]
        with pytest.raises(SystemExit, match="Unknown: nothing"):
            ci.chosen(["smoke", "nothing"])
        with pytest.raises(SystemExit, match=r"conformance\.ci"):
            ci.chosen([])
