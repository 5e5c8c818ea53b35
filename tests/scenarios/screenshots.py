"""`python -m tests.scenarios.screenshots`: takes the pictures of the clinic under `docs/images/` anew."""

import asyncio
from pathlib import Path

from playwright.async_api import Page, expect

from iris_standin import Client, Options, Standin
from tests.parties.chromium import Chromium
from tests.parties.clinic_page import channel_is, go, log_in
from tests.parties.hub import Hub, free_port, public_url, redirect_uri, settings
from tests.scenarios.conftest import SECRET, routes

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDE = {"width": 1100, "height": 700}
NARROW = {"width": 390, "height": 700}


async def main() -> None:
    """Log in and go from page to page, light and wide, dark and narrow."""
    IMAGES.mkdir(exist_ok=True)
    port = free_port()
    standin = Standin(Options(), [Client("hub", SECRET, [redirect_uri(port)], [f"{public_url(port)}/"])])
    await standin.start()
    environment = settings(standin.issuer, "hub", SECRET, routes(standin.clinic_url))
    async with Hub.start(environment, port=port) as hub:
        async with Chromium.start(locale="en-GB", color_scheme="light", viewport=WIDE) as chromium:
            page = await chromium.open(hub.url + "/")
            await expect(page.get_by_role("button", name="Log in")).to_be_visible()
            await take(page, "sign-in")
            await log_in(page)
            await channel_is(page, "Channel open")
            await expect(page.get_by_text("40 patients")).to_be_visible()
            await take(page, "today")
            await go(page, "Patients")
            await expect(page.locator("tbody tr")).to_have_count(10)
            await take(page, "patients")
            await go(page, "What your browser holds")
            await expect(page.get_by_text("by a token that your browser never had")).to_be_visible()
            await take(page, "holdings")
            await go(page, "Connection")
            await page.get_by_role("button", name="Ten calls at once").click()
            await expect(page.get_by_text("Ten answers in")).to_be_visible()
            await take(page, "connection")
        async with Chromium.start(locale="en-GB", color_scheme="dark", viewport=NARROW) as chromium:
            page = await chromium.open(hub.url + "/patients/3")
            await log_in(page)
            await expect(page.get_by_role("heading", name="Greta Corvane")).to_be_visible()
            await take(page, "patient-dark")
    await standin.stop()


async def take(page: Page, name: str) -> None:
    """Take a picture of what is to be seen, once nothing moves any more."""
    await page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    asyncio.run(main())
