"""What operator and user see when something is missing or breaks: a clear message, the right readiness, no lost session."""

import asyncio
import json

import pytest

from iris_standin import Client, Options, Standin
from tests.parties.channel import Channel
from tests.parties.hub import Hub, free_port, public_url, redirect_uri, settings
from tests.parties.redis_server import RedisServer
from tests.scenarios.conftest import SECRET, StartClinic, log_in, routes
from tests.waiting import hang_timeout


async def readiness(hub: Hub) -> tuple[int, dict[str, str]]:
    """Return status and troubles of `/readyz`."""
    status, text = await hub.admin("/readyz")
    return status, json.loads(text)["troubles"]


async def until_troubled(hub: Hub, part: str) -> str:
    """Wait until `/readyz` names `part`, and return what it says."""
    async with hang_timeout():
        while part not in (troubles := (await readiness(hub))[1]):
            await asyncio.sleep(0.05)  # another process is told by Redis or the provider, not by us
    return troubles[part]


def has_trace(text: str) -> bool:
    """Tell whether a stack trace stands in `text`."""
    return "Traceback" in text or 'File "' in text


async def test_provider_down_at_start() -> None:
    """The hub starts, says that it is not ready and why; logins answer 503; when the provider comes, it is ready."""
    port, provider_port = free_port(), free_port()
    issuer = f"http://127.0.0.1:{provider_port}/oauth2"
    environment = settings(issuer, "hub", SECRET, routes(f"http://127.0.0.1:{provider_port}/csp/clinic"))
    async with Hub.start(environment, port=port, wait=False) as hub:
        await hub.listening()
        assert "cannot be reached" in await until_troubled(hub, "provider")
        assert (await readiness(hub))[0] == 503
        assert (await hub.admin("/healthz"))[0] == 200

        standin = Standin(None, [Client("hub", SECRET, [redirect_uri(port)], [public_url(port) + "/"])])
        await standin.start(provider_port)
        try:
            await hub.ready()
        finally:
            await standin.stop()
        assert not has_trace(hub.log())


@pytest.mark.parametrize("when", ["login", "refresh"])
async def test_wrong_client_secret(start_clinic: StartClinic, when: str) -> None:
    """A wrong secret is the operator's fault: not ready, one clear line, no session lost, no trace shown to the user."""
    async with start_clinic(Options(access_token_seconds=4)) as clinic, clinic.browser() as browser:
        if when == "refresh":
            await log_in(browser)
        clinic.standin.replace_client_secret("hub", "another")
        if when == "login":
            page = await log_in(browser)
            assert (page.status, has_trace(page.text)) == (503, False)
        else:
            answers = [await browser.fetch("/api/echo")]
            while answers[-1].status == 200:
                answers.append(await browser.fetch("/api/echo"))
            assert answers[-1].status == 503
            assert answers[-1].json()["type"] == "urn:hub:problem:provider-rejected-client"
            assert (await browser.fetch("/hub/session")).json()["authenticated"]
        assert "secret" in await until_troubled(clinic.hub, "provider")

        if when == "refresh":  # the operator mends it: the session goes on as if nothing had been
            clinic.standin.replace_client_secret("hub", SECRET)
            async with hang_timeout():
                while (await browser.fetch("/api/echo")).status != 200:
                    await asyncio.sleep(0.1)  # the hub asks the provider again after its back-off
        assert not has_trace(clinic.hub.log())


