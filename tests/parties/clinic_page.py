"""The clinic's application in a real browser, used as a person does: by what stands on the page."""

import json
from contextlib import suppress
from typing import Any

from playwright.async_api import Error, Page, expect

from tests.scenarios.conftest import PASSWORDS

PAGES = ("Today", "Patients", "Documents", "Report", "Live feed", "My sessions", "What your browser holds", "Connection")

BLOCKED_SOCKETS = """window.WebSocket = class {
  constructor() { setTimeout(() => this.onclose?.({ code: 1006, reason: '' })); }
  send() {}
  close() {}
}"""
"""What a page sees of a firewall that lets no WebSocket through."""


async def log_in(page: Page, user: str = "alice") -> None:
    """Go through the stand-in's login and consent pages, and come back."""
    await page.get_by_role("button", name="Log in").click()
    await identify(page, user)
    await expect(page.get_by_role("button", name="Log out")).to_be_visible()


async def identify(page: Page, user: str) -> None:
    """Fill in the stand-in's pages."""
    await page.get_by_label("User name").fill(user)
    await page.get_by_label("Password").fill(PASSWORDS[user])
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("button", name="Accept").click()


async def channel_is(page: Page, text: str) -> None:
    """Wait until the chip of the tool bar says so."""
    await expect(page.locator("clinic-connection-chip")).to_have_text(text)


async def go(page: Page, name: str) -> None:
    """Follow a link of the navigation."""
    await page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()
    await expect(page).to_have_title(name)


async def shows_nothing_private(page: Page) -> None:
    """Check that the page holds neither the user nor a patient."""
    await expect(page.get_by_role("button", name="Log in")).to_be_visible()
    content = await page.content()
    for private in ("Alice", "alice", "Arnfell", "Corvane"):
        assert private not in content


async def heap_of(page: Page) -> str:
    """Return a snapshot of all that the page's JavaScript holds: its strings among them."""
    session = await page.context.new_cdp_session(page)
    pieces: list[str] = []
    session.on("HeapProfiler.addHeapSnapshotChunk", lambda event: pieces.append(event["chunk"]))
    await session.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    await session.detach()
    strings: list[str] = json.loads("".join(pieces))["strings"]
    return "\n".join(strings)


class Answers:
    """The bodies of everything that the hub has answered to a browser over HTTP."""

    def __init__(self, page: Page, origin: str) -> None:
        self.texts: list[str] = []
        self._origin = origin
        self._page = page
        page.context.on("requestfinished", self._record)

    async def _record(self, request: Any) -> None:
        if request.url.startswith(self._origin):
            response = await request.response()
            headers = await response.all_headers()
            self.texts.append(f"{response.url} {headers}")
            if response.status == 200 and "octet-stream" not in headers.get("content-type", ""):
                with suppress(Error):  # the browser forgets the bodies of a page that it has left
                    self.texts.append((await response.body()).decode("latin-1"))
