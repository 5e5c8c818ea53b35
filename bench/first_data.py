"""`python -m bench.first_data`: from opening a page to its data, over the channel and over HTTP/1.1; an API takes 50 ms.

The clinic asks for two things when it is opened. A page that asks for 12 at once, as dashboards do, is built on the packed core;
a browser opens six connections to a host at most. Page, hub and API are the same both ways; only the sockets of one are blocked.
"""

import asyncio
import statistics
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from playwright.async_api import Page

from iris_standin import Client, Options, Standin
from tests.parties.chromium import Chromium
from tests.parties.clinic_page import BLOCKED_SOCKETS, identify
from tests.parties.hub import PROJECT, Hub, free_port, public_url, redirect_uri, settings
from tests.scenarios.test_core_in_a_page import build

CALLS = 12
LATENCY_SECONDS = 0.05
ROUNDS = 15
SECRET = "bench-secret"
CLINIC_IS_THERE = "document.body.innerText.includes('40 patients') && document.body.innerText.includes('60 appointments')"
SCRIPT = """
import { Hub } from '/core.mjs';
const hub = new Hub();
await hub.start();
const calls = Array.from({ length: %d }, (_, n) => hub.fetch('/api/' + n).then(r => r.json()));
Promise.all(calls).then(() => document.title = 'ready');
"""


async def main() -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory() as folder:
        await asyncio.to_thread(build, Path(folder), SCRIPT % CALLS)
        pages = {
            "the clinic, 2 calls": (str(PROJECT / "static"), CLINIC_IS_THERE),
            f"a page with {CALLS} calls": (folder, "document.title === 'ready'"),
        }
        for name, (root, is_there) in pages.items():
            async with _site(root) as url:
                figures = await _compare(url, is_there)
            for way, milliseconds in figures.items():
                spread = f"{min(milliseconds):.0f} to {max(milliseconds):.0f}"
                print(f"| {name} | {way} | {statistics.median(milliseconds):.0f} ms | {spread} |")


async def _compare(url: str, is_there: str) -> dict[str, list[float]]:
    """Open the page both ways in turn; return the milliseconds until its data are there."""
    async with Chromium.start() as fast, Chromium.start() as plain:
        await plain.context.add_init_script(BLOCKED_SOCKETS)
        pages = {"channel": await _log_in(fast, url), "HTTP/1.1": await _log_in(plain, url)}
        figures: dict[str, list[float]] = {way: [] for way in pages}
        for _ in range(ROUNDS):
            for way, page in pages.items():
                await page.goto(url)
                waited = await page.wait_for_function(f"() => ({is_there}) && performance.now()")
                figures[way].append(await waited.json_value())
        return figures


async def _log_in(chromium: Chromium, url: str) -> Page:
    page = await chromium.open(url + "/hub/login")
    await identify(page, "alice")
    await page.wait_for_url(url + "/")
    return page


@asynccontextmanager
async def _site(root: str) -> AsyncIterator[str]:
    """Start stand-in, API and hub; yield the hub's URL."""
    port, api_port = free_port(), free_port()
    standin = Standin(Options(), [Client("hub", SECRET, [redirect_uri(port)], [f"{public_url(port)}/"])])
    await standin.start()
    runner = web.AppRunner(_api(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", api_port).start()
    routes = [{"prefix": "/api", "target": f"http://127.0.0.1:{api_port}"}]
    environment = {**settings(standin.issuer, "hub", SECRET, routes), "HUB_STATIC_ROOT": root}
    async with Hub.start(environment, port=port) as hub:
        yield hub.url
    await runner.cleanup()
    await standin.stop()


def _api() -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(LATENCY_SECONDS)
        total = 40 if request.path == "/patients" else 60
        return web.json_response({"items": [], "total": total, "value": "x" * 1000})

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    return application


if __name__ == "__main__":
    asyncio.run(main())
