"""What users do with the applications, in Chromium behind a hub, and what has to come of it."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.parties.chromium import Chromium
from tests.parties.clinic_page import identify
from tests.scenarios.conftest import Clinic

Story = Callable[[Clinic, Chromium], Awaitable[None]]

WORKER_SERVES = """navigator.serviceWorker.controller !== null ||
    new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', () => resolve(true)))"""
LOCALE = "fr-CH"
STORY_SECONDS = 300.0  # a story that takes so long hangs; a busy machine is slow
DOTTED = "/users/john.doe?tab=1#second"


async def legacy(clinic: Clinic, chromium: Chromium) -> None:
    """Material and its overlay have their styles, `[innerHTML]` works; login, a call, a change, and logout."""
    page = await chromium.open(clinic.hub.url + DOTTED)
    await _log_in(page)
    assert page.url == clinic.hub.url + DOTTED
    await expect(page.get_by_text("Alice")).to_be_visible()
    await expect(page.get_by_role("listitem")).to_have_count(20)
    await _has_its_styles(page)
    await expect(page.locator(".note b")).to_have_text("bold")
    await expect(page.locator(".note")).to_have_css("color", "rgb(1, 2, 3)")
    await expect(page.get_by_role("button", name="Log out")).to_have_css("border-radius", "4px")

    await page.locator("mat-select").click()
    await page.get_by_role("option", name="South").click()
    await expect(page.get_by_role("status")).to_have_text("South")
    await page.get_by_role("button", name="New patient").click()
    await expect(page.get_by_role("alert")).to_have_text("Created with 201")
    await _loses_its_session(page, chromium)
    assert page.url == clinic.hub.url + DOTTED

    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("button", name="Log in")).to_be_visible()


async def offline(clinic: Clinic, chromium: Chromium) -> None:
    """The worker is registered and accepts index.html; the shell starts while the hub is away; login and logout work."""
    page = await chromium.open(clinic.hub.url)
    await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    await page.reload()
    await page.evaluate(WORKER_SERVES)
    assert await _worker_state(page) == "Driver state: NORMAL ((nominal))"

    await clinic.hub.stop()
    await page.goto(f"{clinic.hub.url}/patients")
    await expect(page.get_by_role("status")).to_have_text("unavailable")
    await _has_its_styles(page)
    await clinic.hub.run()
    await clinic.hub.ready()
    chromium.complaints.clear()  # of requests that failed while the hub was away

    await page.reload()
    await _log_in(page)
    assert page.url == f"{clinic.hub.url}/patients"
    await expect(page.get_by_role("listitem")).to_have_count(20)
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("status")).to_have_text("anonymous")


async def worker(clinic: Clinic, chromium: Chromium) -> None:
    """Login and logout reach the hub although a worker answers navigations or passes them on."""
    page = await chromium.open(clinic.hub.url)
    await page.evaluate(WORKER_SERVES)
    await page.goto(f"{clinic.hub.url}/patients")
    await _log_in(page)
    assert page.url == f"{clinic.hub.url}/patients"
    await expect(page.get_by_role("listitem")).to_have_count(20)
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("status")).to_have_text("anonymous")


async def localized(clinic: Clinic, chromium: Chromium) -> None:
    """The browser's language is chosen, and a login and a reload stay in it."""
    page = await chromium.open(f"{clinic.hub.url}/patients?page=2")
    assert page.url == f"{clinic.hub.url}/fr/patients?page=2"
    await expect(page.get_by_role("heading", level=1)).to_have_text("Service")
    await _log_in(page)
    assert page.url == f"{clinic.hub.url}/fr/patients?page=2"
    await page.goto(f"{clinic.hub.url}/de/users/john.doe")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Station")
    await _shows(page, "/users/john.doe")


async def folder(clinic: Clinic, chromium: Chromium) -> None:
    """An application below a base href is reached at it, and at deep addresses."""
    page = await chromium.open(f"{clinic.hub.url}/ward/patients/7")
    await _shows(page, "/patients/7")
    await _log_in(page)
    assert page.url == f"{clinic.hub.url}/ward/patients/7"
    await expect(page.get_by_role("listitem")).to_have_count(20)


async def prerendered(clinic: Clinic, chromium: Chromium) -> None:
    """A prerendered page is there without scripts, and is hydrated under the default policy; other addresses get the shell."""
    for address, text in (("/", "<h2>/</h2>"), ("/about", "<h2>/about</h2>")):
        assert text in re.sub(r"(?<=<h2)[^>]*", "", await _source(chromium, clinic.hub.url + address))
    assert "<h2" not in await _source(chromium, f"{clinic.hub.url}/about/us")
    page = await chromium.open(f"{clinic.hub.url}/about")
    await _shows(page, "/about")
    await _has_its_styles(page)
    await page.goto(f"{clinic.hub.url}/about/us")
    await _shows(page, "/about/us")
    await _log_in(page)
    await expect(page.get_by_role("listitem")).to_have_count(20)


async def _log_in(page: Page) -> None:
    await page.get_by_role("button", name="Log in").click()
    await identify(page, "alice")
    await expect(page.get_by_role("button", name="Log out")).to_be_visible()


async def _loses_its_session(page: Page, chromium: Chromium) -> None:
    """Check that the next call of a page whose session is over leads to the login, and back."""
    assert chromium.complaints == []
    await chromium.context.clear_cookies()
    await page.get_by_role("button", name="New patient").click()
    await identify(page, "alice")
    await expect(page.get_by_role("button", name="Log out")).to_be_visible()
    assert all("401" in complaint for complaint in chromium.complaints)
    chromium.complaints.clear()


async def _shows(page: Page, address: str) -> None:
    """Check which address the application's router sees, once the application runs."""
    await expect(page.get_by_role("status")).not_to_have_text("unknown")
    await expect(page.get_by_role("heading", level=2)).to_have_text(address)


async def _has_its_styles(page: Page) -> None:
    """Check the style of a component, which Angular adds while the page runs."""
    await expect(page.get_by_role("heading", level=1)).to_have_css("letter-spacing", "3px")


async def _worker_state(page: Page) -> str:
    """Return what Angular's worker says about itself."""
    text = await page.evaluate("fetch('/ngsw/state').then((response) => response.text())")
    return next(line for line in text.splitlines() if line.startswith("Driver state"))


async def _source(chromium: Chromium, url: str) -> str:
    """Return a page as the hub sends it to a browser."""
    response = await chromium.context.request.get(url, headers={"Accept": "text/html"})
    return await response.text()


async def tell(clinic: Clinic, story: Story) -> None:
    """Run a story in a browser of its own.

    Raises:
        AssertionError: It ends otherwise, or the browser complained, such as about the content security policy.
    """
    async with Chromium.start(locale=LOCALE) as chromium:
        async with asyncio.timeout(STORY_SECONDS):  # a worker that is not registered is waited for without an end
            await story(clinic, chromium)
        assert chromium.complaints == []
