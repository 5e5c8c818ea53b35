"""The Angular application at an independent provider (npm oidc-provider), by settings of the hub alone."""

import re

from playwright.async_api import expect

from tests.parties.api import Api
from tests.parties.chromium import Chromium, found_in
from tests.parties.clinic_page import channel_is, go, heap_of
from tests.parties.hub import Hub, free_port, public_url, redirect_uri, settings
from tests.parties.openid_provider import OidcProvider

TOKEN_SECONDS = 5


async def test_at_an_independent_provider() -> None:
    """Deep link, login, calls over several lives of the access token, logout at the provider; no token in the page's memory."""
    port = free_port()
    async with (
        OidcProvider.start(
            redirect_uri(port),
            post_logout_redirect_uri=f"{public_url(port)}/",
            access_token_seconds=TOKEN_SECONDS,
            access_token_format="jwt",
            rotate_refresh_token=True,
        ) as provider,
        Api.start(provider.issuer, provider.resource) as api,
    ):
        environment = settings(
            provider.issuer,
            provider.client_id,
            provider.client_secret,
            [{"prefix": "/api", "target": api.url}],
            HUB_PROVIDER_SCOPES="openid,profile,email,offline_access,api",
            HUB_PROVIDER_AUTHORIZATION_PARAMETERS='{"prompt": "consent"}',
        )
        async with Hub.start(environment, port=port) as hub, Chromium.start() as chromium:
            page = await chromium.open(hub.url + "/connection#here")
            await page.get_by_role("button", name="Log in").click()
            await page.locator('input[name="login"]').fill("alice")
            await page.locator('input[name="password"]').fill(provider.users["alice"])
            await page.locator('button[type="submit"]').first.click()
            await page.get_by_role("button", name="Allow").click()
            await channel_is(page, "Channel open")
            assert page.url == hub.url + "/connection#here"

            renewals = page.get_by_role("row", name="Tokens renewed on the server").locator("td")
            await expect(renewals).to_have_text(re.compile("[2-9]"))
            await page.get_by_role("button", name="Ten calls at once").click()
            await expect(page.get_by_text(re.compile(r"Ten answers in \d+ ms\."))).to_be_visible()
            await go(page, "What your browser holds")
            seen = [token for _, status, token in api.calls if status == 200]
            assert len(seen) >= 10
            assert found_in(await heap_of(page), seen) == []
            assert "eyJhbGciOi" not in await heap_of(page)  # how every JWT begins

            await page.get_by_role("button", name="Log out").click()
            await page.wait_for_url(re.compile(re.escape(provider.issuer)))
