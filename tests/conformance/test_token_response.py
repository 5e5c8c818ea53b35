"""Token endpoint: how the hub shows who it is, and what it takes for tokens (RFC 6749 sections 2.3 and 5, RFC 7523)."""

import base64
from typing import Any
from urllib.parse import unquote_plus

import jwt
import pytest

from tests.conformance.visitor import EXPIRY_SECONDS, look, require_login, require_refusal
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, CannedAnswer
from tests.web.conftest import BuildHouse, House


def token_requests(house: House) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Return headers and form of each token request so far."""
    return [(request.headers, request.arguments) for request in house.provider.requests if request.path == "/token"]


async def test_oidcc_client_test_client_secret_basic(house: House) -> None:
    """B1: id and secret arrive in the header, form-encoded before they are joined, and not in the form."""
    await require_login(house)
    ((headers, form),) = token_requests(house)
    kind, _, credentials = headers["Authorization"].partition(" ")
    pair = [unquote_plus(part) for part in base64.b64decode(credentials).decode().split(":")]

    assert (kind, pair) == ("Basic", [CLIENT_ID, CLIENT_SECRET])
    assert not {"client_id", "client_secret", "client_assertion"} & set(form)


async def test_oidcc_client_test_client_secret_post(build_house: BuildHouse) -> None:
    """B1: with `client_secret_post` both arrive in the form, and in no header."""
    async with build_house(provider_settings={"client_authentication": "client_secret_post"}) as house:
        await require_login(house)
        ((headers, form),) = token_requests(house)

    assert (form["client_id"], form["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)
    assert "Authorization" not in headers


async def test_oidcc_client_test_client_secret_jwt(build_house: BuildHouse) -> None:
    """B1: with `client_secret_jwt` the secret itself is never sent; each request has an assertion of its own."""
    async with build_house(provider_settings={"client_authentication": "client_secret_jwt"}) as house:
        await require_login(house)
        await require_login(house)
        requests = token_requests(house)
        claims = [
            jwt.decode(
                form["client_assertion"],
                CLIENT_SECRET,
                algorithms=["HS256"],
                audience=house.provider.issuer,
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            for _, form in requests
        ]

    assert [(claim["iss"], claim["sub"]) for claim in claims] == [(CLIENT_ID, CLIENT_ID)] * 2
    assert all(0 < claim["exp"] - house.clock.now() <= 300 for claim in claims)
    assert len({claim["jti"] for claim in claims}) == 2
    assert not [form for headers, form in requests if "Authorization" in headers or "client_secret" in form]


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"expires_in": None}, id="no-expires-in"),
        pytest.param({"scope": None}, id="no-scope"),
        pytest.param({"refresh_token": None}, id="no-refresh-token", marks=pytest.mark.expects_log),
        pytest.param({"token_type": "bEaReR"}, id="token-type-case"),
        pytest.param({"unheard_of": [1, 2]}, id="unknown-member"),
    ],
)
async def test_accepted_response(house: House, members: dict[str, Any]) -> None:
    """C11, C12: what a token response may leave out, spell otherwise or add does not hinder a login."""
    house.provider.token_members = members

    await require_login(house)


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"id_token": None}, id="no-id-token"),
        pytest.param({"access_token": None}, id="no-access-token"),
        pytest.param({"token_type": None}, id="no-token-type"),
        pytest.param({"token_type": "DPoP"}, id="token-type-dpop"),
        pytest.param({"token_type": "mac"}, id="token-type-unknown"),
    ],
)
async def test_refused_response(house: House, members: dict[str, Any]) -> None:
    """C12: without an ID token, or with tokens of another type, nobody is logged in."""
    house.provider.token_members = members

    await require_refusal(house)


async def test_refused_code(house: House) -> None:
    """C14: a code that the provider does not take leads to a page, and not to another login by itself."""
    house.provider.answers["/token"] = CannedAnswer(400, b'{"error": "invalid_grant"}')
    await require_refusal(house, 400)

    assert house.provider.calls("/authorize") == 1


@pytest.mark.expects_log
async def test_no_refresh_token_no_renewal(house: House) -> None:
    """B19, B20: a login without refresh token ends with its access token, and its user is told so."""
    house.provider.token_members = {"refresh_token": None}
    async with house.browser() as browser:
        page = await browser.open("/")
        await house.clock.advance(EXPIRY_SECONDS)
        refused = await browser.fetch("/api/patients")
        outcome = await look(browser, page)

    assert (refused.status, refused.json()["reason"]) == (401, "no_refresh_token")
    assert (outcome.session["authenticated"], outcome.api_status) == (False, 401)
