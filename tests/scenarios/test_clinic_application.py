"""The Angular application in a real Chromium, under the hub's strict content security policy and Trusted Types."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Error, Page, expect

from iris_standin import Options
from iris_standin.clinic import streams
from tests.parties.browser import SESSION_COOKIE
from tests.parties.chromium import Chromium, found_in
from tests.parties.clinic_page import BLOCKED_SOCKETS, Answers, channel_is, go, heap_of, identify, log_in, shows_nothing_private
from tests.scenarios.conftest import Clinic, StartClinic
from tests.waiting import soon

DEEP_LINK = "/patients?q=ada#second"


def tokens(clinic: Clinic) -> list[str]:
    """Return every token that the stand-in has given out."""
    return [secret for kind, secrets in clinic.standin.issued.items() if kind != "code" for secret in secrets]


def result(page: Page, text: str | re.Pattern[str]) -> "asyncio.Future[None]":
    """Wait for what the page says about a call."""
    return asyncio.ensure_future(expect(page.get_by_role("status").filter(has_text=text)).to_be_visible())


async def call_ten(page: Page, way: str = "auto") -> None:
    """Make ten calls at once on the page about the connection."""
    await go(page, "Connection")
    await page.get_by_label("Send requests by").select_option(way)
    await page.get_by_role("button", name="Ten calls at once").click()
    await result(page, re.compile(r"Ten answers in \d+ ms\."))


async def upload(page: Page, file: Path, size: int) -> None:
    """Upload a file and wait for the receipt."""
    await go(page, "Documents")
    await page.get_by_label("File to upload").set_input_files(file)
    await page.get_by_role("button", name="Upload", exact=True).click()
    await result(page, f"The API received {size:,} bytes")


async def download(page: Page) -> None:
    """Fetch the long report."""
    await go(page, "Report")
    await page.get_by_role("button", name="Fetch the report").click()
    await result(page, "50,000,000 bytes have come.")
    async with page.expect_download() as saved:
        await page.get_by_role("link", name="Save the report").click()
    assert (await (await saved.value).path()).stat().st_size == 50_000_000


async def edit_town(page: Page, town: str) -> None:
    """Change the town of the patient that is shown, and save."""
    await page.get_by_label("Town").fill(town)
    await page.get_by_role("button", name="Save").click()


async def test_whole_story(start_clinic: StartClinic, tmp_path: Path) -> None:
    """Deep link, login, ten calls, upload, download, cancel, expiry unseen, logout; no token is anywhere in the browser."""
    document = tmp_path / "scan.bin"
    document.write_bytes(bytes(3_000_000))
    async with start_clinic(Options(access_token_seconds=4)) as clinic, Chromium.start(locale="en-GB") as chromium:
        page = await chromium.open(clinic.hub.url + DEEP_LINK)
        answers = Answers(page, clinic.hub.url)
        await log_in(page)
        assert page.url == clinic.hub.url + DEEP_LINK
        await channel_is(page, "Channel open")
        await expect(page.locator("tbody tr")).to_have_count(5)

        await page.get_by_label("Search by name or town").fill("")
        await expect(page.locator("tbody tr")).to_have_count(10)
        await page.get_by_role("button", name="Next page").click()
        await expect(page).to_have_url(re.compile("page=2"))
        await go(page, "Today")
        await expect(page.get_by_role("heading", name="Good day, Alice Arden")).to_be_focused()
        await expect(page.get_by_text("40 patients")).to_be_visible()
        await call_ten(page)
        await upload(page, document, 3_000_000)
        await download(page)
        await cancel_slow_call(page, clinic)
        await go(page, "Connection")
        await expect(page.get_by_role("row", name="Tokens renewed on the server").locator("td")).to_have_text(re.compile("[1-9]"))
        await go(page, "What your browser holds")
        await expect(page.get_by_text("No token is among it.")).to_be_visible()
        await expect(
            page.get_by_text(re.compile(r"[\d,]{4,} texts can be reached from window, and none of them"))
        ).to_be_visible()
        await expect(page.get_by_text("The API knows you as alice, by a token that your browser never had.")).to_be_visible()

        assert found_in(await heap_of(page), tokens(clinic)) == []
        assert found_in(await chromium.everything_kept(page), tokens(clinic)) == []
        assert await page.evaluate("indexedDB.databases().then(all => all.length)") == 0
        assert [url for url, frame in chromium.frames if found_in(frame.decode("latin-1"), tokens(clinic))] == []
        assert len(chromium.frames) > 20
        assert len(answers.texts) > 10
        assert [text[:80] for text in answers.texts if found_in(text, tokens(clinic))] == []

        await page.get_by_role("button", name="Log out").click()
        await shows_nothing_private(page)
        assert "XSRF-TOKEN" not in await page.evaluate("document.cookie")
        assert SESSION_COOKIE not in {cookie["name"] for cookie in await chromium.context.cookies(clinic.hub.url)}
        assert chromium.complaints == []


async def test_preview_of_an_uploaded_page(start_clinic: StartClinic, tmp_path: Path) -> None:
    """HTML of the API is fetched and shown in a sandbox without permissions: its text is there, its script never runs."""
    letter = tmp_path / "letter.html"
    steal = "top.stolen = document.cookie; fetch('/api/stolen', {headers: {'X-Hub-CSRF': '1'}})"
    letter.write_text(
        f"<h1>Dear Ada</h1><script>{steal}</script><img src=x onerror=\"{steal}\"><a href='javascript:{steal}'>Open</a>"
    )
    async with start_clinic() as clinic, Chromium.start(locale="en-GB") as chromium:
        page = await chromium.open(clinic.hub.url)
        await log_in(page)
        await upload(page, letter, letter.stat().st_size)
        await page.get_by_role("button", name="Preview").click()
        frame = page.frame_locator("iframe[title='Preview of the letter']")
        await expect(frame.get_by_role("heading", name="Dear Ada")).to_be_visible()

        assert await page.locator("iframe").get_attribute("sandbox") == ""
        assert await page.evaluate("typeof stolen") == "undefined"
        with pytest.raises(Error, match="TrustedHTML"):  # what docs/http-api.md says of plain scripts
            await page.evaluate("document.querySelector('iframe').srcdoc = '<p>Hello'")
        assert not any(entry.path.endswith("/stolen") for entry in clinic.standin.journal.entries())


async def cancel_slow_call(page: Page, clinic: Clinic) -> None:
    """Cancel a slow call, and wait until the resource server has noticed."""
    await go(page, "Connection")
    clinic.standin.journal.clear()
    await page.get_by_role("button", name="Slow call").click()
    await clinic.standin.journal.wait_for(lambda entry: entry.path.endswith("/slow"))
    await page.get_by_role("button", name="Cancel").click()
    is_aborted = clinic.standin.journal.wait_for(lambda entry: entry.path.endswith("/slow") and entry.outcome == "aborted")
    await soon(is_aborted)


async def endless(_size: int) -> AsyncIterator[bytes]:
    """Yield the beginning of a report whose end does not come."""
    for _ in range(16):
        yield streams.PIECE
    await asyncio.Event().wait()


async def test_an_upload_and_a_download_are_cancelled(
    start_clinic: StartClinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both show their progress; cancelling ends them at the API too."""
    monkeypatch.setattr(streams, "_report", endless)
    document = tmp_path / "film.bin"
    document.touch()
    with document.open("r+b") as file:
        file.truncate(400_000_000)
    largest = {"HUB_CHANNEL_BODY": "500000000"}
    routes = lambda target: json.dumps([{"prefix": "/api", "target": target, "max_body_bytes": 500_000_000}])  # noqa: E731
    async with start_clinic(None, routes, **largest) as clinic, Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + "/documents")
        await log_in(page)
        await page.get_by_label("File to upload").set_input_files(document)
        for begin, path in (("Upload", "/documents"), ("Fetch the report", "/report")):
            if begin != "Upload":
                await go(page, "Report")
            await page.get_by_role("button", name=begin, exact=True).click()
            await expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"^([1-9]|0\.[1-9])"))
            await page.get_by_role("button", name="Cancel").click()
            await result(page, "was cancelled.")
            ended = clinic.standin.journal.wait_for(
                lambda entry, path=path: entry.path.endswith(path) and entry.outcome != "running"
            )
            await soon(ended)
        assert {entry.outcome for entry in clinic.standin.journal.entries("clinic") if "report" in entry.path} == {"aborted"}
        assert chromium.complaints == []


