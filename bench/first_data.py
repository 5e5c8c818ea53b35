"""`python -m bench.first_data`: from opening a page to its data, over the channel and over HTTP/1.1.

A page asks for 12 things at once, as dashboards do, of an API that takes 50 ms for each. Page, client (the packed core) and hub
are the same; a browser opens six connections to a host at most.
"""

import asyncio
import statistics
import tempfile
from pathlib import Path

from aiohttp import web
from playwright.async_api import Page

from iris_standin import Client, Options, Standin
from tests.parties.chromium import Chromium
from tests.parties.clinic_page import identify
from tests.parties.hub import Hub, free_port, public_url, redirect_uri, settings
from tests.scenarios.test_core_in_a_page import build

CALLS = 12
LATENCY_SECONDS = 0.05
ROUNDS = 15
SECRET = "bench-secret"
SCRIPT = """
import { Hub } from '/core.mjs';
const mode = new URLSearchParams(location.search).get('mode');
const hub = new Hub({ mode });
await hub.start();
const calls = Array.from({ length: %d }, (_, n) => hub.fetch('/api/' + n).then(r => r.json()));
window.done = Promise.all(calls).then(() => performance.now());
document.title = 'ready';
"""


async def main() -> None:
    """Print the medians."""
    port, api_port = free_port(), free_port()
    standin = Standin(Options(), [Client("hub", SECRET, [redirect_uri(port)], [f"{public_url(port)}/"])])
    await standin.start()
    runner = web.AppRunner(_api(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", api_port).start()
    with tempfile.TemporaryDirectory() as folder:
        await asyncio.to_thread(build, Path(folder), SCRIPT % CALLS)
        routes = [{"prefix": "/api", "target": f"http://127.0.0.1:{api_port}"}]
        environment = {**settings(standin.issuer, "hub", SECRET, routes), "HUB_STATIC_ROOT": folder}
        async with Hub.start(environment, port=port) as hub, Chromium.start() as chromium:
            page = await chromium.open(hub.url + "/hub/login")
            await identify(page, "alice")
            await page.wait_for_url(hub.url + "/")
            rounds: dict[str, list[float]] = {"http": [], "auto": []}
            for _ in range(ROUNDS):
                for mode, figures in rounds.items():
                    figures.append(await _load(page, f"{hub.url}/?mode={mode}"))
    await runner.cleanup()
    await standin.stop()
    for mode, figures in rounds.items():
        spread = f"{min(figures):.0f} to {max(figures):.0f}"
        print(f"| {'channel' if mode == 'auto' else 'HTTP/1.1'} | {statistics.median(figures):.0f} ms | {spread} |")


async def _load(page: Page, url: str) -> float:
    """Open the page; return the milliseconds until it has all its data."""
    await page.goto(url)
    await page.wait_for_function("document.title === 'ready'")
    milliseconds: float = await page.evaluate("window.done")
    return milliseconds


def _api() -> web.Application:
    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(LATENCY_SECONDS)
        return web.json_response({"value": "x" * 1000})

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    return application


if __name__ == "__main__":
    asyncio.run(main())
