"""The Angular library: its own tests, its package, and its style."""

import json

from tests.parties import workspace


def test_its_own_tests_pass() -> None:
    """The core keeps the protocol, by the same vectors as the hub; the Angular part keeps what HttpClient promises."""
    printed = workspace.run("vitest", "run", "--reporter=json", "--silent")
    report = json.loads(printed[printed.index("{") :])
    assert report["success"]
    assert report["numPassedTests"] == report["numTotalTests"] >= 90


def test_it_is_packed_with_two_entry_points() -> None:
    """One package: the core without a framework, and the Angular part."""
    workspace.run("ng", "build", "iris-hub-client")
    package = json.loads((workspace.FOLDER / "dist" / "iris-hub-client" / "package.json").read_text(encoding="utf-8"))
    assert set(package["exports"]) == {"./package.json", ".", "./core"}
    core = (workspace.FOLDER / "dist" / "iris-hub-client" / "fesm2022" / "iris-hub-client-core.mjs").read_text(encoding="utf-8")
    assert "@angular" not in core
    assert "rxjs" not in core


def test_its_tests_are_typed() -> None:
    """TypeScript finds no mistake in the library and in its tests."""
    workspace.run("tsc", "--noEmit", "-p", "projects/iris-hub-client/tsconfig.spec.json")


def test_its_style() -> None:
    """Prettier would change nothing."""
    workspace.run("prettier", "--check", "projects", "legacy")