@pytest.mark.parametrize("outage", ["kill", "pause"])
async def test_redis_outage(start_clinic: StartClinic, tmp_path_factory: pytest.TempPathFactory, outage: str) -> None:
    """While Redis is away: 503 with Retry-After and the cookie untouched. When it is back: still logged in."""
    key_file = tmp_path_factory.mktemp("key") / "key"
    key_file.write_text("A" * 43 + "\n")
    with RedisServer.start() as redis:
        environment = {"HUB_REDIS_URL": redis.url, "HUB_SESSION_KEY_FILES": str(key_file), "HUB_REDIS_TIMEOUT_SECONDS": "0.5"}
        async with start_clinic(None, **environment) as clinic, clinic.browser("alice") as browser:
            cookie = browser.session_cookie()
            getattr(redis, outage)()
            call = await browser.fetch("/api/echo")
            session = await browser.fetch("/hub/session")
            login = await browser.open("/hub/login")
            assert (call.status, session.status) == (503, 503)
            # A login begins at the provider, without Redis.
            assert (login.status, login.url.startswith(clinic.hub.url)) == (200, False)
            assert call.json()["type"] == "urn:hub:problem:store-unavailable"
            assert call.header("Retry-After")
            assert call.all("Set-Cookie") == session.all("Set-Cookie") == []
            assert await until_troubled(clinic.hub, "redis") == "does not respond"
            channel = await Channel.connect(browser)
            assert (await channel.closed).code == 4503

            if outage == "kill":
                redis.run()
            else:
                redis.resume()
            await clinic.hub.ready()
            assert browser.session_cookie() == cookie
            assert (await browser.fetch("/api/echo")).status == 200
            assert (await (await Channel.open(browser)).request("GET", "/api/echo")).status == 200
            assert not has_trace(clinic.hub.log())


async def test_redis_down_at_start() -> None:
    """A hub whose Redis is down starts, is not ready, and says which part is missing."""
    environment = settings(
        "http://127.0.0.1:9/oauth2",
        "hub",
        SECRET,
        [],
        HUB_REDIS_URL="redis://127.0.0.1:9",
        HUB_SESSION_KEY_FILES="",
    )
    async with Hub.start(environment, wait=False) as hub:
        key_file = hub.folder / "key"
        assert hub.process is not None
        assert await hub.process.wait() == 2  # several hubs on one Redis need one key: that is asked for first
        assert "session.key_files: is missing" in hub.log()

        key_file.write_text("A" * 43)
        hub.configure(HUB_SESSION_KEY_FILES=str(key_file))
        await hub.run()
        await hub.listening()
        assert await until_troubled(hub, "redis") == "does not respond"
        assert not has_trace(hub.log())


async def test_sessions_survive_a_restart(start_clinic: StartClinic) -> None:
    """Private Redis: who was logged in before the hub was restarted is logged in after it."""
    async with start_clinic() as clinic, clinic.browser("alice") as browser:
        channel = await Channel.open(browser)
        assert await clinic.hub.stop() == 0
        assert (await channel.closed).code == 4503
        await clinic.hub.run()
        await clinic.hub.ready()

        assert (await browser.fetch("/api/echo")).status == 200
        assert (await (await Channel.open(browser)).request("GET", "/api/echo")).status == 200


async def test_resource_server_troubles(start_clinic: StartClinic) -> None:
    """No API: 502. Too slow: 504. An error status of the API is an answer, and is relayed as it is. No Basic dialog."""
    async with start_clinic() as clinic, clinic.browser("alice") as browser:
        channel = await Channel.open(browser)
        error = await browser.fetch("/api/error")
        basic = await browser.fetch("/api/basic")
        late = await channel.request("GET", "/api/slow?seconds=9", timeout_ms=200)
        moved = await browser.fetch("/api/redirect")
        await clinic.standin.stop()
        gone = await browser.fetch("/api/echo")
        gone_on_channel = await channel.request("GET", "/api/echo")

    assert (error.status, "errors" in error.json()) == (500, True)
    assert (basic.status, basic.header("WWW-Authenticate")) == (401, None)
    assert late.problem is not None
    assert (late.problem["status"], late.processed) == (504, "maybe")
    assert moved.status == 302
    assert (gone.status, gone.header("Content-Type")) == (502, "application/problem+json")
    assert gone_on_channel.problem is not None
    assert gone_on_channel.problem["type"] == gone.json()["type"]
