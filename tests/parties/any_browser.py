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

from tests.parties.chromium import Chromium

MINI_BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"
FIREFOX = next((path for name in ("firefox-esr", "firefox") if (path := shutil.which(name))), None)
WEBKIT = shutil.which("xvfb-run") is not None and Path(MINI_BROWSER).is_file()
BROWSERS = ["chromium", *(["firefox"] if FIREFOX else []), *(["webkit"] if WEBKIT else [])]


@asynccontextmanager
async def opened(browser: str, url: str, folder: Path) -> AsyncIterator[None]:
    """Open `url` in a browser until the end of the block; `folder` is its profile."""
    if browser == "chromium":
        async with Chromium.start() as chromium:
            await chromium.open(url)
            yield
        return
    firefox = [FIREFOX or "", "--headless", "--no-remote", "--profile", str(folder), url]
    command = firefox if browser == "firefox" else ["xvfb-run", "-a", MINI_BROWSER, "--private", url]
    environment = {**os.environ, "HOME": str(folder), "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}  # root has no sandbox
    nothing = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=nothing, stderr=nothing, start_new_session=True
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
