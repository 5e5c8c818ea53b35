"""Every way in which IRIS may behave, by a toggle of the stand-in: the same story each time, and it ends as it should."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from iris_standin import Options
from tests.parties.browser import Browser
from tests.scenarios.conftest import Clinic, StartClinic
from tests.scenarios.test_native_jwt import log_in as log_in_natively
from tests.scenarios.test_native_jwt import native_clinic
from tests.waiting import hang_timeout

TESTS = Path(__file__).resolve().parent.parent
WITHOUT_OFFLINE_ACCESS = {"HUB_PROVIDER_SCOPES": "openid,profile"}

UNNOTICED: dict[str, dict[str, Any]] = {
    "discovery of IRIS 2023.1": {"profile": "2023.1"},
    "code lives for a second": {"authorization_code_seconds": 1},
    "session at the provider until the browser closes": {"session_seconds": 0},
    "no session at the provider": {"support_session": False},
    "session cookie strict": {"same_site": "Strict"},
    "session cookie lax": {"same_site": "Lax"},
    "refresh token to confidential clients": {"refresh_policy": "c"},
    "refresh token for offline_access": {"refresh_policy": "f"},
    "refresh without rotation": {"rotate_refresh": False},
    "refresh names no refresh token": {"rotate_refresh": False, "refresh_returns_refresh_token": False},
    "refresh brings no ID token": {"refresh_returns_id_token": False},
    "refresh repeats the nonce": {"id_token_nonce_on_refresh": "original"},
    "public clients may refresh": {"allow_public_client_refresh": True},
    "opaque access tokens": {"opaque_access_token": True},
    "RS384": {"signing_algorithm": "RS384"},
    "RS512": {"signing_algorithm": "RS512"},
    "ES256": {"signing_algorithm": "ES256"},
    "ES384": {"signing_algorithm": "ES384"},
    "ES512": {"signing_algorithm": "ES512"},
    "aud as array": {"aud_mode": "array"},
    "PKCE enforced": {"force_pkce": True},
    "any scope": {"allow_unsupported_scope": True},
    "scopes in the order of the request": {"scope_order": "requested"},
    "slow token endpoint": {"token_latency": 0.3},
    "numeric key ids": {"jwks_numeric_kid": True},
    "logout that ends nothing": {"logout_bug_dp432190": True},
    "API asks for each token": {"resource_validation": "introspection"},
    "clock ahead": {"clock_skew_seconds": 40.0},
    "clock behind": {"clock_skew_seconds": -40.0},
    "a unit for each user by name": {"license_per": "user", "license_connections": 1},
    "units are held": {"license_request_seconds": 1, "license_grace_seconds": 1, "use_session": True},
}


async def story(clinic: Clinic, browser: Browser) -> dict[str, Any]:
    """Log in, call, outlive the access token, call, log out; return the session as the page saw it after the login."""
    await clinic.log_in(browser)
    session: dict[str, Any] = (await browser.fetch("/hub/session")).json()
    assert session["authenticated"], session
    assert (await browser.fetch("/api/echo")).json()["subject"] == "alice"
    async with hang_timeout():
        while not clinic.token_requests("refresh_token"):
            assert (await browser.fetch("/api/patients?size=1")).status == 200
    assert (await browser.fetch("/api/patients?size=1")).status == 200
    assert (await browser.fetch("/hub/logout", method="POST")).status == 200
    assert not (await browser.fetch("/hub/session")).json()["authenticated"]
    return session


@pytest.mark.expects_log
@pytest.mark.parametrize("options", UNNOTICED.values(), ids=UNNOTICED)
async def test_nobody_notices(start_clinic: StartClinic, options: dict[str, Any]) -> None:
    """The user sees no difference."""
    async with start_clinic(Options(access_token_seconds=2, **options)) as clinic, clinic.browser() as browser:
        await story(clinic, browser)


async def test_refresh_token_always(start_clinic: StartClinic) -> None:
    """ReturnRefreshToken = a: also for a hub that did not ask for offline_access."""
    options = Options(access_token_seconds=2, refresh_policy="a")
    async with start_clinic(options, **WITHOUT_OFFLINE_ACCESS) as clinic, clinic.browser() as browser:
        await story(clinic, browser)


async def test_no_refresh_token(start_clinic: StartClinic) -> None:
    """Without one the session ends with the access token, and says why."""
    options = Options(access_token_seconds=2, refresh_policy="f")
    async with start_clinic(options, **WITHOUT_OFFLINE_ACCESS) as clinic, clinic.browser("alice") as browser:
        async with hang_timeout():
            while (answer := await browser.fetch("/api/patients?size=1")).status == 200:
                await asyncio.sleep(0.05)  # the token's own end decides
        assert (answer.status, answer.json()["reason"]) == (401, "no_refresh_token")


async def test_native_refresh_token_that_lives_shortly() -> None:
    """JWTRefreshTokenTimeout: whoever works stays logged in, since each refresh makes it live its full time again."""
    async with (
        native_clinic(Options(native_access_seconds=2, native_refresh_seconds=4)) as clinic,
        Browser(clinic.hub.url) as browser,
    ):
        await log_in_natively(browser)
        async with hang_timeout():
            while clinic.asked("refresh", "issued") < 4:  # more than the first refresh token lives
                assert (await browser.fetch("/api/patients?size=1")).status == 200
                await asyncio.sleep(0.02)  # the tokens' own ends decide
        assert (await browser.fetch("/hub/session")).json()["authenticated"]


async def test_refresh_token_that_ends(start_clinic: StartClinic) -> None:
    """RefreshTokenInterval: the login is over when the provider says so."""
    options = Options(access_token_seconds=2, refresh_token_seconds=1)
    async with start_clinic(options) as clinic, clinic.browser("alice") as browser:
        async with hang_timeout():
            while (answer := await browser.fetch("/api/patients?size=1")).status == 200:
                await asyncio.sleep(0.05)  # the token's own end decides
        assert (answer.status, answer.json()["reason"]) == (401, "refused")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_id_token_signed_with_the_secret(start_clinic: StartClinic, algorithm: Any) -> None:
    """HMAC: whoever knows the secret could forge ID tokens. Nobody is logged in."""
    async with start_clinic(Options(signing_algorithm=algorithm)) as clinic, clinic.browser() as browser:
        page = await clinic.log_in(browser)
        assert page.status in (400, 502)
        assert not (await browser.fetch("/hub/session")).json()["authenticated"]


async def test_refresh_whose_answer_is_lost(start_clinic: StartClinic) -> None:
    """Rotation with a lost answer: the refresh token is spent, so that the login is over, and says so; nothing hangs."""
    options = Options(access_token_seconds=2, drop_connection_after_rotation=True)
    async with start_clinic(options) as clinic, clinic.browser("alice") as browser:
        async with hang_timeout():
            while (answer := await browser.fetch("/api/patients?size=1")).status in (200, 503):
                await asyncio.sleep(0.05)  # the hub's own schedule decides
        assert (answer.status, answer.json()["reason"]) == (401, "refused")


def test_every_toggle_is_met() -> None:
    """Each toggle of the stand-in stands in a test of the hub."""
    files = [file for file in TESTS.rglob("*.py") if TESTS / "iris_standin" not in file.parents]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    assert [item.name for item in dataclasses.fields(Options) if item.name not in text] == []
