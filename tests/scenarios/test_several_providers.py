"""One hub with three providers: each has its own callback, no response passes for another one's (RFC 9700 section 4.4), and no
right that one gives holds for the users of another."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
import websockets
from websockets.asyncio.client import connect
from yarl import URL

from hub.channel.close_codes import CloseCode
from iris_standin import Options, Standin
from tests.parties.browser import Browser
from tests.parties.channel import Channel, ChannelClosedError
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.parties.hub import Hub, settings
from tests.parties.resource_server import Exchange, RawResourceServer
from tests.parties.two_way_api import TwoWayApi
from tests.scenarios.test_topics_story import publish, subscribe
from tests.scenarios.test_trouble import readiness, until_troubled

SECRET = "a-secret-of-the-ward-system-0123456789"
FOR_MAIN = "urn:hub:problem:provider-not-allowed"
TOPICS = [
    {"name": "main", "allowed_providers": ["main"]},
    {"name": "results", "allowed_providers": ["main", "lab"], "scope": {"main": "lab.read", "lab": "results"}},
    {"name": "news", "allowed_providers": ["*"]},
]
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@dataclass
class Site:
    """A hub before its providers, all of which know an alice."""

    hub: Hub
    main: HostileProvider
    lab: HostileProvider
    native: Standin
    api: RawResourceServer
    live: TwoWayApi

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
        async with HostileProvider.start() as main, HostileProvider.start() as lab, TwoWayApi.start() as live:
            further = [
                {"name": "lab", "issuer": lab.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
                {"name": "ward", "kind": "iris_native", "issuer": native.native_url},
            ]
            environment = settings(
                main.issuer,
                CLIENT_ID,
                CLIENT_SECRET,
                [
                    {"prefix": "/api", "target": api.url, "allowed_providers": ["*"]},
                    {"prefix": "/main", "target": api.url, "allowed_providers": ["main"]},
                    {"prefix": "/live", "target": live.url, "allowed_providers": ["main"], "websocket": True},
                    {
                        "prefix": "/strong",
                        "target": api.url,
                        "allowed_providers": ["main", "lab"],
                        "acr_values": {"main": ["urn:mfa"], "lab": ["gold"]},
                    },
                ],
                HUB_PROVIDERS=json.dumps(further),
                HUB_TOPICS=json.dumps(TOPICS),
                HUB_PUBLISHERS=json.dumps([{"name": "ward-system", "topics": ["*"], "token": SECRET}]),
            )
            async with Hub.start(environment) as hub:
                yield Site(hub, main, lab, native, api, live)
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


async def open_live(browser: Browser) -> str:
    """Open a WebSocket that passes through; return what it says back, or why it was closed."""
    headers = browser.channel_headers()
    origin = websockets.Origin(headers.pop("Origin"))
    url = browser.hub_url.replace("http", "ws", 1) + "/live/x"
    async with connect(url, origin=origin, additional_headers=headers, compression=None, proxy=None) as socket:
        try:
            await socket.send("hello")
            return str(await socket.recv())
        except websockets.ConnectionClosed:
            return f"{socket.close_code} {socket.close_reason}"


async def test_token_of_another_provider() -> None:
    """A session of a provider that a route does not allow gets 403 through each door, and its token goes nowhere."""
    async with start() as site, Browser(site.hub.url) as one, Browser(site.hub.url) as other:
        await one.open("/hub/login?return_to=/here")
        await other.open("/hub/login?provider=lab&return_to=/here")
        channel = await Channel.open(other)
        key = "a-key-of-the-laboratory-0001"
        refused = await other.fetch("/main/x")
        on_channel = [
            await channel.request("POST", "/main/x", body={}, **members) for members in ({}, {"key": key}, {"key": key})
        ]
        live = await open_live(other)

        assert (refused.status, refused.json()["type"], refused.json()["login_url"]) == (403, FOR_MAIN, "/hub/login")
        assert [answer.problem["type"] for answer in on_channel] == [FOR_MAIN] * 3
        assert live == "4403 provider-not-allowed /hub/login"
        assert (site.api.requests, site.live.seen) == ([], [])
        assert [event["reason"] for event in site.hub.events("audit.request_refused")] == ["provider-not-allowed"] * 5

        assert (await channel.request("POST", "/api/x", body={}, key=key)).status == 200  # the channel and the key are as before
        assert (await one.fetch("/main/x")).status == 200
        assert await open_live(one) == "hello"
        await channel.close()


async def test_class_of_another_provider() -> None:
    """`acr` means what its provider says: each user is sent to the own provider, for a class of that provider."""
    async with start() as site, Browser(site.hub.url) as browser:
        site.lab.claims = {"acr": "urn:mfa"}
        await browser.open("/hub/login?provider=lab&return_to=/here")
        channel = await Channel.open(browser)
        problems = [(await browser.fetch("/strong/x")).json(), (await channel.request("GET", "/strong/x")).problem]
        await channel.close()

        assert [problem["type"] for problem in problems] == ["urn:hub:problem:step-up-required"] * 2
        assert [problem["login_url"] for problem in problems] == ["/hub/login?provider=lab&acr_values=gold"] * 2
        assert site.api.requests == []

        site.lab.claims = {"acr": "gold"}
        await browser.open(f"{problems[0]['login_url']}&return_to=/here")
        assert (await browser.fetch("/strong/x")).status == 200

        site.main.claims = {"acr": "urn:mfa"}
        await browser.open("/hub/login?return_to=/here")
        assert (await browser.fetch("/strong/x")).status == 200


async def test_scope_of_another_provider() -> None:
    """The scope that one provider gives out opens no topic to the users of another; nor does a topic of other providers open."""
    async with start() as site, Browser(site.hub.url) as one, Browser(site.hub.url) as other:
        site.main.token_members["scope"] = site.lab.token_members["scope"] = "openid lab.read"
        await one.open("/hub/login?return_to=/here")
        await other.open("/hub/login?provider=lab&return_to=/here")
        page, stranger = await Channel.open(one), await Channel.open(other)

        assert [(await subscribe(page, topic)).status for topic in ("results", "main")] == [200, 200]
        problems = [(await subscribe(stranger, topic)).problem for topic in ("results", "main")]
        assert [problem["status"] for problem in problems] == [403, 403]
        assert (problems[1]["type"], problems[1]["login_url"]) == (FOR_MAIN, "/hub/login")
        refused = [(event["topic"], event["reason"]) for event in site.hub.events("audit.request_refused")]
        assert refused == [("results", "token-not-issued"), ("main", "provider-not-allowed")]

        site.lab.token_members["scope"] = "openid results"
        await other.open("/hub/login?provider=lab&return_to=/here")
        entitled = await Channel.open(other)
        assert (await subscribe(entitled, "results")).status == 200
        for channel in (page, stranger, entitled):
            await channel.close()


async def test_subject_of_another_provider() -> None:
    """An event for alice needs an issuer where several have an alice, and reaches no other alice."""
    async with start() as site, Browser(site.hub.url) as one, Browser(site.hub.url) as other:
        await one.open("/hub/login?return_to=/here")
        await other.open("/hub/login?provider=lab&return_to=/here")
        pages = [await Channel.open(browser) for browser in (one, other)]
        for page in pages:
            await subscribe(page, "news")
        event = {"name": "letter", "to": {"subject": "alice"}}
        status, problem = await publish(site.hub, "news", event, SECRET)
        for issuer in (site.main.issuer, site.lab.issuer):
            await publish(site.hub, "news", {"name": issuer, "to": {"subject": "alice", "issuer": issuer}}, SECRET)
        await publish(site.hub, "news", {"name": "for all"}, SECRET)
        heard = [[(await page.events.get())["name"] for _ in range(2)] for page in pages]

        assert (status, problem["type"]) == (400, "urn:hub:problem:bad-request")
        assert "Add to.issuer: " in problem["detail"]
        assert heard == [[site.main.issuer, "for all"], [site.lab.issuer, "for all"]]
        for page in pages:
            await page.close()


async def test_login_of_a_route() -> None:
    """Without a session, a route of one provider names the login there."""
    async with start() as site, Browser(site.hub.url) as browser:
        allowed = json.dumps([{"prefix": "/lab", "target": site.api.url, "allowed_providers": ["lab"]}])
        site.hub.configure(HUB_ROUTES=allowed)
        assert await site.hub.stop() == 0
        await site.hub.run()
        await site.hub.ready()
        refused = (await browser.fetch("/lab/x", headers={"X-Hub-CSRF": "1"})).json()
        await browser.open(f"{refused['login_url']}&return_to=/here")

        assert (refused["type"], refused["login_url"]) == ("urn:hub:problem:not-authenticated", "/hub/login?provider=lab")
        assert (await browser.fetch("/lab/x")).status == 200


async def test_stored_response_after_a_change_of_settings() -> None:
    """A response that is kept for an idempotency key is not given out on a route that its user's provider has lost."""
    async with start() as site, Browser(site.hub.url) as browser:
        await browser.open("/hub/login?provider=lab&return_to=/here")
        headers = {"X-Hub-Key": "a-key-of-the-laboratory-0002"}
        first = [await browser.fetch("/api/x", method="POST", body=b"{}", headers=headers) for _ in range(2)]
        site.hub.configure(HUB_ROUTES=json.dumps([{"prefix": "/api", "target": site.api.url, "allowed_providers": ["main"]}]))
        assert await site.hub.stop() == 0
        await site.hub.run()
        await site.hub.ready()
        refused = await browser.fetch("/api/x", method="POST", body=b"{}", headers=headers)
        resumed = await Channel.connect(browser)
        waiting = resumed.expect(1)
        pending = {"pending": [[1, headers["X-Hub-Key"]]]}
        await resumed.send({"type": "hello", "csrf": browser.cookie("XSRF-TOKEN"), "resume": pending})
        on_channel = await waiting
        await resumed.close()

        assert [(answer.status, answer.header("X-Hub-Replayed")) for answer in first] == [(200, None), (200, "1")]
        assert (refused.status, refused.json()["type"]) == (403, FOR_MAIN)
        assert on_channel.problem["type"] == FOR_MAIN
        assert len(site.api.requests) == 1


