"""A logout at the provider reaches every open channel on every worker, and nothing is executed after it."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any

import aiohttp
import pytest
from websockets.exceptions import WebSocketException

from iris_standin import Client, Standin
from tests.parties.api import Api
from tests.parties.browser import Browser
from tests.parties.channel import Channel, ChannelClosedError
from tests.parties.hub import Hub, free_port, public_url, redirect_uri, settings
from tests.parties.openid_provider import OidcProvider
from tests.scenarios.conftest import SECRET, log_in, routes

CHANNELS = 8  # the kernel spreads connections over the workers; one in 128 times all would land on one
WORKERS = "2"


async def die_together(hub: Hub, browser: Browser, log_out: Callable[[], Awaitable[None]], *, path: str) -> None:
    """Open channels on both workers, log out at the provider, and check that all of them die of it."""
    channels = [await Channel.open(browser) for _ in range(CHANNELS)]
    assert {(await channel.request("GET", path)).status for channel in channels} == {200}
    await log_out()
    closed = await asyncio.gather(*(channel.closed for channel in channels))

    assert {error.code for error in closed} == {4401}
    assert [(await channel.events.get())["data"]["reason"] for channel in channels] == ["provider"] * CHANNELS
    assert await hub.metric("hub_kill_seconds_count") == CHANNELS
    await nothing_is_executed(browser, channels, path)


async def nothing_is_executed(browser: Browser, channels: list[Channel], path: str) -> None:
    """Check that neither door lets anything through, on either worker, and that both say why."""
    for channel in channels:
        with pytest.raises((ChannelClosedError, WebSocketException)):
            await channel.request("GET", path)
    refused = [await browser.fetch(path) for _ in range(CHANNELS)]
    assert {answer.status for answer in refused} == {401}
    problem = refused[0].json()
    assert (problem["type"], problem["reason"]) == ("urn:hub:problem:session-ended", "provider")
    with pytest.raises((ChannelClosedError, WebSocketException)):
        await Channel.open(browser)


@dataclass
class OtherHouse:
    """A hub with two workers, an independent provider, and an API that counts its calls."""

    hub: Hub
    provider: OidcProvider
    api: Api

    async def log_in(self, browser: Browser, user: str = "alice") -> None:
        """Go through the provider's login and consent pages."""
        page = await browser.open("/hub/login")
        page = await browser.submit(page, {"login": user, "password": self.provider.users[user]})
        await browser.submit(page, {}, button="consent")


@asynccontextmanager
async def other_house() -> AsyncIterator[OtherHouse]:
    """Start the parties; the provider knows the hub's back-channel address."""
    port = free_port()
    async with (
        OidcProvider.start(
            redirect_uri(port),
            post_logout_redirect_uri=f"{public_url(port)}/",
            access_token_format="jwt",
            backchannel_logout_uri=f"{public_url(port)}/hub/backchannel-logout",
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
            HUB_SERVER_PROCESSES=WORKERS,
        )
        async with Hub.start(environment, port=port) as hub:
            yield OtherHouse(hub, provider, api)


async def test_back_channel() -> None:
    """L1 to L10 with a certified provider: its logout token ends the session; channels die, nothing runs, others stay."""
    async with other_house() as house, Browser(house.hub.url) as browser, Browser(house.hub.url) as other:
        await house.log_in(browser)
        await house.log_in(other, "bob")
        bystander = await Channel.open(other)

        async def log_out() -> None:
            page = await browser.open(f"{house.provider.issuer}/session/end?client_id={house.provider.client_id}")
            await browser.submit(page, {}, button="logout")

        await die_together(house.hub, browser, log_out, path="/api/who")
        assert len(house.api.calls) == CHANNELS  # those before the logout
        assert (await bystander.request("GET", "/api/who")).body == {"subject": "bob"}
        await house.hub.stop()  # finishes the revocations
        revoked = await house.provider.events(route="revocation")
        told = house.hub.events("provider.logout_received")

    assert [event.outcome for event in revoked] == ["success", "unsupported_token_type"]  # it cannot revoke a JWT access token
    assert [(event["provider"], event["sessions"]) for event in told] == [("main", 1)]


async def test_front_channel() -> None:
    """F1 to F4 with the stand-in: its logout page frames the hub's address, which ends the session without any cookie."""
    port = free_port()
    frame = f"{public_url(port)}/hub/frontchannel-logout"
    client = Client("hub", SECRET, [redirect_uri(port)], [f"{public_url(port)}/"], frame)
    standin = Standin(None, [client], expose_secrets=True)
    await standin.start()
    environment = settings(standin.issuer, "hub", SECRET, routes(standin.clinic_url), HUB_SERVER_PROCESSES=WORKERS)
    try:
        async with Hub.start(environment, port=port) as hub, Browser(hub.url) as browser, Browser(hub.url) as other:
            await log_in(browser)
            id_token = standin.issued["id_token"][-1]
            await log_in(other, "bob")
            bystander = await Channel.open(other)

            async def log_out() -> None:
                await load_frames(await logout_page(standin, id_token), standin.issuer)

            await die_together(hub, browser, log_out, path="/api/echo")
            assert (await bystander.request("GET", "/api/echo")).status == 200
    finally:
        await standin.stop()


async def logout_page(standin: Standin, id_token: str) -> str:
    """Log out at the stand-in as another application of the same single sign-on does; return the page that a browser gets."""
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{standin.issuer}/logout", params={"id_token_hint": id_token}) as answer,
    ):
        assert answer.status == 200
        return await answer.text()


async def load_frames(page: str, issuer: str) -> None:
    """Load what a page of the provider frames, as a browser does that sends no Strict cookies to another site."""
    sources = [unescape(source) for source in re.findall(r'<iframe[^>]*src="([^"]*)"', page)]
    assert sources
    headers: dict[str, Any] = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    async with aiohttp.ClientSession() as http:
        for source in sources:
            async with http.get(source, headers=headers) as answer:
                assert (answer.status, "IRISLogout=end" in source) == (200, True)
                assert answer.headers["Content-Security-Policy"].endswith(f"frame-ancestors {issuer.removesuffix('/oauth2')}")
