"""Step-up from end to end: a call is refused for want of a better login, the user logs in so, and the same call succeeds."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from iris_standin import Options, Standin
from tests.parties.browser import Answer, Browser
from tests.parties.channel import Channel
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.parties.hub import Hub, free_port, redirect_uri, settings
from tests.parties.openid_provider import OidcProvider
from tests.parties.resource_server import Exchange, RawResourceServer

PROBLEM = "urn:hub:problem:step-up-required"
CHALLENGE = 'Bearer error="insufficient_user_authentication", acr_values="gold", max_age="600"'


@dataclass
class Site:
    """A hub between a provider and an API that wants `gold` logins for what is under `/strict`."""

    hub: Hub
    provider: HostileProvider
    api: RawResourceServer

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[Browser]:
        """Open a browser whose user is logged in, in no special way."""
        async with Browser(self.hub.url) as browser:
            await browser.open("/hub/login?return_to=/here")
            yield browser

    def last_login(self) -> dict[str, list[str]]:
        """Return what the last authorization request asked for."""
        requests = [request for request in self.provider.requests if request.path == "/authorize"]
        return {name: [value] for name, value in requests[-1].arguments.items()}


@asynccontextmanager
async def start(**environment: str) -> AsyncIterator[Site]:
    """Start all three. The API knows the tokens of `gold` logins by asking the provider which claims it gives out."""
    async with HostileProvider.start() as provider:

        async def behave(exchange: Exchange) -> None:
            await exchange.body()
            if exchange.request.target.startswith("/rest/strict") and provider.claims.get("acr") != "gold":
                await exchange.answer(401, ("WWW-Authenticate", CHALLENGE))
            else:
                await exchange.answer(body=b"{}")

        api = await RawResourceServer.start(behave)
        routes: list[dict[str, Any]] = [
            {"prefix": "/api", "target": f"{api.url}/rest"},
            {"prefix": "/gold", "target": f"{api.url}/rest", "acr_values": ["gold", "platinum"]},
        ]
        try:
            async with Hub.start({**settings(provider.issuer, CLIENT_ID, CLIENT_SECRET, routes), **environment}) as hub:
                yield Site(hub, provider, api)
        finally:
            await api.stop()


def login_url(answer: Answer) -> str:
    """Check that a call was refused as it must be, and return where the user has to go."""
    problem = answer.json()
    assert (answer.status, problem["type"], problem["status"]) == (401, PROBLEM, 401)
    assert answer.header("WWW-Authenticate") is None or "Basic" not in str(answer.header("WWW-Authenticate"))
    return f"{problem['login_url']}&return_to=/here"


async def test_challenge_of_the_api() -> None:
    """The API's challenge (RFC 9470) becomes a problem with a login URL; after that login the same call succeeds, both ways."""
    async with start() as site, site.browser() as browser:
        channel = await Channel.open(browser)
        refused = await browser.fetch("/api/strict/order", method="POST", body=b"{}")
        on_channel = await channel.request("POST", "/api/strict/order", body={})
        assert on_channel.problem["type"] == PROBLEM
        assert (await browser.fetch("/api/mild")).status == 200  # the session is as good as before

        old_cookie = browser.session_cookie()
        site.provider.claims = {"acr": "gold"}
        page = await browser.open(login_url(refused))

        assert page.url == site.hub.url + "/here"
        asked = site.last_login()
        assert (asked["acr_values"], asked["max_age"]) == (["gold"], ["600"])
        assert browser.session_cookie() != old_cookie
        assert (await browser.fetch("/api/strict/order", method="POST", body=b"{}")).status == 200
        event = await channel.events.get()
        assert event["name"] == "changed"  # the page is told to open its channel anew, with the new cookie
        again = await Channel.open(browser)
        assert (await again.request("POST", "/api/strict/order", body={})).status == 200
        await again.close()


async def test_old_cookie_goes_on_for_a_moment() -> None:
    """Requests that left with the old cookie, while the login came back, are served as before, and no better."""
    async with start() as site, site.browser() as browser, Browser(site.hub.url) as late:
        late.cookies.update({host: dict(jar) for host, jar in browser.cookies.items()})
        url = login_url(await browser.fetch("/gold/x"))
        site.provider.claims = {"acr": "gold"}
        await browser.open(url)

        assert (await late.fetch("/api/x")).status == 200
        assert login_url(await late.fetch("/gold/x")) == url
        assert (await browser.fetch("/gold/x")).status == 200
        assert late.session_cookie() != browser.session_cookie()


