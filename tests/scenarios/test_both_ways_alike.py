"""A page sends the same request over the channel and over HTTP: the API gets the same, and so does the page."""

import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.parties.candid_api import EXACT, candid_api
from tests.parties.chromium import Chromium
from tests.parties.clinic_page import identify
from tests.parties.hub import Hub
from tests.scenarios.conftest import StartClinic
from tests.scenarios.test_core_in_a_page import build

SCRIPT = """
import { Hub } from '/core.mjs';
const hub = window.hub = new Hub({ routes: ['/x'] });
const say = (text) => document.getElementById('out').textContent = text;
hub.channelStatus.listen(({ state }) => say(state));
document.getElementById('in').onclick = () => hub.login();
hub.start();

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const facts = async ({ status, transport, body }) => ({ status, transport, hex: hex(await body.bytes()) });
window.ask = (request) => hub.send(request).then(facts);
window.timed = async (request) => {
  const start = performance.now();
  const isTimeout = await hub.send(request).then(() => false, (error) => error.isTimeout);
  return { isTimeout, seconds: (performance.now() - start) / 1000 };
};
"""

OF_ONE_TRANSPORT = {"accept-encoding", "priority"}
"""Request headers that differ, as docs/channel-protocol.md says (Rules, 13)."""
TYPED = {"content-type": "application/json"}
MODES = ["channel", "http"]


@dataclass
class OpenPage:
    """A page whose channel is open, and its hub."""

    page: Page
    hub: Hub

    async def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request; return the response, its body in bytes."""
        answer: dict[str, Any] = await self.page.evaluate("request => ask(request)", {"method": "GET", **request})
        return {**answer, "body": bytes.fromhex(answer["hex"])}

    async def seen(self, **request: Any) -> dict[str, Any]:
        """Send a request; return what the API saw of it."""
        answer = await self.ask(**{"method": "POST", "path": "/x/seen", **request})
        seen: dict[str, Any] = json.loads(answer["body"])
        return {**seen, "body": bytes.fromhex(seen["body"]), "transport": answer["transport"]}


@pytest.fixture
async def page(start_clinic: StartClinic, tmp_path: Path) -> AsyncIterator[OpenPage]:
    """Log in, and open the channel."""
    build(tmp_path, SCRIPT)
    async with candid_api() as api, Chromium.start(locale="de-DE") as chromium:
        routes = json.dumps([{"prefix": "/x", "target": api}])
        async with start_clinic(None, lambda _: routes, HUB_STATIC_ROOT=str(tmp_path)) as clinic:
            opened = await chromium.open(clinic.hub.url)
            await opened.get_by_role("button", name="Log in here").click()
            await identify(opened, "alice")
            await expect(opened.locator("#out")).to_have_text("open")
            yield OpenPage(opened, clinic.hub)


async def test_alike(page: OpenPage) -> None:
    """Bodies arrive byte for byte both ways, and the API gets the same headers."""
    for text in ('1,"method":"DELETE","path":"/x/seen?victim=1"', "this is no JSON", '{"a":9007199254740993,"f":1.0}', "é\u0000"):
        for mode in MODES:
            seen = await page.seen(mode=mode, headers=TYPED, body={"json": text})
            assert (seen["method"], seen["path"], seen["body"], seen["transport"]) == ("POST", "/seen", text.encode(), mode)
    for path in ("/x/exact", "/x/packed"):
        for mode in MODES:
            assert (await page.ask(mode=mode, path=path))["body"] == EXACT
    over_channel, over_http = [
        {name: value for name, value in (await page.seen(mode=mode, key=None))["headers"] if name not in OF_ONE_TRANSPORT}
        for mode in MODES
    ]
    assert over_channel == over_http
    assert {"user-agent", "accept-language", "accept"} <= over_channel.keys()
    assert await page.page.locator("#out").text_content() == "open"


async def test_what_the_channel_cannot_carry(page: OpenPage) -> None:
    """A long URL and large headers reach the API by themselves, and the channel stays open."""
    query, note = "q=" + "a" * 4200, "a" * 17_000
    by_url = await page.seen(path=f"/x/seen?{query}")
    by_headers = await page.seen(headers={"x-request-id": note})

    assert (by_url["path"], by_url["transport"]) == (f"/seen?{query}", "http")
    assert (dict(by_headers["headers"])["x-request-id"], by_headers["transport"]) == (note, "http")
    assert (await page.seen())["transport"] == "channel"


async def test_hub_that_stands_still(page: OpenPage) -> None:
    """The caller gets its error in time, though the hub says nothing. Afterwards the channel goes on."""
    assert page.hub.process is not None
    page.hub.process.send_signal(signal.SIGSTOP)
    try:
        answer = await page.page.evaluate("timed({method: 'GET', path: '/x/exact', timeoutMs: 1000, mode: 'channel'})")
    finally:
        page.hub.process.send_signal(signal.SIGCONT)

    assert answer["isTimeout"]
    assert answer["seconds"] >= 1.0
    assert (await page.ask(path="/x/exact", mode="channel"))["body"] == EXACT
