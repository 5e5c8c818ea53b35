"""An instrumented run: every byte towards the browser and every log line is searched for every secret that was issued."""

import asyncio
import base64
import urllib.parse

from iris_standin import Options
from tests.parties.browser import Browser
from tests.parties.channel import Channel
from tests.parties.hub import Hub, free_port, redirect_uri, settings
from tests.parties.openid_provider import OidcProvider
from tests.scenarios.conftest import Clinic, StartClinic


def spellings(secret: str) -> list[str]:
    """Return `secret` as it might stand somewhere: plain, percent-encoded, base64."""
    plain = secret.encode()
    return [
        secret,
        urllib.parse.quote(secret, safe=""),
        base64.b64encode(plain).decode(),
        base64.urlsafe_b64encode(plain).decode(),
    ]


def found_at_browser(browser: Browser, hub_url: str, secrets: list[str]) -> list[tuple[str, str]]:
    """Return where secrets stand in what the *hub* sent; what the provider's own pages say is the provider's business."""
    own = [(url, sent) for url, sent in browser.record if url.startswith(hub_url)]
    assert own, "nothing was recorded"
    return [(url, secret[:8]) for url, sent in own for secret in secrets for form in spellings(secret) if form.encode() in sent]


def found_in_log(log: str, secrets: list[str]) -> list[str]:
    """Return the log lines that hold a secret."""
    assert log, "nothing was logged"
    return [line for line in log.splitlines() for secret in secrets if any(form in line for form in spellings(secret))]


async def use_everything(clinic: Clinic, browser: Browser) -> list[str]:
    """Log in, call both ways, fail in every way that a user can, outlive tokens, log out; return the session ids."""
    await clinic.log_in(browser)
    session_ids = [browser.session_cookie() or ""]
    channel = await Channel.open(browser)
    for path in (
        "/api/echo",
        "/api/patients?q=a",
        "/api/error",
        "/api/unauthorized",
        "/api/basic",
        "/api/forbidden",
        "/api/nothing",
    ):
        await browser.fetch(path)
        await channel.request("GET", path)
    await browser.fetch("/api/redirect")
    await browser.fetch("/api/report?bytes=100000")
    await browser.open("/download/report?bytes=1000", from_site=clinic.hub.url)
    await channel.request("GET", "/api/../secret")
    await channel.request("GET", "/api/slow?seconds=5", timeout_ms=50)
    await browser.fetch("/hub/session")
    await browser.fetch("/api/echo", headers={"X-XSRF-TOKEN": "wrong"})
    while clinic.token_requests("refresh_token") < 2:
        await browser.fetch("/api/echo")
    clinic.standin.change(token_500_once=True)
    for _ in range(40):
        await asyncio.gather(browser.fetch("/api/echo"), channel.request("GET", "/api/echo"))
    await clinic.log_in(browser)
    session_ids.append(browser.session_cookie() or "")
    await browser.open("/hub/callback?code=stolen&state=unknown")
    await browser.open("/hub/callback?error=server_error&state=unknown")
    await browser.fetch("/hub/logout", method="POST")
    await browser.fetch("/api/echo", headers={"X-Hub-CSRF": "1"})
    return session_ids


async def test_stand_in(start_clinic: StartClinic) -> None:
    """Nothing that IRIS issued, no verifier and no session id reaches the browser or the log; the id only in its Set-Cookie."""
    async with start_clinic(Options(access_token_seconds=3), HUB_LOG_LEVEL="DEBUG") as clinic, clinic.browser() as browser:
        session_ids = await use_everything(clinic, browser)
        issued = clinic.standin.issued
        codes, tokens = issued["code"], [*issued["access_token"], *issued["refresh_token"], *issued["id_token"]]
        await clinic.hub.stop()

        assert len(tokens) >= 9
        assert len(codes) >= 2
        assert all(len(session_id) == 43 for session_id in session_ids)
        assert found_at_browser(browser, clinic.hub.url, [*tokens, *codes, *session_ids]) == []
        assert found_in_log(clinic.hub.log(), [*tokens, *codes, *session_ids]) == []


async def test_independent_provider() -> None:
    """The same with oidc-provider, which also reports the code verifiers that it received."""
    port = free_port()
    async with OidcProvider.start(redirect_uri(port), access_token_seconds=2) as provider:
        target = [{"prefix": "/api", "target": provider.issuer}]
        environment = settings(
            provider.issuer,
            provider.client_id,
            provider.client_secret,
            target,
            HUB_LOG_LEVEL="DEBUG",
            HUB_PROVIDER_AUTHORIZATION_PARAMETERS='{"prompt": "consent"}',
        )
        async with Hub.start(environment, port=port) as hub, Browser(hub.url) as browser:
            page = await browser.open("/hub/login")
            page = await browser.submit(page, {"login": "alice", "password": provider.users["alice"]})
            await browser.submit(page, {}, button="consent")
            session_id = browser.session_cookie() or ""
            while len(await provider.events(grant_type="refresh_token")) < 2:
                await browser.fetch("/api/me")
            await browser.fetch("/hub/logout", method="POST")
            await hub.stop()
            issued = await provider.issued()

            kinds = {kind for kind, _ in issued}
            secrets = [value for _, value in issued] + [session_id]
            assert kinds == {"access_token", "refresh_token", "id_token", "code", "code_verifier"}
            assert len(session_id) == 43
            assert found_at_browser(browser, hub.url, secrets) == []
            assert found_in_log(hub.log(), [*secrets, provider.client_secret]) == []


async def test_the_search_finds(clinic: Clinic) -> None:
    """The search is no formality: what the hub does send and log is found by it."""
    async with clinic.browser("alice") as browser:
        token = browser.cookie("XSRF-TOKEN") or ""
        await browser.fetch("/hub/session")

        assert found_at_browser(browser, clinic.hub.url, [token]) != []
        assert found_at_browser(browser, clinic.hub.url, ["Alice"]) != []
        assert found_in_log(clinic.hub.log(), ["session.started"]) != []
