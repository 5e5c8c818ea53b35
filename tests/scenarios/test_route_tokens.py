"""One hub, five routes: each sends the token that its settings name, and nothing in its place."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.parties.browser import Browser
from tests.parties.channel import Channel
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, CannedAnswer, HostileProvider
from tests.parties.hub import Hub, settings
from tests.parties.resource_server import Exchange, RawResourceServer, answering

KINDS = {
    "user": {"token": "user"},
    "none": {"token": "none"},
    "client": {"token": "client", "audience": "reports", "scopes": ["read"]},
    "exchange": {"token": "exchange", "audience": "lab"},
    "resource": {"token": "user", "resource": "https://lab.example/api"},
}
REFUSED = CannedAnswer(400, b'{"error": "invalid_target"}', {"Content-Type": "application/json"})


@dataclass
class Site:
    """A hub between a provider and an API."""

    hub: Hub
    provider: HostileProvider
    api: RawResourceServer

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[Browser]:
        """Open a browser whose user is logged in."""
        async with Browser(self.hub.url) as browser:
            await browser.open("/hub/login?return_to=/here")
            yield browser

    def seen(self) -> list[tuple[str, str | None]]:
        """Return path and Authorization of all requests to the API so far, and forget them."""
        seen = [(request.target, request.header("Authorization")) for request in self.api.requests]
        self.api.requests.clear()
        return seen


async def answer(exchange: Exchange) -> None:
    """Answer whatever is asked."""
    await exchange.body()
    await exchange.answer(body=b"{}")


@asynccontextmanager
async def start() -> AsyncIterator[Site]:
    """Start all three."""
    api = await RawResourceServer.start(answer)
    routes = [{"prefix": f"/{kind}", "target": f"{api.url}/{kind}", **more} for kind, more in KINDS.items()]
    try:
        async with (
            HostileProvider.start() as provider,
            Hub.start(settings(provider.issuer, CLIENT_ID, CLIENT_SECRET, routes)) as hub,
        ):
            yield Site(hub, provider, api)
    finally:
        await api.stop()


async def test_each_route_its_own_token() -> None:
    """Over HTTP and the channel: five kinds, five different tokens or none, each got once and kept for the next call."""
    async with start() as site, site.browser() as browser:
        channel = await Channel.open(browser)
        for kind in KINDS:
            assert (await browser.fetch(f"/{kind}/x")).status == 200
            assert (await channel.request("GET", f"/{kind}/x")).status == 200
        seen = site.seen()
        grants = [request.arguments for request in site.provider.requests if request.path == "/token"]

        assert all(seen[2 * index] == seen[2 * index + 1] for index in range(len(KINDS)))
        tokens = dict(seen)
        assert tokens.pop("/none/x") is None
        assert all((token or "").startswith("Bearer ") for token in tokens.values())
        assert len(set(tokens.values())) == 4
        kinds = sorted(grant["grant_type"].rpartition(":")[2] for grant in grants)
        assert kinds == ["authorization_code", "client_credentials", "refresh_token", "token-exchange"]
        await channel.close()


async def test_two_users_share_the_hubs_token_only() -> None:
    """What belongs to a user is never another user's; the hub's own token is one for all."""
    async with start() as site:
        seen = []
        for _ in range(2):
            async with site.browser() as browser:
                for kind in ("user", "exchange", "resource", "client"):
                    assert (await browser.fetch(f"/{kind}/x")).status == 200
            seen.append(dict(site.seen()))

        same = [path for path in seen[0] if seen[0][path] == seen[1][path]]
        assert same == ["/client/x"]


@pytest.mark.parametrize("kind", ["client", "exchange", "resource"])
async def test_token_that_is_refused(kind: str) -> None:
    """The call fails typed and reaches the API with no other token; the session lives on, and so do the other routes."""
    async with start() as site, site.browser() as browser:
        site.provider.answers["/token"] = REFUSED
        refused = await browser.fetch(f"/{kind}/x")

        assert (refused.status, refused.json()["type"]) == (403, "urn:hub:problem:token-not-issued")
        assert site.seen() == []
        assert (await browser.fetch("/user/x")).status == 200


async def test_nothing_without_a_login() -> None:
    """A route with the hub's own token is no way in for strangers: all but `none` want a session."""
    async with start() as site, Browser(site.hub.url) as stranger:
        statuses = {kind: (await stranger.fetch(f"/{kind}/x", headers={"X-Hub-CSRF": "1"})).status for kind in KINDS}

        assert statuses == {"user": 401, "none": 200, "client": 401, "exchange": 401, "resource": 401}
        assert [path for path, _ in site.seen()] == ["/none/x"]


@pytest.mark.parametrize(("kind", "expected"), [("user", 1), ("client", 2), ("exchange", 2), ("resource", 2)])
async def test_api_that_always_refuses(kind: str, expected: int) -> None:
    """Forty calls over two doors, all answered with 401: one renewal, besides the token that the first call gets."""
    async with start() as site, site.browser() as browser:
        channel = await Channel.open(browser)
        before = site.provider.calls("/token")
        site.api.behaviour = answering(401)
        for _ in range(20):
            refused = await browser.fetch(f"/{kind}/x")
            over_channel = await channel.request("GET", f"/{kind}/x")
            assert (refused.status, over_channel.status) == (401, 401)
            assert refused.json() == over_channel.body
            assert "just renewed" in refused.json()["detail"]

        assert site.provider.calls("/token") - before == expected
        await channel.close()
