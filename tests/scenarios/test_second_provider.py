"""Whole stories with a second independent provider, Django OAuth Toolkit: all that differs from the first is settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from yarl import URL

from tests.parties.browser import Browser
from tests.parties.hub import Hub, free_port, public_url, redirect_uri, settings
from tests.parties.second_provider import DjangoProvider
from tests.scenarios.constant_load import call_until_refreshed
from tests.scenarios.test_no_secret_leaves import found_at_browser, found_in_log

TOKEN_SECONDS = 3
LIFETIMES = 3
CALLERS = 6
KINDS = {"access_token", "refresh_token", "id_token", "code", "code_verifier"}


@dataclass
class Site:
    """A hub before the provider, which is also the API."""

    hub: Hub
    provider: DjangoProvider

    @asynccontextmanager
    async def browser(self, user: str | None = None) -> AsyncIterator[Browser]:
        """Open a browser, logged in as `user`."""
        async with Browser(self.hub.url) as browser:
            if user is not None:
                assert (await self.provider.log_in(browser, user)).url == self.hub.url + "/here"
            yield browser

    async def refreshed(self, browser: Browser, times: int) -> None:
        """Call the API until the tokens have been refreshed so often; every call is answered."""
        while len(await self.provider.entries(grant_type="refresh_token")) < times:
            assert (await browser.fetch("/api/who")).status == 200

    async def tokens(self, kind: str) -> list[str]:
        """Return the tokens of one kind that the provider has issued, the latest last."""
        return [value for issued, value in await self.provider.issued() if issued == kind]


@asynccontextmanager
async def start(environment: dict[str, str] | None = None, **options: Any) -> AsyncIterator[Site]:
    """Start a provider with `options` and a hub with further settings from `environment`."""
    port = free_port()
    async with DjangoProvider.start(redirect_uri(port), post_logout_redirect_uri=f"{public_url(port)}/", **options) as provider:
        base = settings(
            provider.issuer,
            provider.client_id,
            provider.client_secret,
            [{"prefix": "/api", "target": f"{provider.url}/api"}],
            HUB_PROVIDER_SCOPES="openid,profile,email,api",
            HUB_LOG_LEVEL="DEBUG",
        )
        async with Hub.start({**base, **(environment or {})}, port=port) as hub:
            yield Site(hub, provider)


async def begin(browser: Browser) -> URL:
    """Begin a login; return the authorization request, to which the browser has not gone yet."""
    navigation = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    answer = await browser.fetch("/hub/login?return_to=/here", headers=navigation)
    return URL(answer.header("Location") or "")


async def is_logged_in(browser: Browser) -> bool:
    """Tell whether the hub knows the user of this browser."""
    return bool((await browser.fetch("/hub/session")).json()["authenticated"])


@pytest.mark.parametrize("authentication", ["client_secret_basic", "client_secret_post"])
async def test_whole_story(authentication: str) -> None:
    """Login with PKCE, calls, refresh with rotation (C12), logout there, revocation (R1), and no secret leaves (B1, B9)."""
    environment = {"HUB_PROVIDER_CLIENT_AUTHENTICATION": authentication}
    async with start(environment, access_token_seconds=TOKEN_SECONDS) as site, site.browser("alice") as browser:
        session = (await browser.fetch("/hub/session")).json()
        session_id = browser.session_cookie() or ""
        await site.refreshed(browser, times=2)
        access_token, refresh_token = (await site.tokens("access_token"))[-1], (await site.tokens("refresh_token"))[-1]
        alive = await site.provider.api_status(access_token)

        destination = (await browser.fetch("/hub/logout", method="POST")).json()["redirect_to"]
        page = await browser.submit(await browser.open(destination), {}, button="allow")
        assert page.url.startswith(site.hub.url + "/?state=")
        assert 'name="password"' in (await browser.open("/hub/login")).text  # the provider has ended its own session
        assert await site.hub.stop() == 0  # waits for the revocations

        issued = await site.provider.issued()
        secrets = [value for _, value in issued] + [session_id, site.provider.client_secret]
        refreshes = await site.provider.entries(grant_type="refresh_token")
        dead = await site.provider.api_status(access_token)
        spent = await site.provider.token_status({"grant_type": "refresh_token", "refresh_token": refresh_token})
        revoked = await site.provider.entries("revoke-token")
        assert found_at_browser(browser, site.hub.url, secrets) == []
        assert found_in_log(site.hub.log(), secrets) == []

    assert (session["subject"], session["name"], session["claims"]["email"]) == ("1", "Alice", "alice@example.org")
    assert {kind for kind, _ in issued} == KINDS
    assert len({value for kind, value in issued if kind == "refresh_token"}) == len(refreshes) + 1
    assert {(entry.status, "id_token" in entry.members) for entry in refreshes} == {(200, True)}
    assert "id_token" not in destination
    assert ([entry.status for entry in revoked], alive, dead, spent) == ([200, 200], 200, 401, 400)


@pytest.mark.parametrize("told", ["false", "true"], ids=["untold", "told"])
async def test_lifetimes_under_load(told: str) -> None:
    """A rotation ends the old access token at once: calls under way are refused, repeated, and nobody notices; on two workers.

    Who tells the hub so by `provider.refresh_ends_access_token` has calls wait for a refresh, so that fewer are refused.
    """
    environment = {
        "HUB_SERVER_PROCESSES": "2",
        "HUB_LOG_LEVEL": "INFO",
        "HUB_PROVIDER_REFRESH_ENDS_ACCESS_TOKEN": told,
    }
    async with (
        start(environment, access_token_seconds=TOKEN_SECONDS) as site,
        site.browser("alice") as browser,
    ):

        async def refreshes() -> int:
            return len(await site.provider.entries(grant_type="refresh_token"))

        load = await call_until_refreshed(browser, "/api/who", refreshes, times=LIFETIMES, callers=CALLERS)
        grants = await site.provider.entries(grant_type="refresh_token")
        refused = [entry for entry in await site.provider.entries("who") if entry.status == 401]

    print(f"{dict(load.statuses)}; refresh grants: {len(grants)}; refused and repeated: {len(refused)}")  # noqa: T201
    assert set(load.statuses) == {200}
    assert {grant.status for grant in grants} == {200}  # none was spent twice: that would have revoked all
    assert len(grants) <= load.seconds / (TOKEN_SECONDS / 2) + 1


async def test_without_rotation() -> None:
    """A provider may let a refresh token be used again and again; the hub keeps it (C11)."""
    async with (
        start(access_token_seconds=TOKEN_SECONDS, rotate_refresh_token=False) as site,
        site.browser("alice") as browser,
    ):
        await site.refreshed(browser, times=2)

        assert len(set(await site.tokens("refresh_token"))) == 1


async def test_revoked_at_the_provider() -> None:
    """Whose tokens the provider has revoked is logged out with the next refresh (B20, R3); others are not."""
    async with (
        start(access_token_seconds=TOKEN_SECONDS) as site,
        site.browser("bob") as other,
        site.browser("alice") as browser,
    ):
        refresh_token = (await site.tokens("refresh_token"))[-1]
        await site.provider.revoke(refresh_token)
        while (answer := await browser.fetch("/api/who")).status == 200:
            pass

        assert answer.status == 401
        assert not await is_logged_in(browser)
        assert (await other.fetch("/api/who")).json()["subject"] == "bob"
        assert [event["reason"] for event in site.hub.events("session.ended")] == ["refused"]


async def test_no_revocation_endpoint() -> None:
    """As installed, the toolkit names no revocation endpoint in its discovery document: its own logout page ends the tokens."""
    async with start(announces_revocation=False) as site, site.browser("alice") as browser:
        access_token, refresh_token = (await site.tokens("access_token"))[-1], (await site.tokens("refresh_token"))[-1]
        destination = (await browser.fetch("/hub/logout", method="POST")).json()["redirect_to"]
        await browser.submit(await browser.open(destination), {}, button="allow")

        assert not await is_logged_in(browser)
        assert await site.provider.api_status(access_token) == 401
        assert await site.provider.token_status({"grant_type": "refresh_token", "refresh_token": refresh_token}) == 400


async def test_login_elsewhere_changes_auth_time() -> None:
    """The toolkit tells when a *user* logged in last, not this session, so a refreshed ID token has another auth_time (C10).

    The hub does not believe that ID token, and says so; the session, whose user is the same, lives on.
    """
    async with start(access_token_seconds=TOKEN_SECONDS) as site, site.browser("alice") as browser:
        await site.refreshed(browser, times=1)  # so that the second login falls into another second than the first
        async with site.browser("alice"):
            await site.refreshed(browser, times=2)
            while not (events := site.hub.events("session.refresh_id_token_invalid")):
                await site.refreshed(browser, times=len(await site.provider.entries(grant_type="refresh_token")) + 1)

        assert "auth_time" in events[0]["detail"]
        assert await is_logged_in(browser)
        assert site.hub.events("session.ended") == []


class TestAttacks:
    """What is refused when somebody meddles with a login (RFC 9700 section 4.5, RFC 9207)."""

    async def test_other_nonce(self) -> None:
        """An ID token with the nonce of another request starts no session (C5)."""
        async with start() as site, site.browser() as browser:
            request = await begin(browser)
            page = await browser.open(str(request.update_query(nonce="of-another-login")))
            page = await browser.submit(page, {"username": "alice", "password": site.provider.users["alice"]})
            page = await browser.submit(page, {}, button="allow")

            assert (page.status, "nonce is not that of this login" in page.text) == (502, True)
            assert len(await site.tokens("id_token")) == 1  # the provider did issue it
            assert not await is_logged_in(browser)

    async def test_code_of_another_login(self) -> None:
        """A stolen code is worth nothing with the verifier of the thief's own login (S4, PKCE)."""
        async with start() as site, site.browser() as victim, site.browser() as thief:
            page = await victim.open(str((await begin(victim)).update_query(state="lost")))  # so that the code stays unused
            page = await victim.submit(page, {"username": "alice", "password": site.provider.users["alice"]})
            await victim.submit(page, {}, button="allow")
            code, request = (await site.tokens("code"))[0], await begin(thief)
            stolen = URL("/hub/callback").with_query(code=code, state=request.query["state"], iss=site.provider.issuer)
            await thief.open(str(stolen))

            assert [(entry.status, entry.error) for entry in await site.provider.entries("token")] == [(400, "invalid_grant")]
            assert not await is_logged_in(thief)

    @pytest.mark.parametrize("issuer", [{}, {"iss": "https://other.example/o"}], ids=["none", "other"])
    async def test_answer_of_another_issuer(self, issuer: dict[str, str]) -> None:
        """The toolkit says that it names itself in its answers: one without its name, or with another, is refused (I1, I2)."""
        async with start() as site, site.browser() as browser:
            request = await begin(browser)
            answer = URL("/hub/callback").with_query({"code": "c", "state": request.query["state"], **issuer})
            page = await browser.open(str(answer))

            assert page.status >= 400
            assert await site.provider.entries("token") == []  # the code goes nowhere
            assert not await is_logged_in(browser)

    async def test_request_is_what_it_must_be(self) -> None:
        """Only the code flow, S256, and fresh state, nonce and challenge each time (B2, S2, S5)."""
        async with start() as site, site.browser() as browser:
            first, second = [parse_qs(urlsplit(str(await begin(browser))).query) for _ in range(2)]

            assert (first["response_type"], first["code_challenge_method"]) == (["code"], ["S256"])
            assert all(first[name] != second[name] for name in ("state", "nonce", "code_challenge"))
