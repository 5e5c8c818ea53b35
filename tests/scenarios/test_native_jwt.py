"""Whole stories in IRIS's native JWT mode: hub processes in front of the stand-in's JWT-enabled application."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from iris_standin import Options, Standin
from tests.parties.browser import SESSION_COOKIE, Answer, Browser
from tests.parties.channel import Channel
from tests.parties.chromium import Chromium
from tests.parties.hub import Hub, settings
from tests.parties.redis_server import RedisServer
from tests.scenarios.test_no_secret_leaves import found_at_browser, found_in_log
from tests.waiting import soon

PASSWORD = "alice-demo"


@dataclass
class NativeClinic:
    """Hubs in front of the native application."""

    hubs: list[Hub]
    standin: Standin

    @property
    def hub(self) -> Hub:
        """The first of them."""
        return self.hubs[0]

    def asked(self, endpoint: str, outcome: str) -> int:
        """Count what was asked of one endpoint of IRIS and ended so."""
        return sum((entry.grant_type, entry.outcome) == (endpoint, outcome) for entry in self.standin.journal.entries("native"))


@asynccontextmanager
async def native_clinic(options: Options, *, hubs: int = 1, **environment: str) -> AsyncIterator[NativeClinic]:
    """Start the stand-in and hubs with `kind = "iris_native"`."""
    standin = Standin(options, expose_secrets=True)
    await standin.start()
    base = settings(standin.native_url, "", "", [{"prefix": "/api", "target": standin.native_url}])
    native = {"HUB_PROVIDER_KIND": "iris_native", "HUB_LOG_LEVEL": "DEBUG"}
    try:
        async with AsyncExitStack() as stack:
            running = [await stack.enter_async_context(Hub.start({**base, **native, **environment})) for _ in range(hubs)]
            yield NativeClinic(running, standin)
    finally:
        await standin.stop()


async def log_in(browser: Browser, password: str = PASSWORD, *, user: str = "alice", return_to: str = "/") -> Answer:
    """Fill in the hub's form; return the page on which it ends."""
    page = await browser.open(f"/hub/login?return_to={return_to}")
    return await browser.submit(page, {"user": user, "password": password})


async def test_whole_story() -> None:
    """Wrong password, right one, calls both ways, refreshes nobody notices, logout; and nothing secret leaves the hub."""
    async with native_clinic(Options(native_access_seconds=2)) as clinic, Browser(clinic.hub.url) as browser:
        wrong = await log_in(browser, "alice-guess")
        assert (wrong.status, browser.session_cookie()) == (401, None)
        assert "User name or password are wrong" in wrong.text
        landed = await log_in(browser, return_to="/patients%3Fpage=2%23top")
        assert landed.url == clinic.hub.url + "/patients?page=2"
        session = (await browser.fetch("/hub/session")).json()
        assert (session["subject"], session["name"]) == ("alice", "alice")
        session_id = browser.session_cookie() or ""

        channel = await Channel.open(browser)
        while clinic.asked("refresh", "issued") < 3:
            answers = await asyncio.gather(
                *(browser.fetch("/api/echo") for _ in range(3)), *(channel.request("GET", "/api/echo") for _ in range(3))
            )
            assert {answer.status for answer in answers} == {200}
        assert (await channel.request("GET", "/api/echo")).body["subject"] == "alice"

        out = await browser.fetch("/hub/logout", method="POST")
        assert out.json() == {"redirect_to": clinic.hub.url + "/"}
        assert (await soon(channel.closed)).code == 4401
        await clinic.hub.stop()
        assert clinic.standin.native_logins == 0

        tokens = [*clinic.standin.issued["access_token"], *clinic.standin.issued["refresh_token"]]
        hidden = [*tokens, session_id, PASSWORD, "alice-guess"]
        assert len(tokens) >= 8
        assert found_at_browser(browser, clinic.hub.url, hidden) == []
        assert found_in_log(clinic.hub.log(), hidden) == []
        assert not any(b"CSPBrowserId" in sent or b"CSPBROWSERID" in sent for _, sent in browser.record)


