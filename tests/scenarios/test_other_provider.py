"""The same hub, by settings alone, with an independent certified provider (npm oidc-provider), on two worker processes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.parties.api import Api
from tests.parties.browser import Answer, Browser
from tests.parties.hub import Hub, free_port, public_url, redirect_uri, settings
from tests.parties.openid_provider import OidcProvider
from tests.scenarios.constant_load import call_until_refreshed

TOKEN_SECONDS = 5
LIFETIMES = 10
CALLERS = 8


@dataclass
class Setup:
    """Hub, provider and API."""

    hub: Hub
    provider: OidcProvider
    api: Api

    async def log_in(self, browser: Browser) -> Answer:
        """Go through the provider's login and consent pages."""
        page = await browser.open("/hub/login?return_to=/here")
        page = await browser.submit(page, {"login": "alice", "password": self.provider.users["alice"]})
        return await browser.submit(page, {}, button="consent")


@pytest.fixture(params=["client_secret_basic", "client_secret_post"])
async def setup(request: pytest.FixtureRequest) -> AsyncIterator[Setup]:
    """A hub with two workers in front of an API that trusts oidc-provider; refresh tokens rotate, reuse revokes the grant."""
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
        post = request.param == "client_secret_post"
        environment = settings(
            provider.issuer,
            provider.client_id_post if post else provider.client_id,
            provider.client_secret,
            [{"prefix": "/api", "target": api.url}],
            HUB_PROVIDER_CLIENT_AUTHENTICATION=request.param,
            HUB_PROVIDER_SCOPES="openid,profile,email,offline_access,api",
            HUB_PROVIDER_AUTHORIZATION_PARAMETERS='{"prompt": "consent"}',
            HUB_SERVER_PROCESSES="2",
        )
        async with Hub.start(environment, port=port) as hub:
            yield Setup(hub, provider, api)


@pytest.mark.parametrize("setup", ["client_secret_basic"], indirect=True)
async def test_ten_lifetimes_under_load(setup: Setup) -> None:
    """Ten refreshes of 5 s tokens under constant load on two workers: no failed request, one refresh per expiry."""
    async with Browser(setup.hub.url) as browser:
        assert (await setup.log_in(browser)).url == setup.hub.url + "/here"

        async def refreshes() -> int:
            return len(await setup.provider.events(grant_type="refresh_token"))

        load = await call_until_refreshed(browser, "/api/who", refreshes, times=LIFETIMES, callers=CALLERS)
        grants = await setup.provider.events(grant_type="refresh_token")

    tokens = {token for _, status, token in setup.api.calls if status == 200}
    print(f"requests by status: {dict(load.statuses)}; refresh grants: {len(grants)}; access tokens seen: {len(tokens)}")  # noqa: T201
    assert set(load.statuses) == {200}
    assert load.statuses[200] > CALLERS * LIFETIMES
    assert {grant.outcome for grant in grants} == {"success"}  # none was spent twice: that would have revoked all
    assert len(grants) + 1 in (len(tokens), len(tokens) + 1)  # one a token; the last may have come too late to be used
    assert len(grants) <= load.seconds / (TOKEN_SECONDS * 3 / 4) + 1  # a token is used for at least three quarters of its life


async def test_log_in_and_out(setup: Setup) -> None:
    """Both kinds of client authentication log in; logging out visits the provider without an ID token, and revokes."""
    async with Browser(setup.hub.url) as browser:
        assert (await setup.log_in(browser)).url == setup.hub.url + "/here"
        session = (await browser.fetch("/hub/session")).json()
        assert (session["subject"], (await browser.fetch("/api/who")).json()) == ("alice", {"subject": "alice"})

        destination = (await browser.fetch("/hub/logout", method="POST")).json()["redirect_to"]
        assert destination.startswith(setup.provider.issuer)
        assert "id_token" not in destination
        page = await browser.submit(await browser.open(destination), {}, button="logout")
        assert page.url.startswith(setup.hub.url + "/?state=")
        assert "password" in (await browser.open("/hub/login")).text
        assert await setup.hub.stop() == 0  # waits for the revocations
        revoked = await setup.provider.events(route="revocation")

    assert [event.outcome for event in revoked] == ["success", "unsupported_token_type"]  # it cannot revoke a JWT access token