async def test_two_who_edit_the_same_patient(clinic: Clinic) -> None:
    """The second one sees what the first has changed beside their own, and decides."""
    async with Chromium.start() as chromium:
        first = await chromium.open(clinic.hub.url + "/patients/3")
        await log_in(first)
        second = await chromium.open(clinic.hub.url + "/patients/3")
        for page in (first, second):
            await expect(page.get_by_role("heading", name="Greta Corvane")).to_be_visible()
        await edit_town(first, "Northmoor")
        await expect(first.get_by_text("Saved.")).to_be_visible()
        await edit_town(second, "Southmoor")

        await expect(second.get_by_role("heading", name="Somebody else has changed this patient")).to_be_visible()
        await expect(second.get_by_role("row", name="Town Northmoor Southmoor")).to_be_visible()
        await second.get_by_role("button", name="Overwrite with mine").click()
        await expect(second.get_by_text("Saved.")).to_be_visible()
        assert clinic.standin.records.patient(3).draft.city == "Southmoor"

        await edit_town(first, "Eastmoor")
        await first.get_by_role("button", name="Take theirs").click()
        await expect(first.get_by_label("Town")).to_have_value("Southmoor")


async def test_what_others_change_is_seen_at_once(start_clinic: StartClinic) -> None:
    """The live feed shows who has changed whom: an event that the API publishes."""
    topics = {
        "HUB_TOPICS": '[{"name": "patients"}]',
        "HUB_PUBLISHERS": '[{"name": "clinic", "token": "a-token-of-the-clinic-0123456789", "topics": ["patients"]}]',
    }
    async with start_clinic(None, None, **topics) as clinic, Chromium.start() as chromium:
        clinic.standin.news.url = f"{clinic.hub.admin_url}/topics/patients"
        clinic.standin.news.token = "a-token-of-the-clinic-0123456789"
        feed = await chromium.open(clinic.hub.url + "/feed")
        await log_in(feed)
        await expect(feed.get_by_text("Nothing has happened yet.")).to_be_visible()
        page = await chromium.open(clinic.hub.url + "/patients/3")
        await edit_town(page, "Northmoor")

        await expect(feed.get_by_role("listitem").filter(has_text="alice has changed Greta Corvane")).to_be_visible()


