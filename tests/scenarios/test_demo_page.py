"""The demo page in a real Chromium, under the hub's strict content security policy."""

import asyncio
import re

from playwright.async_api import Page, expect

from iris_standin import Options
from tests.parties.chromium import Chromium, found_in
from tests.scenarios.conftest import PASSWORDS, Clinic, StartClinic

START = "/ward"  # an address that only the application knows


async def log_in(page: Page, user: str = "alice") -> None:
    """Go through the stand-in's login and consent pages as a person does, and come back."""
    await page.get_by_role("link", name="Log in").click()
    await page.get_by_label("User name").fill(user)
    await page.get_by_label("Password").fill(PASSWORDS[user])
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("button", name="Accept").click()
    await expect(page.locator("#signed-in")).to_be_visible()


async def press(page: Page, name: str, result: str | re.Pattern[str]) -> None:
    """Press a button and wait for what the page says then."""
    await page.get_by_role("button", name=name, exact=True).click()
    await expect(page.locator("#result")).to_have_text(result)


async def call_every_way(page: Page) -> None:
    """Make the calls that end well, and one that the API fails."""
    await press(page, "Who am I?", "The API knows you as alice, by a token that your browser never had.")
    await press(page, "Ten calls at once", re.compile(r"Ten answers in \d+ ms\."))
    await press(page, "Report, 5 MB", re.compile(r"5,000,000 bytes in \d+ ms\."))
    await press(page, "Upload", re.compile(r"The API received 1,000,000 bytes, SHA-256 d29751f2649b"))


def issued(clinic: Clinic) -> list[str]:
    """Return every secret that the stand-in has given out."""
    return [secret for secrets in clinic.standin.issued.values() for secret in secrets]


async def test_whole_story(start_clinic: StartClinic) -> None:
    """Log in, call both ways, cancel, outlive a token, log out: nothing secret and nothing private is left behind."""
    options = {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}}
    async with start_clinic(Options(access_token_seconds=4)) as clinic, Chromium.start(**options) as chromium:
        page = await chromium.open(clinic.hub.url + START)
        await expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
        await log_in(page)
        assert page.url == clinic.hub.url + START
        await expect(page.locator("#user-name")).to_have_text("Alice Arden")
        await expect(page.locator("#channel-state")).to_have_text("Channel open")
        await expect(page.locator("#patients tr")).to_have_count(8)
        await expect(page.locator("#idle")).to_have_text(re.compile(r"14 min \d+ s"))
        await expect(page.locator("#absolute")).to_have_text(re.compile("1[12] h"))

        await page.get_by_role("searchbox").fill("clío")
        await expect(page.locator("#patients-count")).to_have_text("5 patients, page 1 of 1")
        await call_every_way(page)
        await press(page, "Failing call", re.compile("The API failed with status 500: ERROR #5035"))
        await expect(page.locator("#log .channel")).to_have_count(16)  # the list, the search, 13 and 1
        await page.get_by_label("HTTP", exact=True).check()
        await call_every_way(page)
        await expect(page.locator("#log .http")).to_have_count(13)

        for transport in ("Channel (one WebSocket)", "HTTP"):
            await page.get_by_label(transport, exact=True).check()
            await cancel_slow_call(page, clinic)
        await expect(page.locator("#renewals")).to_have_text(re.compile("once|[1-9] times"))
        await expect(page.locator("#log li", has_text="Session refreshed").first).to_be_visible()
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Save a report by link").click()
        assert (await (await download.value).path()).stat().st_size == 1_000_000

        await page.get_by_role("button", name="Look again").click()
        await expect(page.locator("#verdict")).to_contain_text("No token is among it.")
        await expect(page.locator("#holdings dd")).to_have_text([re.compile("^XSRF-TOKEN="), *["nothing"] * 4])
        kept = await chromium.everything_kept(page)
        assert found_in(kept, issued(clinic)) == []
        assert [url for url, frame in chromium.frames if found_in(frame.decode("latin-1"), issued(clinic))] == []

        await page.get_by_role("button", name="Log out").click()
        await expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
        await shows_nothing_private(page)
        assert "XSRF-TOKEN" not in await page.evaluate("document.cookie")
        assert "__Host-Http-hub" not in {cookie["name"] for cookie in await chromium.context.cookies(clinic.hub.url)}
        assert chromium.complaints == []


async def cancel_slow_call(page: Page, clinic: Clinic) -> None:
    """Cancel a slow call, and wait until the resource server has noticed."""
    clinic.standin.journal.clear()
    await page.get_by_role("button", name="Slow call, 10 s").click()
    await clinic.standin.journal.wait_for(lambda entry: entry.path.endswith("/slow"))
    await page.get_by_role("button", name="Cancel it").click()
    await expect(page.locator("#result")).to_have_text("Cancelled.")
    is_aborted = clinic.standin.journal.wait_for(lambda entry: entry.path.endswith("/slow") and entry.outcome == "aborted")
    await asyncio.wait_for(is_aborted, 5)


async def shows_nothing_private(page: Page) -> None:
    """Check that neither the page nor its hidden parts hold the user or a patient."""
    await expect(page.locator("#patients tr")).to_have_count(0)
    await expect(page.locator("#sessions li")).to_have_count(0)
    content = await page.content()
    assert "Alice" not in content
    assert "alice" not in content


