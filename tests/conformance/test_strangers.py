"""What the command that installs servers and browsers finds missing."""

import re
from pathlib import Path

import pytest

from bench.abuse import fronts
from conformance import strangers
from tests.parties import any_browser
from tests.parties.hub import PROJECT


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that the tests would leave out passes in silence."""
    monkeypatch.setattr(fronts, "installed", lambda: ["direct", "nginx"])
    monkeypatch.setattr(any_browser, "BROWSERS", ["chromium", "firefox"])

    assert strangers.missing() == ["haproxy", "webkit"]


def test_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all of them there is nothing to say."""
    monkeypatch.setattr(fronts, "installed", lambda: list(fronts.FRONTS))
    monkeypatch.setattr(any_browser, "BROWSERS", ["chromium", "firefox", "webkit"])

    assert strangers.missing() == []


def test_each_test_that_needs_a_stranger_is_run() -> None:
    """A test that leaves out what the machine does not have is one of those that this command runs."""
    needing = {
        str(file.relative_to(PROJECT))
        for file in PROJECT.glob("tests/**/test_*.py")
        if re.search(r"parametrize\([^)]*\bBROWSERS\b|is not installed", file.read_text(encoding="utf-8"))
    }

    assert needing - {str(Path(__file__).relative_to(PROJECT))} == set(strangers.TESTS)
