"""What the command that installs servers and browsers finds missing."""

import pytest

from bench.abuse import fronts
from conformance import strangers
from tests.parties import any_browser


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