async def test_setting_of_a_route() -> None:
    """A route that wants a way of authentication refuses before the API is asked."""
    async with start() as site, site.browser() as browser:
        refused = await browser.fetch("/gold/x")
        assert site.api.requests == []
        url = login_url(refused)
        assert parse_qs(urlsplit(url).query)["acr_values"] == ["gold platinum"]

        site.provider.claims = {"acr": "platinum"}
        await browser.open(url)
        assert (await browser.fetch("/gold/x")).status == 200


async def test_provider_that_does_not_do_it() -> None:
    """A login that is no better than before is refused with a page (C7); the session that was there lives on."""
    async with start() as site, site.browser() as browser:
        page = await browser.open(login_url(await browser.fetch("/gold/x")))

        assert page.status >= 400
        assert "acr" in page.text
        assert (await browser.fetch("/api/mild")).status == 200


async def test_other_user_logs_in_instead() -> None:
    """If somebody else logs in at that page, it is their session: the former user's page cannot act in it."""
    async with start() as site, site.browser() as browser:
        identity = (await browser.fetch("/hub/session")).json()["identity"]
        url = login_url(await browser.fetch("/gold/x"))
        site.provider.claims = {"acr": "gold", "sub": "mallory"}
        site.provider.userinfo = {"sub": "mallory"}
        await browser.open(url)
        answer = await browser.fetch("/gold/x", method="POST", headers={"X-Hub-Identity": identity}, body=b"{}")

        assert (answer.status, answer.json()["type"]) == (409, "urn:hub:problem:identity-changed")
        assert site.api.requests == []


async def test_too_old_a_login_at_a_real_provider() -> None:
    """A route's `max_age_seconds` makes npm oidc-provider ask for the password again, although it still knows the user."""
    port = free_port()
    async with OidcProvider.start(redirect_uri(port)) as provider:
        api = await RawResourceServer.start(lambda exchange: exchange.answer(body=b"{}"))
        routes = [{"prefix": "/api", "target": api.url}, {"prefix": "/fresh", "target": api.url, "max_age_seconds": 2}]
        environment = settings(provider.issuer, provider.client_id, provider.client_secret, routes)
        try:
            async with Hub.start(environment, port=port) as hub, Browser(hub.url) as browser:
                page = await browser.open("/hub/login?return_to=/here")
                page = await browser.submit(page, {"login": "alice", "password": provider.users["alice"]})
                await browser.submit(page, {}, button="consent")
                while (refused := await browser.fetch("/fresh/x")).status == 200:
                    pass
                page = await browser.open(login_url(refused))
                assert 'name="password"' in page.text
                page = await browser.submit(page, {"login": "alice", "password": provider.users["alice"]})
                if 'name="consent"' in page.text:
                    page = await browser.submit(page, {}, button="consent")

                assert page.url == hub.url + "/here"
                assert (await browser.fetch("/fresh/x")).status == 200
                assert len((await browser.fetch("/hub/sessions")).json()["sessions"]) == 1
        finally:
            await api.stop()


async def test_login_form_has_one_way_only() -> None:
    """IRIS's native JWT mode knows passwords only: asking it for more is answered on a page, instead of the same form again."""
    native = Standin(Options(), [])
    await native.start()
    try:
        routes = [
            {"prefix": "/api", "target": native.native_url},
            {"prefix": "/gold", "target": native.native_url, "acr_values": ["gold"]},
        ]
        environment = {
            "HUB_PROVIDER_KIND": "iris_native",
            "HUB_PROVIDER_ISSUER": native.native_url,
            "HUB_ROUTES": json.dumps(routes),
        }
        async with Hub.start(environment) as hub, Browser(hub.url) as browser:
            page = await browser.open("/hub/login?return_to=/here")
            await browser.submit(page, {"user": "alice", "password": "alice-demo"})
            page = await browser.open(login_url(await browser.fetch("/gold/x")))

            assert page.status == 400
            assert "acr_values" in page.text
            assert (await browser.fetch("/hub/session")).json()["authenticated"]
    finally:
        await native.stop()
