"""B12: an upload of 100 MB, and what its sender learns meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp

from bench.bodies import MB
from bench.rounds import WrongAnswer
from bench.scenarios.outcome import Outcome
from bench.scenarios.peak import peak_of
from bench.scenarios.setting import Setting, site
from bench.systems.base import PLAIN_PREFIX, Site
from bench.systems.hub import HubSystem
from bench.systems.visitor import page_headers
from hub_client import ChannelClient, Login
from tests.parties.browser import Browser

SIZE = 100 * MB
PATH = f"{PLAIN_PREFIX}/sink"

Send = Callable[[], Awaitable[tuple[int, int]]]  # returns what the API has counted, and how often progress was reported


async def upload(setting: Setting) -> list[Outcome]:
    """Return rate, memory and reports of an upload: to the API itself, and through the hub both ways."""
    system = HubSystem()
    async with site(setting, [system]) as around, system.visited(around) as (hub, browser), _senders(around, browser) as ways:
        assert hub.process is not None
        rows = [await _row(name, send, hub.process.pid) for name, send in ways.items()]
    return [Outcome("b12", f"an upload of {SIZE // MB} MB", ("way", "MB/s", "growth, MiB", "reports"), rows)]


async def _row(name: str, send: Send, pid: int) -> list[str]:
    await send()  # what is allocated once is not the upload's
    began = time.monotonic()
    with peak_of(pid) as peak:
        counted, reports = await send()
        seconds = time.monotonic() - began
    if counted != SIZE:
        raise WrongAnswer(f"{name}: {counted} bytes have arrived")
    growth = "-" if name == "direct" else f"{peak.growth:.1f}"
    return [name, f"{SIZE / MB / seconds:.0f}", growth, str(reports) if reports else "-"]


@asynccontextmanager
async def _senders(around: Site, browser: Browser) -> AsyncIterator[dict[str, Send]]:
    login = Login(browser.channel_headers()["Cookie"], browser.cookie("XSRF-TOKEN") or "", browser.hub_url)
    headers = {**page_headers(browser), "Origin": browser.hub_url}
    async with aiohttp.ClientSession() as http, ChannelClient(browser.hub_url, login) as client:

        async def post(url: str, fields: dict[str, str]) -> tuple[int, int]:
            fields = {**fields, "Content-Length": str(SIZE), "Content-Type": "application/octet-stream"}
            async with http.post(url, data=_parts(), headers=fields) as answer:
                return (await answer.json())["taken"], 0

        async def over_channel() -> tuple[int, int]:
            reports: list[int] = []
            answer = await client.request(
                "POST", PATH, upload=_parts(), length=SIZE, on_progress=reports.append, timeout_seconds=120.0
            )
            return (await answer.json())["taken"], len(reports)

        yield {
            "direct": lambda: post(f"{around.upstream.plain_url}/sink", {}),
            "hub, HTTP": lambda: post(browser.hub_url + PATH, headers),
            "hub, channel": over_channel,
        }


async def _parts() -> AsyncIterator[bytes]:
    part = bytes(MB // 4)
    for _ in range(SIZE // len(part)):
        yield part
        await asyncio.sleep(0)
