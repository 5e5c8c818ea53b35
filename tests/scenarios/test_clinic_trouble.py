"""The Angular application while lines break and servers restart: what was saved is saved once, and users lose nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, expect

from iris_standin import Client, Standin
from tests.parties.balancer import Balancer
from tests.parties.chromium import Chromium
from tests.parties.clinic_page import BLOCKED_SOCKETS, channel_is, log_in
from tests.parties.hub import Hub, free_port, public_url, redirect_uri, settings
from tests.scenarios.conftest import SECRET
from tests.waiting import soon

PATIENT = {"id": 3, "version": 1, "given_name": "Greta", "family_name": "Corvane", "birth_date": "1943-11-15", "sex": "male"}


@dataclass
class SlowApi:
    """Stores a patient, but takes its time.

    Attributes:
        stored: The towns that were stored, in order.
        arrived: A request to store has come.
        release: It may be answered.
    """

    stored: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer."""
        if request.method == "PUT":
            draft: dict[str, Any] = await request.json()
            self.stored.append(draft["city"])
            self.arrived.set()
            await self.release.wait()
        if "appointments" in request.path:
            return web.json_response({"items": [], "total": 0})
        city = self.stored[-1] if self.stored else "Castlereed"
        return web.json_response({**PATIENT, "city": city}, headers={"ETag": '"1"'})


@dataclass
class Line:
    """A browser, a line that can be cut, a hub, and an API."""

    hub: Hub
    cables: Balancer
    api: SlowApi
    url: str


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    """A hub behind a line that can be cut, in front of an API that takes its time."""
    port, hub_port, api_port, api = free_port(), free_port(), free_port(), SlowApi()
    standin = Standin(None, [Client("hub", SECRET, [redirect_uri(port)], [f"{public_url(port)}/"])])
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", api.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    async with AsyncExitStack() as parties:
        await standin.start()
        parties.push_async_callback(standin.stop)
        await runner.setup()
        parties.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", api_port).start()
        parties.callback(api.release.set)
        routes = [{"prefix": "/api", "target": f"http://127.0.0.1:{api_port}"}]
        environment = {**settings(standin.issuer, "hub", SECRET, routes), "HUB_SERVER_PUBLIC_URL": public_url(port)}
        hub = await parties.enter_async_context(Hub.start(environment, port=hub_port))
        cables = await parties.enter_async_context(Balancer.start(port, [hub_port]))
        yield Line(hub, cables, api, public_url(port))


async def begin_to_save(page: Page, line: Line) -> None:
    """Save a change, and return when the API has it but has not answered."""
    await page.get_by_label("Town").fill("Northmoor")
    await page.get_by_role("button", name="Save").click()
    await soon(line.api.arrived.wait())


async def test_the_line_is_cut_while_something_is_saved(line: Line) -> None:
    """It was executed once, and its answer comes over the next connection."""
    async with Chromium.start() as chromium:
        page = await chromium.open(line.url + "/patients/3")
        await log_in(page)
        await channel_is(page, "Channel open")
        await begin_to_save(page, line)
        line.cables.cut(len(line.cables))
        await expect(page.locator("clinic-connection-chip")).not_to_have_text("Channel open")
        line.api.release.set()

        await expect(page.get_by_text("Saved.")).to_be_visible()
        await channel_is(page, "Channel open")
        assert line.api.stored == ["Northmoor"]


async def test_the_line_stays_cut_while_something_is_saved(line: Line) -> None:
    """Sockets do not come back, but HTTP does: the answer comes that way, and still nothing was executed twice."""
    async with Chromium.start() as chromium:
        page = await chromium.open(line.url + "/patients/3")
        await log_in(page)
        await channel_is(page, "Channel open")
        await begin_to_save(page, line)
        await page.evaluate(f"() => {{ {BLOCKED_SOCKETS} }}")
        line.cables.cut(len(line.cables))
        line.api.release.set()

        await expect(page.get_by_text("Saved.")).to_be_visible()
        assert line.api.stored == ["Northmoor"]


async def test_the_hub_restarts_while_something_is_saved(line: Line) -> None:
    """A hub that is stopped finishes what it has; the page goes on with the next one, without being reloaded."""
    async with Chromium.start() as chromium:
        page = await chromium.open(line.url + "/patients/3")
        await log_in(page)
        await channel_is(page, "Channel open")
        await begin_to_save(page, line)
        stopping = asyncio.create_task(line.hub.stop())
        line.api.release.set()
        await expect(page.get_by_text("Saved.")).to_be_visible()
        await stopping
        await expect(page.locator("clinic-connection-chip")).not_to_have_text("Channel open")
        await line.hub.run()
        await line.hub.ready()

        await channel_is(page, "Channel open")
        assert line.api.stored == ["Northmoor"]
        line.api.arrived.clear()
        await page.get_by_label("Town").fill("Southmoor")
        await page.get_by_role("button", name="Save").click()
        await soon(line.api.arrived.wait())
        await expect(page.get_by_text("Saved.")).to_be_visible()
        assert line.api.stored == ["Northmoor", "Southmoor"]


async def test_offline(line: Line) -> None:
    """The page says that there is no network, and goes on by itself when it is back."""
    async with Chromium.start() as chromium:
        page = await chromium.open(line.url + "/patients/3")
        await log_in(page)
        await channel_is(page, "Channel open")
        await chromium.context.set_offline(True)
        await channel_is(page, "Offline")
        await expect(page.get_by_text("You are offline.")).to_be_visible()
        line.cables.cut(len(line.cables))
        await chromium.context.set_offline(False)

        await channel_is(page, "Channel open")
        await expect(page.get_by_text("You are offline.")).to_be_hidden()


async def test_nothing_gets_through_for_a_while(line: Line) -> None:
    """Neither sockets nor HTTP: what was being saved waits, and is answered when the line is back; it was executed once."""
    async with Chromium.start() as chromium:
        page = await chromium.open(line.url + "/patients/3")
        await log_in(page)
        await channel_is(page, "Channel open")
        await begin_to_save(page, line)
        ports, line.cables.ports = line.cables.ports, []
        line.cables.cut(len(line.cables))
        async with page.expect_event("requestfailed", lambda request: request.method == "PUT"):  # it has tried HTTP too
            line.api.release.set()
        line.cables.ports = ports

        await expect(page.get_by_text("Saved.")).to_be_visible()
        await channel_is(page, "Channel open")
        assert line.api.stored == ["Northmoor"]
