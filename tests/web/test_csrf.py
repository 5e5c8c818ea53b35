"""CSRF proof: B10-B13 of RFC 10017 and ASVS 3.5."""

import pytest

from hub.errors import RequestRefused
from hub.session.cookie import xsrf_token
from hub.session.model import SessionId
from hub.web import csrf

ORIGIN = "https://hub.example"
MINE = SessionId("m" * 43)
OTHER = SessionId("o" * 43)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-CSRF": "1"},
        {"X-XSRF-TOKEN": xsrf_token(MINE)},
        {"X-Hub-CSRF": "1", "Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_proof_is_taken(headers: dict[str, str]) -> None:
    """B11: either header proves that a script of our page made the request."""
    csrf.require_proof(headers, ORIGIN, MINE)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-CSRF": "0"},
        {"X-XSRF-TOKEN": xsrf_token(OTHER)},
        {"X-XSRF-TOKEN": ""},
        {"X-XSRF-TOKEN": xsrf_token(OTHER), "X-Hub-CSRF": "1"},
        {"X-Hub-CSRF": "1", "Origin": "https://evil.example"},
        {"X-Hub-CSRF": "1", "Origin": "https://sub.hub.example"},
        {"X-Hub-CSRF": "1", "Origin": "http://hub.example"},
        {"X-Hub-CSRF": "1", "Origin": "https://hub.example:8443"},
        {"X-Hub-CSRF": "1", "Origin": "null"},
        {"X-Hub-CSRF": "1", "Sec-Fetch-Site": "cross-site"},
        {"X-Hub-CSRF": "1", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_without_proof_refused(headers: dict[str, str]) -> None:
    """B10, B12, B13: no header, a foreign token, another origin, and a sibling subdomain are refused."""
    with pytest.raises(RequestRefused):
        csrf.require_proof(headers, ORIGIN, MINE)


def test_link_on_relaxed_route() -> None:
    """A download by link passes on Fetch Metadata alone, if it is our own page's or typed."""
    for site in ("same-origin", "none"):
        csrf.require_link({"Sec-Fetch-Site": site}, ORIGIN, "GET", MINE)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("GET", {"Sec-Fetch-Site": "cross-site"}),
        ("GET", {"Sec-Fetch-Site": "same-site"}),
        ("GET", {"Sec-Fetch-Site": "same-origin", "X-XSRF-TOKEN": xsrf_token(OTHER)}),
        ("POST", {"Sec-Fetch-Site": "same-origin"}),
        ("DELETE", {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}),
    ],
)
def test_relaxed_route_still_refuses(method: str, headers: dict[str, str]) -> None:
    """Unsafe methods need the header everywhere; other sites and browsers without Fetch Metadata are refused."""
    with pytest.raises(RequestRefused):
        csrf.require_link(headers, ORIGIN, method, MINE)
