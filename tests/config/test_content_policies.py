"""What each policy of pages allows: the presets loosen styles and Trusted Types, and nothing else."""

import pytest

from hub.config.content_policies import DEFAULT, PRESETS, is_policy, policy_of
from hub.config.reader import load
from tests.config.test_reader import REQUIRED


def directives(policy: str) -> dict[str, list[str]]:
    """Return the sources of each directive."""
    return {name: sources for name, *sources in (directive.split() for directive in policy.split(";"))}


@pytest.mark.parametrize("policy", [DEFAULT, *PRESETS.values()])
def test_scripts_of_every_preset(policy: str) -> None:
    """Scripts are files of this origin: none is inline, and no text becomes one."""
    assert directives(policy)["script-src"] == ["'self'"]


def test_trusted_types() -> None:
    """An injected script cannot create a Trusted Types policy of a name of its own."""
    for policy in (DEFAULT, PRESETS["angular-styles"]):
        assert directives(policy)["trusted-types"] == ["angular", "angular#bundler", "angular#components", "default"]
        assert directives(policy)["require-trusted-types-for"] == ["'script'"]


@pytest.mark.parametrize(
    ("preset", "loosened"),
    [("angular-styles", {"style-src"}), ("angular-legacy", {"style-src", "trusted-types", "require-trusted-types-for"})],
)
def test_what_a_preset_loosens(preset: str, loosened: set[str]) -> None:
    """Everything else is as it is by default."""
    strict, loose = directives(DEFAULT), directives(PRESETS[preset])

    assert {name for name in strict if strict[name] != loose.get(name)} == loosened
    assert set(loose) <= set(strict)
    assert loose["style-src"] == ["'self'", "'unsafe-inline'"]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [("angular-legacy", True), ("angular-legcy", False), ("none", False), ("sandbox;", True), ("", True), (DEFAULT, True)],
)
def test_misspelled(setting: str, expected: bool) -> None:
    """A word that is neither a preset nor a directive is a mistake; browsers would ignore it."""
    assert is_policy(setting) is expected


def test_setting() -> None:
    """The setting takes a preset or a policy."""
    for value in ("angular-legacy", "default-src 'none'"):
        static = load(None, {**REQUIRED, "HUB_STATIC_CONTENT_SECURITY_POLICY": value}).static
        assert static.page_policy == policy_of(value)
