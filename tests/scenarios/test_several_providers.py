"""One hub with three providers: each has its own callback, and no response passes for another one's (RFC 9700 section 4.4)."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from yarl import URL

from iris_standin import Options, Standin
from tests.parties.browser import Browser
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.parties.hub import Hub, settings
from tests.parties.resource_server import Exchange, RawResourceServer
from tests.scenarios.test_trouble import readiness, until_troubled

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@dataclass
class Site:
    """A hub before its providers, all of which know an alice."""

    hub: Hub
    main: HostileProvider
    lab: HostileProvider
    native: Standin
    api: RawResourceServer

    async def bearer(self, browser: Browser) -> str:
        """Call the API and return the token that it was sent."""
        assert (await browser.fetch("/api/x")).status == 200
        return (self.api.requests[-1].header("Authorization") or "").removeprefix("Bearer ")


async def answer(exchange: Exchange) -> None:
    """Answer whatever is asked."""
    await exchange.answer(body=b"{}")


@asynccontextmanager
async def start() -> AsyncIterator[Site]:
    """Start all of them."""
    api, native = await RawResourceServer.start(answer), Standin(Options(), [])
    await native.start()
    try:
        async with HostileProvider.start() as main, HostileProvider.start() as lab:
            further = [
                {"name": "lab", "issuer": lab.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
                {"name": "ward", "kind": "iris_native", "issuer": native.native_url},
            ]
            environment = settings(
                main.issuer,
                CLIENT_ID,
                CLIENT_SECRET,
                [{"prefix": "/api", "target": api.url}],
                HUB_PROVIDERS=json.dumps(further),
            )
            async with Hub.start(environment) as hub:
                yield Site(hub, main, lab, native, api)
    finally:
        await native.stop()
        await api.stop()


async def begin(browser: Browser, provider: str) -> URL:
    """Begin a login; return the authorization request, to which the browser has not gone yet."""
    answer = await browser.fetch(f"/hub/login?provider={provider}&return_to=/here", headers=NAVIGATION)
    return URL(answer.header("Location") or "")


def response(request: URL, callback: str, provider: HostileProvider) -> str:
    """Let the provider log its user in; return its response as a path of the hub, delivered to another callback."""
    went = provider.authorize({name: values[0] for name, values in parse_qs(request.query_string).items()})
    return f"{callback}?{urlsplit(went).query}"


async def test_each_provider_its_own_sessions() -> None:
    """The same subject at two providers is two people; each session uses, refreshes and revokes at its own provider."""
    async with start() as site, Browser(site.hub.url) as one, Browser(site.hub.url) as other:
        assert (await one.open("/hub/login?return_to=/here")).url == site.hub.url + "/here"
        assert (await other.open("/hub/login?provider=lab&return_to=/here")).url == site.hub.url + "/here"
        sessions = [(await browser.fetch("/hub/session")).json() for browser in (one, other)]

        assert [session["subject"] for session in sessions] == ["alice", "alice"]
        assert sessions[0]["identity"] != sessions[1]["identity"]
        assert (site.main.calls("/token"), site.lab.calls("/token")) == (1, 1)
        redirect_uri = next(request for request in site.lab.requests if request.path == "/token").arguments["redirect_uri"]
        assert redirect_uri == f"{site.hub.url}/hub/callback/lab"
        listed = (await other.fetch("/hub/sessions")).json()["sessions"]
        assert [session["provider"] for session in listed] == ["lab"]

        destination = (await other.fetch("/hub/logout", method="POST")).json()["redirect_to"]
        assert destination.startswith(f"{site.lab.issuer}/logout")
        await site.lab.answered("/revoke", 2)
        assert site.main.calls("/revoke") == 0
        assert (await one.fetch("/api/x")).status == 200


async def test_response_at_another_callback() -> None:
    """A response that comes to another provider's callback is refused, and its code is sent to nobody: the mix-up attack."""
    async with start() as site, Browser(site.hub.url) as browser:
        to_main = await begin(browser, "main")
        page = await browser.open(response(to_main, "/hub/callback/lab", site.main))
        to_lab = await begin(browser, "lab")
        other_page = await browser.open(response(to_lab, "/hub/callback", site.lab))

        assert (page.status, other_page.status) == (400, 400)
        assert (site.main.calls("/token"), site.lab.calls("/token")) == (0, 0)
        assert not (await browser.fetch("/hub/session")).json()["authenticated"]


async def test_response_of_another_issuer() -> None:
    """A response that names another issuer is refused even at the right callback (RFC 9207 section 2.4)."""
    async with start() as site, Browser(site.hub.url) as browser:
        site.lab.authorization_response = {"iss": site.main.issuer}
        page = await browser.open(response(await begin(browser, "lab"), "/hub/callback/lab", site.lab))

        assert page.status == 400
        assert site.lab.calls("/token") == 0


async def test_change_of_provider_in_one_browser() -> None:
    """Who logs in at another provider is another person: the first session ends, and its token is never used again."""
    async with start() as site, Browser(site.hub.url) as browser:
        await browser.open("/hub/login?return_to=/here")
        first = await site.bearer(browser)
        await browser.open("/hub/login?provider=lab&return_to=/here")
        second = await site.bearer(browser)

        ports = [provider.issuer.rpartition(":")[2] for provider in (site.main, site.lab)]
        assert [token.rpartition("-")[2] for token in (first, second)] == ports
        assert [event["reason"] for event in site.hub.events("session.ended")] == ["other_user"]


async def test_form_beside_redirects() -> None:
    """IRIS's native JWT mode is one of several: its form logs in, and the token is the application's."""
    async with start() as site, Browser(site.hub.url) as browser:
        page = await browser.open("/hub/login?provider=ward&return_to=/here")
        assert page.url.startswith(site.hub.url + "/hub/login/ward")
        page = await browser.submit(page, {"user": "alice", "password": "alice-demo"})

        assert page.url == site.hub.url + "/here"
        assert (await browser.fetch("/hub/session")).json()["name"] == "alice"
        assert (await site.bearer(browser)).count(".") == 2


async def test_unknown_provider() -> None:
    """A name that is not in the settings is a clear refusal."""
    async with start() as site, Browser(site.hub.url) as browser:
        page = await browser.open("/hub/login?provider=nowhere")

        assert page.status == 400
        assert "Known: lab, main, ward" in page.text


async def test_one_of_several_is_down() -> None:
    """Readiness names it, but the hub stays ready: the others still log in."""
    async with start() as site, Browser(site.hub.url) as browser:
        down = {"name": "lab", "issuer": "http://127.0.0.1:9", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        site.hub.configure(HUB_PROVIDERS=json.dumps([down]))
        assert await site.hub.stop() == 0
        await site.hub.run()
        await site.hub.ready()
        trouble = await until_troubled(site.hub, "provider lab")

        assert "cannot be reached" in trouble
        assert (await readiness(site.hub))[0] == 200
        assert (await browser.open("/hub/login?return_to=/here")).url == site.hub.url + "/here"
