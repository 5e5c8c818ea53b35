"""Refreshing (RFC 6749 section 6, OpenID Connect Core 1.0 section 12), seen from the browser."""

from typing import Any

import pytest

from tests.conformance.visitor import EXPIRY_SECONDS, look
from tests.parties.hostile_provider import CannedAnswer
from tests.web.conftest import House


def refreshes(house: House) -> list[dict[str, str]]:
    """Return the forms of the refresh requests so far."""
    requests = [request.arguments for request in house.provider.requests if request.path == "/token"]
    return [form for form in requests if form["grant_type"] == "refresh_token"]


async def test_oidcc_client_test_refresh_token(house: House) -> None:
    """After the access token's end the user just goes on; each refresh token is spent once and then forgotten."""
    async with house.browser() as browser:
        for _ in range(2):
            await house.clock.advance(EXPIRY_SECONDS)
            assert (await browser.fetch("/api/patients")).status == 200

    forms = refreshes(house)
    assert len({form["refresh_token"] for form in forms}) == len(forms) == 2
    assert "scope" not in forms[0]


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"iss": "https://evil.example"}, id="oidcc-client-test-refresh-token-invalid-issuer"),
        pytest.param({"sub": "bob"}, id="oidcc-client-test-refresh-token-invalid-sub"),
    ],
)
async def test_somebody_else(house: House, claims: dict[str, Any]) -> None:
    """C10: a refresh that speaks of somebody else ends the session; its tokens are never used."""
    async with house.browser() as browser:
        page = await browser.open("/")
        house.provider.claims = claims
        await house.clock.advance(EXPIRY_SECONDS)
        refused = await browser.fetch("/api/patients")
        outcome = await look(browser, page)

    assert (refused.status, refused.json()["reason"]) == (401, "identity")
    assert (outcome.session["authenticated"], outcome.api_status) == (False, 401)


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": "somebody-else"}, id="other-aud"),
        pytest.param({"nonce": "another"}, id="other-nonce"),
        pytest.param({"auth_time": 1}, id="other-auth-time"),
    ],
)
async def test_clumsy_refresh(house: House, claims: dict[str, Any]) -> None:
    """C10: what is wrong otherwise with a refreshed ID token is reported, and its claims are not used; no session is lost."""
    async with house.browser() as browser:
        house.provider.claims = claims
        await house.clock.advance(EXPIRY_SECONDS)
        answer = await browser.fetch("/api/patients")

    assert answer.status == 200


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"id_token": None}, id="no-id-token"),
        pytest.param({"expires_in": None}, id="no-expires-in"),
        pytest.param({"scope": None}, id="no-scope"),
        pytest.param({"refresh_token": None}, id="no-new-refresh-token"),
        pytest.param({"token_type": "bearer"}, id="token-type-case"),
    ],
)
async def test_tolerated(house: House, members: dict[str, Any]) -> None:
    """C11: a refresh response may leave out what it likes but the access token."""
    async with house.browser() as browser:
        house.provider.token_members = members
        await house.clock.advance(EXPIRY_SECONDS)
        answer = await browser.fetch("/api/patients")

    assert answer.status == 200


async def test_invalid_grant(house: House) -> None:
    """B20: a refresh token that the provider has revoked ends the session; the user is told to log in, and then can."""
    async with house.browser() as browser:
        house.provider.answers["/token"] = CannedAnswer(400, b'{"error": "invalid_grant"}')
        await house.clock.advance(EXPIRY_SECONDS)
        refused = await browser.fetch("/api/patients")
        del house.provider.answers["/token"]
        outcome = await look(browser, await browser.open("/hub/login"))

    assert (refused.status, refused.json()["reason"], refused.json()["login_url"]) == (401, "refused", "/hub/login")
    assert (outcome.session["authenticated"], outcome.api_status) == (True, 200)
