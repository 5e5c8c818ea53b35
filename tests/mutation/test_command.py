"""`python -m mutation` as a whole, on a tiny project."""

from pathlib import Path

import pytest

from mutation import reach
from mutation.command import main

TEST = "tests/shop/test_prices.py"


def run(project: Path, *words: str) -> int:
    """Run the command on the project's only package."""
    return main(["--packages", "hub/shop", *words], project)


def test_whole_story(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Survivors are listed with place, change and tests; too many of them are a failure, if one is asked for."""
    assert run(project, "--floor", "0.9") == 1
    out = capsys.readouterr().out

    assert "hub/shop/prices.py:8 survived [operator_swap_op] > LIMIT -> >= LIMIT" in out
    assert "  -    if count > LIMIT:\n  +    if count >= LIMIT:\n" in out
    assert f"    {TEST}::test_limit" in out
    assert "hub/shop/prices.py:15 unreached" in out
    assert "count - 1 -> count + 1" not in out

    (kept,) = (project / reach.FOLDER).glob("*.json")
    before = kept.stat().st_mtime_ns
    assert run(project, "--minutes", "0") == 0  # the recording is there, but the time is over
    assert "judged 0," in capsys.readouterr().out
    assert kept.stat().st_mtime_ns == before


def test_changed_lines(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All mutants of what was changed, and of nothing else if the sample is empty."""
    file = project / "hub/shop/prices.py"
    file.write_text(file.read_text().replace("1 + 1", "2 + 2"))
    run(project, "--sample", "0", "--changed-since", "HEAD")
    places = {line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("hub/")}

    assert places == {"hub/shop/prices.py:15"}


def test_tests_that_fail_already(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing passes, nothing can be judged; neither can a revision that is not there."""
    (project / TEST).write_text("import hub.shop.prices\n\ndef test_fails():\n    assert False\n")

    assert run(project) == 2
    assert run(project, "--changed-since", "no-such-revision") == 2
    assert "test_fails" in capsys.readouterr().err