async def test_back_button_after_logout(clinic: Clinic) -> None:
    """Whoever goes back after a logout, to a page that was left before it, sees the login page."""
    async with Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + START)
        await log_in(page)
        await expect(page.locator("#patients tr")).to_have_count(8)
        await page.goto(clinic.hub.url + "/hub/assets/page.css")  # anywhere else
        other = await chromium.open(clinic.hub.url + START)
        await other.get_by_role("button", name="Log out").click()
        await expect(other.get_by_role("heading", name="Welcome")).to_be_visible()
        await page.go_back()

        await expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
        await shows_nothing_private(page)


async def test_page_kept_in_memory(clinic: Clinic) -> None:
    """A page that the browser keeps for the back button holds nothing private, and asks anew who is logged in when it comes back.

    Playwright's browser keeps none, so the events are made here.
    """
    async with Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + START)
        await log_in(page)
        await expect(page.locator("#patients tr")).to_have_count(8)
        await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
        await shows_nothing_private(page)
        async with page.expect_navigation():
            await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")

        await expect(page.locator("#patients tr")).to_have_count(8)
        await expect(page.locator("#user-name")).to_have_text("Alice Arden")


async def test_end_of_the_session_is_told(start_clinic: StartClinic) -> None:
    """When the provider refuses to refresh, every tab says so at once, forgets its patients, and offers to log in again."""
    async with start_clinic(Options(access_token_seconds=3)) as clinic, Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + START)
        await log_in(page)
        other = await chromium.open(clinic.hub.url + "/other")
        await expect(other.locator("#channel-state")).to_have_text("Channel open")
        clinic.standin.end_sessions("alice")

        for tab in (page, other):
            await expect(tab.locator("#session-end")).to_have_text("The login server has ended your login.")
            await shows_nothing_private(tab)
        await log_in(other)
        assert other.url == clinic.hub.url + "/other"
        assert chromium.complaints == []


async def test_another_session_is_ended(clinic: Clinic) -> None:
    """The user sees where they are logged in, ends the session that they do not know, and keeps their own."""
    async with clinic.browser("alice") as lost, Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + START)
        await log_in(page)
        await expect(page.locator("#sessions li")).to_have_count(2)
        await expect(page.locator("#sessions strong")).to_have_text("This one")
        await page.get_by_role("button", name="End it").click()

        await expect(page.locator("#sessions li")).to_have_count(1)
        await expect(page.get_by_role("heading", name="Where you are logged in")).to_be_focused()
        assert (await lost.fetch("/hub/session")).json()["reason"] == "elsewhere"
        await press(page, "Who am I?", "The API knows you as alice, by a token that your browser never had.")
        assert chromium.complaints == []


async def test_warned_before_the_end(start_clinic: StartClinic) -> None:
    """The page warns when the hub says that it is time; whoever wants to stay may, and without a word the session ends."""
    async with start_clinic(HUB_SESSION_IDLE_TIMEOUT_SECONDS="6") as clinic, Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + START)
        await log_in(page)
        await expect(page.get_by_text("You will be logged out soon.")).to_be_visible()
        await page.get_by_role("button", name="Stay logged in").click()
        await expect(page.get_by_text("You will be logged out soon.")).to_be_hidden()
        await expect(page.locator("#session-end")).to_have_text(
            "You were logged out because nothing happened for a while.", timeout=15_000
        )


async def test_without_a_channel(start_clinic: StartClinic) -> None:
    """Where the hub has no room for another channel, the page calls over HTTP and says so, and learns there of the logout."""
    async with start_clinic(HUB_CHANNEL_CONNECTIONS_PER_SESSION="1") as clinic, Chromium.start() as chromium:
        first = await chromium.open(clinic.hub.url + START)
        await log_in(first)
        await expect(first.locator("#channel-state")).to_have_text("Channel open")
        page = await chromium.open(clinic.hub.url + START)
        await expect(page.locator("#channel-state")).to_have_text("No channel, using HTTP")
        await expect(page.locator("#patients tr")).to_have_count(8)

        await call_every_way(page)
        await expect(page.locator("#log .http")).to_have_count(14)
        assert chromium.complaints == []
        await first.get_by_role("button", name="Log out").click()
        await expect(first.get_by_role("heading", name="Welcome")).to_be_visible()
        await page.get_by_role("button", name="Who am I?").click()
        await expect(page.locator("#session-end")).to_have_text("Your session has ended.")
        await shows_nothing_private(page)


async def test_hub_restarts(clinic: Clinic) -> None:
    """When the hub is restarted, the page goes on in the same session with a new channel, without being reloaded."""
    async with Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + START)
        await log_in(page)
        await expect(page.locator("#channel-state")).to_have_text("Channel open")
        await clinic.hub.stop()
        await expect(page.locator("#channel-state")).not_to_have_text("Channel open")
        await clinic.hub.run()
        await clinic.hub.ready()

        await expect(page.locator("#channel-state")).to_have_text("Channel open")
        await call_every_way(page)
        assert await page.locator("#log .channel").count() >= 13
