"""A page in any browser of the machine, without a driver: the page acts by itself, and a server hears what came of it.

Chromium always; Firefox and WebKitGTK where the machine has them (Debian: firefox-esr; webkit2gtk-driver and xvfb).
"""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.parties import chromium

MINI_BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"
FIREFOX = next((path for name in ("firefox-esr", "firefox") if (path := shutil.which(name))), None)
WEBKIT = shutil.which("xvfb-run") is not None and Path(MINI_BROWSER).is_file()
BROWSERS = ["chromium", *(["firefox"] if FIREFOX else []), *(["webkit"] if WEBKIT else [])]


@asynccontextmanager
async def opened(browser: str, url: str, folder: Path) -> AsyncIterator[None]:
    """Open `url` in a browser, with its features as users have them, until the end of the block.

    Parameters:
        browser: One of `BROWSERS`.
        folder: An empty folder for its profile.
    """
    command, needed = await asyncio.to_thread(_command, browser, url, folder)
    environment = {**os.environ, "HOME": str(folder), **needed}
    nothing = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=nothing, stderr=nothing, start_new_session=True
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _command(browser: str, url: str, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return the command that opens `url`, and what its environment needs."""
    if browser == "firefox":
        return [FIREFOX or "", "--headless", "--no-remote", "--profile", str(folder), url], {}
    if browser == "webkit":  # root has no sandbox
        return ["xvfb-run", "-a", MINI_BROWSER, url], {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
    found = chromium.find()
    options = ["--headless", "--remote-debugging-port=0", f"--user-data-dir={folder}"]  # without the port it ends at once
    return [found.path, *chromium.ARGUMENTS, *options, url], found.environment