@pytest.fixture
async def shared_redis(redis_server: RedisServer, tmp_path: Path) -> dict[str, str]:
    """Settings of hubs that share one Redis and one key."""
    await redis_server.flush()
    key = tmp_path / "session.key"
    key.write_text(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("="))
    key.chmod(0o600)
    return {"HUB_REDIS_URL": redis_server.url, "HUB_SESSION_KEY_FILES": str(key)}


async def test_parallel_calls_over_two_hubs(shared_redis: dict[str, str]) -> None:
    """A refresh kills the old token at once; of 100 calls at a time over two hubs none fails, no refresh token is spent twice."""
    options = Options(native_access_seconds=3, native_refresh_latency=0.2)
    async with native_clinic(options, hubs=2, **shared_redis) as clinic, Browser(clinic.hub.url) as browser:
        await log_in(browser)
        while clinic.asked("refresh", "issued") < 3:
            answers = await asyncio.gather(*(call(browser, clinic.hubs[number % 2]) for number in range(100)))
            assert {answer.status for answer in answers} == {200}

        assert clinic.asked("refresh", "refused") == len(clinic.hubs)  # the hubs' first questions, and no spent token
        assert clinic.standin.native_logins == 1


async def call(browser: Browser, hub: Hub) -> Answer:
    """Call the API through one of the hubs; the browser sends its one session to each, as behind one public name."""
    headers = {"Cookie": f"{SESSION_COOKIE}={browser.session_cookie()}", "X-Hub-CSRF": "1", "Sec-Fetch-Site": "same-origin"}
    return await browser.fetch(f"{hub.url}/api/echo", headers={**headers, "Origin": hub.url})


async def test_end_at_iris_ends_the_session() -> None:
    """When IRIS has ended the login, the user is told so at the next refresh."""
    async with native_clinic(Options(native_access_seconds=2)) as clinic, Browser(clinic.hub.url) as browser:
        await log_in(browser)
        channel = await Channel.open(browser)
        clinic.standin.end_sessions("alice")
        closed = await soon(channel.closed)
        problem: dict[str, Any] = (await browser.fetch("/api/echo")).json()

    assert closed.code == 4401
    assert (problem["type"], problem["reason"]) == ("urn:hub:problem:session-ended", "refused")


async def test_guessing() -> None:
    """Five wrong passwords, and the name has to wait, even for the right one; another user at the same address does not."""
    async with native_clinic(Options()) as clinic, Browser(clinic.hub.url) as browser:
        pages = [await log_in(browser, "guess") for _ in range(5)]
        limited = await log_in(browser)
        assert [page.status for page in pages] == [401] * 5
        assert limited.status == 429
        assert 1 <= int(limited.header("Retry-After") or 0) <= 60
        assert clinic.asked("login", "refused") == 5
        assert clinic.asked("login", "issued") == 0

        await log_in(browser, "bob-demo", user="bob")
        assert (await browser.fetch("/hub/session")).json()["subject"] == "bob"


async def test_in_a_real_browser() -> None:
    """Without any script, in a real browser: the form is found by its labels, tells a mistake, keeps the name, and logs in."""
    options = {"locale": "en-GB", "java_script_enabled": False}
    async with native_clinic(Options()) as clinic, Chromium.start(**options) as chromium:
        page = await chromium.open(f"{clinic.hub.url}/hub/login?return_to=/ward")
        await expect(page.get_by_label("User name")).to_be_focused()
        await page.get_by_label("User name").fill("alice")
        await page.get_by_label("Password").fill("wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_have_text("User name or password are wrong. Please try again.")
        await expect(page.get_by_label("User name")).to_have_value("alice")
        await expect(page.get_by_label("Password")).to_be_focused()
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Log in").click()
        await page.wait_for_url(f"{clinic.hub.url}/ward")

        assert clinic.asked("login", "issued") == 1
        assert [text for text in chromium.complaints if "401" not in text] == []  # of the status alone it complains
