"""The Angular application is for everybody: axe-core finds no violation that is serious, light and dark, wide and narrow."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.parties import npm, workspace
from tests.parties.chromium import Chromium
from tests.parties.clinic_page import PAGES, channel_is, go, log_in
from tests.scenarios.conftest import Clinic

LOOKS: list[dict[str, Any]] = [
    {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    {"color_scheme": "dark", "viewport": {"width": 390, "height": 800}},
]


async def violations(page: Page) -> list[str]:
    """Return what axe-core finds that hinders people."""
    await page.evaluate((workspace.FOLDER / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = (await page.evaluate("axe.run(document, { resultTypes: ['violations'] })"))["violations"]
    return [
        f"{page.url}: {each['id']}: {each['help']}: {each['nodes'][0]['html'][:120]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("look", LOOKS, ids=["light", "dark"])
async def test_no_serious_violation(clinic: Clinic, look: dict[str, Any]) -> None:
    """Every page, before the login and after it."""
    npm.install(workspace.FOLDER)
    async with Chromium.start(**look) as chromium:
        page = await chromium.open(clinic.hub.url + "/")
        await expect(page.get_by_role("button", name="Log in")).to_be_visible()
        found = await violations(page)
        await log_in(page)
        await channel_is(page, "Channel open")
        for name in PAGES:
            await go(page, name)
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            found += await violations(page)
        await page.goto(clinic.hub.url + "/patients/3")
        await expect(page.get_by_role("heading", name="Greta Corvane")).to_be_visible()
        found += await violations(page)
        assert found == []


async def test_by_keyboard_alone(clinic: Clinic) -> None:
    """The first stop leads to the content, and after each change of the page the focus is on its heading."""
    async with Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + "/")
        await log_in(page)
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("main")).to_be_focused()
        await page.get_by_role("link", name="Documents").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Documents")).to_be_focused()
