"""Logout, from either side (RP-Initiated, Back-Channel and Front-Channel Logout 1.0), seen from the browser."""

from typing import Any

import pytest

from tests.parties.browser import Browser
from tests.parties.hostile_provider import CLIENT_SECRET
from tests.parties.signing import SigningKey
from tests.web.conftest import House
from tests.web.test_provider_logout import ENDED, LIVES, SID, frame, provider_posts, state

EVENT = "http://schemas.openid.net/event/backchannel-logout"


async def log_out(house: House, browser: Browser) -> str:
    """Log out at the hub; return the address at the provider where the browser has to go."""
    destination: str = (await browser.fetch("/hub/logout", method="POST")).json()["redirect_to"]
    return destination


async def test_oidcc_client_test_rp_backchannel_rpinitlogout(house: House) -> None:
    """The user logs out in one browser; the provider's logout token ends the session in the other, and is answered with 200."""
    async with house.browser() as here, house.browser() as there, provider_posts(house) as post:
        await log_out(house, here)
        answer = await post(house.provider.logout_token())

        assert (answer.status, answer.header("Cache-Control")) == (200, "no-store")
        assert await state(there) == ENDED
        assert (await there.fetch("/api/patients")).status == 401


@pytest.mark.parametrize(
    ("lever", "claims"),
    [
        pytest.param("none", {}, id="oidcc-client-test-rp-backchannel-rpinitlogout-alg-none"),
        pytest.param("hs256", {}, id="oidcc-client-test-rp-backchannel-rpinitlogout-wrong-alg"),
        pytest.param("", {"events": None}, id="oidcc-client-test-rp-backchannel-rpinitlogout-no-event"),
        pytest.param(
            "", {"events": {"http://example.org/other": {}}}, id="oidcc-client-test-rp-backchannel-rpinitlogout-wrong-event"
        ),
        pytest.param("", {"events": {EVENT: "yes"}}, id="event-that-is-no-object"),
        pytest.param("", {"aud": "somebody-else"}, id="oidcc-client-test-rp-backchannel-rpinitlogout-wrong-aud"),
        pytest.param("", {"iss": "https://evil.example"}, id="oidcc-client-test-rp-backchannel-rpinitlogout-wrong-iss"),
        pytest.param("", {"nonce": "n"}, id="oidcc-client-test-rp-backchannel-rpinitlogout-with-nonce"),
        pytest.param("", {"sub": None, "sid": None}, id="neither-sub-nor-sid"),
        pytest.param("", {"jti": None}, id="no-jti"),
        pytest.param("", {"exp": 1}, id="expired"),
    ],
)
async def test_refused_logout_token(house: House, lever: str, claims: dict[str, Any]) -> None:
    """A logout token that breaks a rule is answered with 400, and ends nothing."""
    if lever == "none":
        house.provider.signing_key = None
    elif lever == "hs256":
        house.provider.signing_key = SigningKey("first", "HS256", CLIENT_SECRET.encode())
    token = house.provider.logout_token(**claims)
    async with provider_posts(house) as post:
        house.provider.signing_key = SigningKey.rsa("first")
        async with house.browser() as browser:
            answer = await post(token)

            assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
            assert await state(browser) == LIVES


async def test_oidcc_client_test_rp_frontchannel_opinitlogout(house: House) -> None:
    """The provider's logout page loads the hub's address in a frame, which ends the session without any cookie."""
    async with house.browser() as browser:
        answer = await frame(house, ("iss", house.provider.issuer), ("sid", SID))

        assert (answer.status, answer.header("Cache-Control")) == (200, "no-store")
        assert await state(browser) == ENDED


@pytest.mark.parametrize(
    "returned",
    [
        pytest.param("{state}", id="oidcc-client-test-rp-init-logout"),
        pytest.param("?state=other", id="oidcc-client-test-rp-init-logout-other-state"),
        pytest.param("", id="oidcc-client-test-rp-init-logout-no-state"),
    ],
)
async def test_oidcc_client_test_rp_init_logout(house: House, returned: str) -> None:
    """The browser is sent to the provider, and comes back logged out, with whatever state."""
    async with house.browser() as browser:
        destination = await log_out(house, browser)
        assert destination.startswith(f"{house.provider.issuer}/logout?")
        assert "id_token_hint" not in destination
        own = "?state=" + destination.partition("state=")[2].partition("&")[0]
        page = await browser.open("/" + returned.replace("{state}", own), from_site=house.provider.issuer)

        assert (page.status, "<title>App</title>" in page.text) == (200, True)
        assert (await browser.fetch("/hub/session")).json()["authenticated"] is False
