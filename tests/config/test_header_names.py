"""Which request headers pass to an API, which may be named to pass, and which never do."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config import header_names
from hub.config.header_names import CREDENTIALS, PASSED_FAMILIES, PASSED_NAMES, passes, refusal

ROOT = Path(__file__).parents[2]
IDENTITY = [
    line for line in (ROOT / "tests/data/identity_headers.txt").read_text("utf-8").splitlines() if line and line[0] != "#"
]


@pytest.mark.parametrize("name", IDENTITY)
def test_identity_like_names(name: str) -> None:
    """Whatever tells a server who asks, from where or by which method neither passes nor may be named."""
    assert not passes(name.lower())
    assert refusal(name) is not None


def test_how_many() -> None:
    """The corpus is as large as it was when it was written."""
    assert len(IDENTITY) >= 200


@pytest.mark.parametrize("name", sorted(CREDENTIALS))
def test_credentials_pass_by_choice(name: str) -> None:
    """A key that the application holds itself passes where a route names it, and nowhere else."""
    assert not passes(name)
    assert refusal(name) is None


@pytest.mark.parametrize("name", ["X-Tenant", "X-Ward-7", "X-Cascade", "sap-language", "X-Page", "Ward"])
def test_names_of_applications_pass_by_choice(name: str) -> None:
    """A name that means nothing to servers may be named."""
    assert not passes(name.lower())
    assert refusal(name) is None


def test_what_passes_is_never_refused() -> None:
    """The two lists do not contradict each other."""
    assert [name for name in PASSED_NAMES if refusal(name) is not None] == []
    assert [name for name in PASSED_NAMES if not passes(name)] == []
    assert [family for family in PASSED_FAMILIES if not passes(f"{family}x")] == []


@pytest.mark.parametrize(
    "name", ["", "x-", "x-a b", "x-a:", "x-\r\ncookie", "x-é", "x_tenant", " x-tenant", "x-tenant\n", "accept-"]
)
def test_what_is_no_name(name: str) -> None:
    """Names that servers read in several ways cannot be named."""
    assert refusal(name) is not None


@given(st.text(max_size=30))
def test_whatever_passes_is_one_token(name: str) -> None:
    """For any text."""
    if passes(name.lower()):
        assert re.fullmatch(r"[a-z0-9!#$%&'*+.^`|~-]+", name.lower())
        assert name.lower() != "content-length"


def test_published() -> None:
    """docs/http-api.md lists what passes and what never does, name by name."""
    document = (ROOT / "docs/http-api.md").read_text("utf-8")
    section = document[document.index("### Request headers") :]
    section = section[: section.index("\n### ", 5)]
    passed, _, never = section.partition("**Never**")
    documented = {name.lower() for name in re.findall(r"`([^`\s]+)`", passed)}

    assert documented >= PASSED_NAMES
    assert {f"{family}*" for family in PASSED_FAMILIES} <= documented
    assert documented >= CREDENTIALS
    refused = {name.lower() for name in re.findall(r"`([^`\s]+)`", never)}
    assert {f"{family}*" for family in header_names.IDENTITY_FAMILIES} <= refused
    assert refused >= header_names.IDENTITY_WORDS | header_names.IDENTITY_NAMES
