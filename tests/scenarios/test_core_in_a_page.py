"""The client without a framework, in a page of its own: `fetch` through the hub, and a login that leaves the page as it is."""

import shutil
from pathlib import Path

from playwright.async_api import Page, expect

from iris_standin import Options
from tests.parties import workspace
from tests.parties.chromium import Chromium
from tests.parties.clinic_page import identify
from tests.scenarios.conftest import StartClinic

INDEX = """<!doctype html>
<title>Ward</title>
<link rel="icon" href="data:,">
<script type="module" src="/app.js"></script>
<button id="in">Log in here</button>
<p id="out"></p>
"""
SCRIPT = """
import { Hub } from '/core.mjs';
const hub = window.hub = new Hub({ whenLoggedOut: 'wait' });
const say = (text) => document.getElementById('out').textContent = text;
hub.session.changes.listen(({ state }) => say(state));
document.getElementById('in').onclick = () => hub.loginInPlace();
hub.start();
"""


def build(folder: Path, script: str = SCRIPT) -> None:
    """Make a page with this script, and the packed core beside it."""
    for module in (workspace.build_packages() / "iris-hub-core" / "fesm2022").glob("*.mjs"):
        shutil.copy(module, folder)
    (folder / "core.mjs").write_text("export * from './iris-hub-core.mjs';", encoding="utf-8")
    (folder / "index.html").write_text(INDEX, encoding="utf-8")
    (folder / "app.js").write_text(script, encoding="utf-8")


async def subject(page: Page) -> str:
    """Call the API and return whom it knows."""
    answer: str = await page.evaluate(
        "hub.fetch('/api/echo', {method: 'POST', body: 'x'}).then(r => r.json()).then(e => e.subject)"
    )
    return answer


async def test_login_in_place(start_clinic: StartClinic, tmp_path: Path) -> None:
    """A call that meets the end of the session waits, the user logs in in a window of its own, and the call goes on."""
    build(tmp_path)
    options = Options(access_token_seconds=600)
    async with start_clinic(options, None, HUB_STATIC_ROOT=str(tmp_path)) as clinic, Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + "/ward#7")
        await expect(page.locator("#out")).to_have_text("anonymous")
        await page.evaluate("window.kept = 'unsaved text'")
        async with page.expect_popup() as popup:
            await page.get_by_role("button", name="Log in here").click()
        window = await popup.value
        await window.get_by_label("User name").wait_for()
        await identify(window, "alice")
        await expect(page.locator("#out")).to_have_text("authenticated")
        assert await subject(page) == "alice"

        await page.evaluate("fetch('/hub/logout', {method: 'POST', headers: {'X-Hub-CSRF': '1'}})")
        await expect(page.locator("#out")).to_have_text("anonymous")
        await page.evaluate("void (window.waiting = hub.fetch('/api/echo').then(r => r.json()).then(e => e.subject))")
        async with page.expect_popup() as popup:
            await page.get_by_role("button", name="Log in here").click()
        await identify(await popup.value, "alice")

        assert await page.evaluate("window.waiting") == "alice"
        assert await page.evaluate("window.kept") == "unsaved text"
        assert page.url == clinic.hub.url + "/ward#7"


async def test_typing_is_activity(start_clinic: StartClinic, tmp_path: Path) -> None:
    """A key that the user presses reaches the hub as activity, without a request of the application."""
    build(tmp_path)
    async with start_clinic(Options(), None, HUB_STATIC_ROOT=str(tmp_path)) as clinic, Chromium.start() as chromium:
        page = await chromium.open(clinic.hub.url + "/hub/login?return_to=/")
        await identify(page, "alice")
        await expect(page.locator("#out")).to_have_text("authenticated")
        async with page.expect_request(clinic.hub.url + "/hub/session"):  # one that is not passive
            await page.keyboard.press("a")
