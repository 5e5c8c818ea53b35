"""The matrix of Angular: which rows a command line chooses, and that each can be built from what is checked in."""

import json
from pathlib import Path

import pytest

from conformance.angular import matrix
from conformance.angular.rows import ROWS, Row
from hub.config.content_policies import PRESETS


def workspace_file(row: Row, name: str) -> dict[str, object]:
    """Return a JSON file of the row's workspace."""
    content: dict[str, object] = json.loads((row.folder / name).read_text(encoding="utf-8"))
    return content


def test_chosen() -> None:
    """All rows, those for CI, or those that are named; what there is not is refused."""
    assert matrix.chosen([]) == list(ROWS)
    assert 0 < len(matrix.chosen(["--smoke"])) < len(ROWS)
    assert [row.name for row in matrix.chosen(["legacy-12"])] == ["legacy-12"]
    with pytest.raises(SystemExit, match="Unknown: legacy-3"):
        matrix.chosen(["legacy-3"])


def test_failure_of_a_row(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The other rows run after one that fails, and the exit code tells."""

    def build(row: Row) -> Path:
        raise OSError(f"no {row.name}")

    monkeypatch.setattr(matrix, "build", build)

    assert matrix.main(["legacy-12", "legacy-15"]) == 1
    printed = capsys.readouterr()
    assert "no legacy-12" in printed.err
    assert "no legacy-15" in printed.err
    assert "0 passed, 2 failed" in printed.out


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(row: Row) -> None:
    """A row has a name of its own, a policy that there is, and packages that are locked without an address to get them from."""
    assert [other.name for other in ROWS].count(row.name) == 1
    assert row.policy in ("", *PRESETS)
    lock = workspace_file(row, "package-lock.json")
    assert isinstance(packages := lock["packages"], dict)
    assert not any("resolved" in entry for entry in packages.values())
    assert all("integrity" in entry for name, entry in packages.items() if name and not entry.get("inBundle"))


def test_the_file_to_copy_is_old_typescript() -> None:
    """The row of Angular 7 compiles with TypeScript 3.1, which knows no optional chaining."""
    row = next(row for row in ROWS if row.name == "legacy-7")
    assert isinstance(packages := workspace_file(row, "package.json")["devDependencies"], dict)
    assert packages["typescript"].startswith("3.1.")
