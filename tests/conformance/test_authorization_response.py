"""What comes back to the callback (RFC 6749 section 4.1.2, RFC 9207, OpenID Connect Core 1.0 sections 3.1.2 and 4)."""

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.conformance.visitor import log_in, require_login, require_refusal
from tests.parties.hostile_provider import HostileProvider
from tests.web.conftest import BuildHouse, House

EVIL = "https://evil.example"


@pytest.mark.parametrize(
    ("response", "logins"),
    [
        pytest.param({"state": "not-that-of-this-login"}, 2, id="state-invalid"),
        pytest.param({"state": None}, 2, id="state-missing"),
        pytest.param({"iss": None}, 1, id="remove-authorization-response-iss"),
        pytest.param({"iss": EVIL}, 1, id="invalid-authorization-response-iss"),
        pytest.param({"iss": EVIL, "code": None, "error": "access_denied"}, 1, id="invalid-iss-of-an-error"),
        pytest.param({"code": None}, 1, id="code-missing"),
    ],
)
async def test_refused_response(house: House, response: dict[str, Any], logins: int) -> None:
    """S2, S3, I1, I2: no code of such a response is used; a login whose state is unknown begins anew once, then stops."""
    house.provider.authorization_response = response

    await require_refusal(house, 400)
    assert house.provider.calls("/token") == 0
    assert house.provider.calls("/authorize") == logins


@pytest.mark.parametrize("iss", [pytest.param(None, id="iss-not-announced")])
async def test_response_without_iss(build_house: BuildHouse, iss: None) -> None:
    """I2: a provider that does not announce `iss`, as IRIS, logs in without it."""

    def announce_nothing(provider: HostileProvider) -> None:
        provider.metadata = {"authorization_response_iss_parameter_supported": None}
        provider.authorization_response = {"iss": iss}

    async with build_house(announce_nothing) as house:
        await require_login(house)


@pytest.mark.parametrize("error", ["access_denied", "login_required", "interaction_required", "server_error", "invalid_scope"])
async def test_error(house: House, error: str) -> None:
    """C14: an error leads to a page that explains it, never to another login by itself."""
    house.provider.authorization_response = {"code": None, "error": error, "error_description": "<b>word of the provider</b>"}
    outcome = await require_refusal(house, 400)

    assert "word of the provider" not in outcome.page.text
    assert house.provider.calls("/authorize") == 1


async def test_oidcc_client_test_3rd_party_init_login(house: House) -> None:
    """C15: no other party chooses provider and landing page (OpenID Connect Core 1.0 section 4); the page says so."""
    for query in (f"iss={quote(EVIL)}&target_link_uri={quote(EVIL)}", f"iss={quote(house.provider.issuer)}"):
        outcome = await log_in(house, f"/hub/login?{query}")

        assert (outcome.page.status, outcome.session["authenticated"]) == (400, False)
        assert "Open the application and log in there" in outcome.page.text
    assert house.provider.calls("/authorize") == 0


async def test_oidcc_client_test_3rd_party_init_login_return_url(house: House) -> None:
    """C15, S1: it may name a page of the application; an address of its own is ignored, and the login ends at `/`."""
    inside = await log_in(house, "/hub/login?return_to=/about.html")
    outside = await log_in(house, f"/hub/login?return_to={quote(EVIL)}")

    assert (inside.page.url, inside.session["authenticated"]) == (f"{house.url}/about.html", True)
    assert (outside.page.url, outside.session["authenticated"]) == (f"{house.url}/", True)


async def test_oidcc_client_test_happy_flow_request(house: House) -> None:
    """B2, S4, S5: the request asks for a code with S256, state and nonce; no other flow is ever asked for."""
    answer = await house.navigate("/hub/login")
    query = parse_qs(urlsplit(answer.header("Location") or "").query)

    assert (query["response_type"], query["code_challenge_method"]) == (["code"], ["S256"])
    assert {"state", "nonce", "code_challenge"} < set(query)
    assert "response_mode" not in query
