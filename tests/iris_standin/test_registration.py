"""Dynamic registration, and secrets that expire."""

import json
from typing import Any

from iris_standin import Standin
from tests.iris_standin.browser import CLIENT_ID, Browser
from tests.parties.clock import ManualClock


async def call(browser: Browser, method: str, url: str, body: Any = None, token: str = "") -> tuple[int, dict[str, Any]]:
    """Return status and members."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = None if body is None else json.dumps(body)
    async with browser.http.request(method, url, data=data, headers=headers) as answer:
        return answer.status, await answer.json() if await answer.read() else {}


async def test_the_life_of_a_registration(browser: Browser, standin: Standin) -> None:
    """RFC 7591 and 7592: registered, read, changed, deleted, by whoever holds its token."""
    register = f"{standin.issuer}/register"
    status, client = await call(browser, "POST", register, {"redirect_uris": ["https://hub.example/hub/callback"]})
    assert status == 201
    assert (len(client["client_id"]), len(client["client_secret"]), client["client_secret_expires_at"]) == (43, 86, 0)
    url, token = client["registration_client_uri"], client["registration_access_token"]
    assert (await call(browser, "GET", url))[0] == 401
    status, changed = await call(browser, "PUT", url, {"redirect_uris": ["https://other.example/"]}, token)
    assert (status, changed["redirect_uris"]) == (200, ["https://other.example/"])
    assert (await call(browser, "GET", url, token=token))[1]["client_id"] == client["client_id"]
    assert (await call(browser, "DELETE", url, token=token))[0] == 204
    assert (await call(browser, "GET", url, token=token))[0] == 401


async def test_metadata_that_cannot_be_used(browser: Browser, standin: Standin) -> None:
    """No redirect URI: nothing is registered."""
    for body in ({}, [], {"redirect_uris": []}, {"redirect_uris": "x"}):
        status, error = await call(browser, "POST", f"{standin.issuer}/register", body)
        assert (status, error["error"]) == (400, "invalid_client_metadata")


async def test_public_client(browser: Browser, standin: Standin) -> None:
    """Without authentication there is no secret."""
    metadata = {"redirect_uris": ["https://a.example/"], "token_endpoint_auth_method": "none"}
    _, client = await call(browser, "POST", f"{standin.issuer}/register", metadata)
    assert "client_secret" not in client


async def test_secrets_expire(browser: Browser, standin: Standin, clock: ManualClock) -> None:
    """ClientSecretInterval: from then on the secret is refused."""
    standin.change(client_secret_seconds=60)
    tokens = await browser.tokens()
    await clock.advance(60)
    status, error = await browser.refresh(tokens["refresh_token"])
    assert (status, error["error"], CLIENT_ID) == (401, "invalid_client", "hub")