async def test_logout_in_one_tab_ends_the_other(clinic: Clinic) -> None:
    """The other tab is told, and nothing private is left there."""
    async with Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + "/patients")
        await log_in(page)
        other = await chromium.open(clinic.hub.url + "/patients/3")
        await channel_is(other, "Channel open")
        await page.get_by_role("button", name="Log out").click()

        await expect(other.get_by_role("button", name="Log in")).to_be_visible()
        await expect(other.get_by_text("You have logged out.")).to_be_visible()
        await shows_nothing_private(other)
        assert chromium.complaints == []


async def test_the_provider_ends_the_session(start_clinic: StartClinic) -> None:
    """When the provider refuses to refresh, every tab says so, and after the login both work on where they were."""
    async with start_clinic(Options(access_token_seconds=3)) as clinic, Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + "/patients/3")
        await log_in(page)
        other = await chromium.open(clinic.hub.url + "/connection")
        await channel_is(other, "Channel open")
        clinic.standin.end_sessions("alice")

        for tab in (page, other):
            await expect(tab.get_by_text("The login service has ended your login.")).to_be_visible()
            await shows_nothing_private(tab)
        await log_in(other)
        assert other.url == clinic.hub.url + "/connection"
        await expect(page.get_by_role("heading", name="Greta Corvane")).to_be_visible()
        assert chromium.complaints == []


async def test_two_users_in_two_tabs(clinic: Clinic) -> None:
    """When another user logs in in this browser, the first tab shows nothing of the former one any more, and acts for nobody."""
    async with Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + "/patients/3")
        await log_in(page)
        await expect(page.get_by_role("heading", name="Greta Corvane")).to_be_visible()
        other = await chromium.open(clinic.hub.url + "/")
        await other.get_by_role("button", name="Log out").click()
        await expect(page.get_by_role("button", name="Log in")).to_be_visible()
        await log_in(other, "bob")

        await expect(other.get_by_role("heading", name="Good day, Bob Brook")).to_be_visible()
        await expect(page.locator("mat-toolbar")).to_contain_text("Bob Brook")
        assert "Alice" not in await page.content()


