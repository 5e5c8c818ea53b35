"""Seven tabs of a browser that opens no WebSocket: one event stream brings them what a channel would, over HTTP/1.1."""

import asyncio
from pathlib import Path

from playwright.async_api import Page, expect

from iris_standin import Options
from tests.parties.chromium import Chromium
from tests.parties.clinic_page import identify
from tests.scenarios.conftest import StartClinic
from tests.scenarios.test_core_in_a_page import build
from tests.scenarios.test_topics_story import ENVIRONMENT, publish

TABS = 7
FORBIDDEN = """
window.WebSocket = class {
  constructor() { throw new DOMException('The operation is insecure.', 'SecurityError'); }
};
"""
SCRIPT = """
import { Hub } from '/core.mjs';
const hub = window.hub = new Hub();
const got = document.createElement('p');
got.id = 'got';
document.body.append(got);
hub.session.changes.listen(({ state }) => document.getElementById('out').textContent = state);
hub.topic('ward-7', {
  event: ({ data }) => got.textContent += `${data} `,
  refused: ({ problem }) => got.textContent = `refused ${problem.status}`,
});
document.getElementById('in').onclick = () => hub.login();
hub.start();
"""


async def is_subscribed(page: Page) -> None:
    """Wait until events of the topic come to this tab."""
    await page.wait_for_function("[...hub.push.topics.values()].some((topic) => topic.isConfirmed)")


async def test_seven_tabs(start_clinic: StartClinic, tmp_path: Path) -> None:
    """Each tab shows itself, hears of its topic and of the logout, and can still call the API: six connections are enough."""
    build(tmp_path, SCRIPT)
    environment = {"HUB_STATIC_ROOT": str(tmp_path), **ENVIRONMENT}
    async with start_clinic(Options(access_token_seconds=600), None, **environment) as clinic, Chromium.start() as chromium:
        await chromium.context.add_init_script(FORBIDDEN)
        first = await chromium.open(clinic.hub.url)
        await expect(first.locator("#out")).to_have_text("anonymous")
        await first.get_by_role("button", name="Log in here").click()
        await identify(first, "alice")
        pages = [first, *[await chromium.open(clinic.hub.url) for _ in range(TABS - 1)]]
        for page in pages:
            await is_subscribed(page)

        for number in range(3):
            await publish(clinic.hub, "ward-7", {"name": "changed", "data": number})
        for page in pages:
            await expect(page.locator("#got")).to_have_text("0 1 2 ")
        calls = "Promise.all(Array.from({length: 4}, () => hub.fetch('/api/echo').then((answer) => answer.status)))"
        assert await asyncio.gather(*(page.evaluate(calls) for page in pages)) == [[200] * 4] * TABS
        opened, closed = (len(clinic.hub.events(f"channel.{what}")) for what in ("opened", "closed"))
        assert opened - closed == 1

        await first.close()
        await publish(clinic.hub, "ward-7", {"name": "changed", "data": 3})
        for page in pages[1:]:
            await expect(page.locator("#got")).to_have_text("0 1 2 3 ")

        await pages[1].evaluate("fetch('/hub/logout', {method: 'POST', headers: {'X-Hub-CSRF': '1'}})")
        for page in pages[1:]:
            await expect(page.locator("#out")).to_have_text("anonymous")
        assert not [complaint for complaint in chromium.complaints if "exception" in complaint]