async def test_provider_that_is_gone() -> None:
    """Its users are asked to log in at each door, and told why. The session stays for nodes that have it; a logout ends it."""
    async with start() as site, Browser(site.hub.url) as browser:
        await browser.open("/hub/login?provider=lab&return_to=/here")
        assert (await browser.fetch("/api/x")).status == 200
        former = {
            "HUB_PROVIDERS": "[]",
            "HUB_TOPICS": "[]",
            "HUB_ROUTES": json.dumps([{"prefix": "/api", "target": site.api.url}]),
        }
        site.hub.configure(**former)
        assert await site.hub.stop() == 0
        await site.hub.run()
        await site.hub.ready()
        seen, refused = (await browser.fetch("/hub/session")).json(), await browser.fetch("/api/x")
        with pytest.raises(ChannelClosedError) as closed:
            await Channel.open(browser)

        assert (seen["authenticated"], seen["reason"], seen["login_url"]) == (False, "provider_removed", "/hub/login")
        assert (refused.status, refused.json()["type"]) == (401, "urn:hub:problem:not-authenticated")
        assert refused.json()["login_url"] == "/hub/login"
        assert closed.value.code == CloseCode.LOG_IN
        assert [event["provider"] for event in site.hub.events("session.provider_unknown")] == ["lab"]
        assert len(site.api.requests) == 1
        assert site.hub.events("session.ended") == []

        assert (await browser.fetch("/hub/logout", method="POST")).status == 200
        assert [event["reason"] for event in site.hub.events("session.ended")] == ["logout"]