async def test_a_former_users_page_is_refused(clinic: Clinic) -> None:
    """A page that has missed the change of users cannot act for the new one: it says so, and loads anew."""
    async with Chromium.start() as chromium:
        page = await chromium.context.new_page()
        await page.add_init_script(f"{BLOCKED_SOCKETS}; window.BroadcastChannel = undefined;")
        await page.goto(clinic.hub.url + "/patients/3")
        await log_in(page)
        await expect(page.get_by_role("heading", name="Greta Corvane")).to_be_visible()
        other = await chromium.open(clinic.hub.url + "/hub/login?prompt=login")
        await identify(other, "bob")
        await expect(other.locator("mat-toolbar")).to_contain_text("Bob Brook")
        clinic.standin.journal.clear()
        await edit_town(page, "Northmoor")

        await expect(page.get_by_text("Another user has logged in in this browser.").first).to_be_visible()
        assert [entry for entry in clinic.standin.journal.entries("clinic") if entry.method == "PUT"] == []
        await page.get_by_role("button", name="Load the page anew").click()
        await expect(page.locator("mat-toolbar")).to_contain_text("Bob Brook")


async def test_blocked_websockets(clinic: Clinic, tmp_path: Path) -> None:
    """Where no WebSocket gets through, all works over HTTP: calls, upload with progress, download, cancel, logout."""
    document = tmp_path / "scan.bin"
    document.write_bytes(bytes(2_000_000))
    async with Chromium.start() as chromium:
        await chromium.context.add_init_script(BLOCKED_SOCKETS)
        page = await chromium.open(clinic.hub.url + "/patients")
        await log_in(page)
        await channel_is(page, "Reconnecting, using HTTP")
        await expect(page.locator("tbody tr")).to_have_count(10)
        await call_ten(page)
        await upload(page, document, 2_000_000)
        await download(page)
        await cancel_slow_call(page, clinic)
        await page.goto(clinic.hub.url + "/patients/3")
        await edit_town(page, "Northmoor")
        await expect(page.get_by_text("Saved.")).to_be_visible()
        other = await chromium.open(clinic.hub.url + "/")
        await other.get_by_role("button", name="Log out").click()
        await shows_nothing_private(page)
        assert chromium.complaints == []


async def test_back_button_after_logout(clinic: Clinic) -> None:
    """Whoever goes back after a logout, to a page that was left before it, sees the login page."""
    async with Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + "/patients")
        await log_in(page)
        await expect(page.locator("tbody tr")).to_have_count(10)
        await page.goto(clinic.hub.url + "/hub/assets/page.css")  # anywhere else
        other = await chromium.open(clinic.hub.url + "/")
        await other.get_by_role("button", name="Log out").click()
        await expect(other.get_by_role("button", name="Log in")).to_be_visible()
        await page.go_back()

        await shows_nothing_private(page)


async def test_another_session_is_ended(clinic: Clinic) -> None:
    """The user sees where they are logged in, ends the session that they do not know, and keeps their own."""
    async with clinic.browser("alice") as lost, Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + "/sessions")
        await log_in(page)
        await expect(page.get_by_role("row")).to_have_count(3)
        await page.get_by_role("button", name="Sign out", exact=True).click()

        await expect(page.get_by_text("That session has ended.")).to_be_visible()
        await expect(page.get_by_role("row")).to_have_count(2)
        assert (await lost.fetch("/hub/session")).json()["reason"] == "elsewhere"
        assert chromium.complaints == []


async def test_warned_before_the_end(start_clinic: StartClinic) -> None:
    """A dialog warns in time; whoever wants to stay may, and without a word the session ends."""
    async with start_clinic(HUB_SESSION_IDLE_TIMEOUT_SECONDS="6") as clinic, Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + "/patients/3")
        await log_in(page)
        dialog = page.get_by_role("dialog", name="Are you still there?")
        await expect(dialog).to_be_visible()
        await dialog.get_by_role("button", name="Stay logged in").click()
        await expect(dialog).to_be_hidden()
        await expect(page.get_by_text("You were logged out because you did nothing for a while.")).to_be_visible()
        await shows_nothing_private(page)
