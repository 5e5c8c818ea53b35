"""The libraries of the workspace: their own tests, and their style."""

import json

from tests.parties import workspace


def test_its_own_tests_pass() -> None:
    """The core keeps the protocol, by the same vectors as the hub; the Angular part keeps what HttpClient promises."""
    printed = workspace.run("vitest", "run", "--reporter=json", "--silent")
    report = json.loads(printed[printed.index("{") :])
    assert report["success"]
    assert report["numPassedTests"] == report["numTotalTests"] >= 90


def test_its_tests_are_typed() -> None:
    """TypeScript finds no mistake in the library and in its tests."""
    workspace.run("tsc", "--noEmit", "-p", "projects/iris-hub-client/tsconfig.spec.json")


def test_its_style() -> None:
    """Prettier would change nothing."""
    workspace.run("prettier", "--check", "projects", "legacy", "packages.mjs", "schematics.mjs", "schematics.d.mts")
