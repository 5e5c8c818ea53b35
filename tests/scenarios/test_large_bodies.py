"""A gigabyte up and down through the HTTP proxy with flat memory, and what happens when one side stops."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.parties.browser import Browser
from tests.parties.channel import Channel
from tests.parties.hub import Hub
from tests.scenarios.conftest import Clinic, StartClinic, routes

GIGABYTE = 1024**3
PIECE = b"0123456789abcdef" * 4096
MAX_GROWTH_BYTES = 24 * 1024**2  # buffers of a few connections and what the allocator keeps; a body is 40 times that


def memory(hub: Hub) -> int:
    """Return the resident bytes of the hub's process."""
    assert hub.process is not None
    pages = int(Path(f"/proc/{hub.process.pid}/statm").read_text().split()[1])
    return pages * 4096


class Watch:
    """Notes the largest memory while something runs."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.start = self.largest = memory(hub)

    def look(self) -> None:
        """Look at the memory now."""
        self.largest = max(self.largest, memory(self._hub))

    @property
    def growth(self) -> int:
        """Bytes above the start, at most."""
        return self.largest - self.start


@pytest.fixture
async def clinic(start_clinic: StartClinic) -> AsyncIterator[Clinic]:
    """A hub whose API route takes a gigabyte and more."""

    def larger(target: str) -> str:
        return json.dumps([{**route, "max_body_bytes": 2 * GIGABYTE} for route in routes(target)])

    async with start_clinic(route_settings=larger) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that reads and writes streams."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


def request_of(browser: Browser, method: str, path: str) -> tuple[str, dict[str, str]]:
    """Return URL and headers of a call of the page."""
    url = browser.hub_url + path
    return url, browser.fetch_request(url, method, None, None, None, None)[0]


async def test_gigabyte_down(clinic: Clinic, http: aiohttp.ClientSession) -> None:
    """1 GiB arrives whole, and the hub's memory stays flat."""
    async with clinic.browser("alice") as browser:
        await browser.fetch("/api/report?bytes=1000000")
        watch, received = Watch(clinic.hub), 0
        url, headers = request_of(browser, "GET", f"/api/report?bytes={GIGABYTE}")
        async with http.get(url, headers=headers) as answer:
            async for piece in answer.content.iter_any():
                received += len(piece)
                watch.look()

    assert received == GIGABYTE
    assert watch.growth < MAX_GROWTH_BYTES


@pytest.mark.parametrize("chunked", [False, True])
async def test_gigabyte_up(clinic: Clinic, http: aiohttp.ClientSession, chunked: bool) -> None:
    """1 GiB reaches the API whole, announced or chunked, and the hub's memory stays flat."""
    async with clinic.browser("alice") as browser:
        watch, digest = Watch(clinic.hub), hashlib.sha256()

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(GIGABYTE // len(PIECE)):
                digest.update(PIECE)
                watch.look()
                yield PIECE

        url, headers = request_of(browser, "POST", "/api/documents")
        if not chunked:
            headers["Content-Length"] = str(GIGABYTE)
        async with http.post(url, headers=headers, data=pieces()) as answer:
            result = await answer.json()

    assert (answer.status, result["bytes"], result["sha256"]) == (201, GIGABYTE, digest.hexdigest())
    assert watch.growth < MAX_GROWTH_BYTES


@pytest.mark.each_listener
async def test_slow_reader_slows_the_api_down(clinic: Clinic, http: aiohttp.ClientSession) -> None:
    """A browser that stops reading costs the hub a few buffers; when it goes away, the API's connection is freed."""
    async with clinic.browser("alice") as browser:
        watch = Watch(clinic.hub)
        url, headers = request_of(browser, "GET", f"/api/report?bytes={GIGABYTE}")
        async with http.get(url, headers=headers) as answer:
            await answer.content.readexactly(65536)
            for _ in range(20):
                await browser.fetch("/api/echo")
                watch.look()
            answer.close()
        entry = await clinic.standin.journal.wait_for(lambda entry: entry.path.endswith("/report") and entry.outcome == "aborted")

    assert entry.subject == "alice"
    assert watch.growth < MAX_GROWTH_BYTES


@pytest.mark.each_listener
async def test_cancel_reaches_the_api(clinic: Clinic) -> None:
    """A call that its user gives up is aborted at the API, over both doors."""
    async with clinic.browser("alice") as browser:
        journal = clinic.standin.journal
        call = asyncio.create_task(browser.fetch("/api/slow?seconds=30"))
        await journal.wait_for(lambda entry: entry.path.endswith("/slow"))
        call.cancel()
        await journal.wait_for(lambda entry: entry.path.endswith("/slow") and entry.outcome == "aborted")

        journal.clear()
        channel = await Channel.open(browser)
        request_id, _ = await channel.begin("GET", "/api/slow?seconds=30")
        await journal.wait_for(lambda entry: entry.path.endswith("/slow"))
        await channel.send({"type": "cancel", "id": request_id})
        await journal.wait_for(lambda entry: entry.path.endswith("/slow") and entry.outcome == "aborted")
        assert (await channel.request("GET", "/api/echo")).status == 200


async def test_too_large_is_refused(start_clinic: StartClinic, http: aiohttp.ClientSession) -> None:
    """A body beyond the route's limit gets 413, announced or not, and the connection does not hang."""

    def small(target: str) -> str:
        return json.dumps([{"prefix": "/api", "target": target, "max_body_bytes": 100_000}])

    async with start_clinic(route_settings=small) as clinic, clinic.browser("alice") as browser:
        url, headers = request_of(browser, "POST", "/api/documents")
        announced = await browser.fetch("/api/documents", method="POST", body=b"x" * 100_001)

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield PIECE

        async with http.post(url, headers=headers, data=endless()) as answer:
            chunked = (answer.status, (await answer.json())["type"])
        channel = await Channel.open(browser)
        on_channel = await channel.request("POST", "/api/documents", stream=10**9)

    assert (announced.status, announced.json()["type"]) == (413, "urn:hub:problem:body-too-large")
    assert chunked == (413, "urn:hub:problem:body-too-large")
    assert on_channel.problem is not None
    assert (on_channel.problem["status"], on_channel.processed) == (413, "never")


async def test_bodies_on_the_channel(clinic: Clinic) -> None:
    """Binary answers and uploads of several megabytes pass over the channel, while small calls go on."""
    async with clinic.browser("alice") as browser:
        channel = await Channel.open(browser)
        body = PIECE * 64
        upload, report, echo = await asyncio.gather(
            channel.upload("POST", "/api/documents", body),
            channel.request("GET", "/api/report?bytes=5000000"),
            channel.request("GET", "/api/echo"),
        )

    assert upload.body["sha256"] == hashlib.sha256(body).hexdigest()
    assert (report.status, len(report.body)) == (200, 5_000_000)
    assert echo.status == 200
