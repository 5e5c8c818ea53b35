"""What a session has open over HTTP ends with it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from hub.config.settings import RouteSettings, UpstreamSettings
from hub.session.sessions import REPLACED_GRACE_SECONDS
from tests.parties.browser import Browser
from tests.parties.resource_server import Exchange as Served
from tests.parties.resource_server import RawResourceServer, head
from tests.waiting import hang_timeout, soon, until
from tests.web.conftest import BuildHouse, House


async def behave(served: Served) -> None:
    """Begin an endless event stream, take an upload without end, or keep the caller waiting."""
    if served.request.target.endswith("/stream"):
        await served.write(head(200, ("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")))
        await served.write(b"6\r\ndata: \r\n")
    await served.peer_gone()


@pytest.fixture
async def api() -> AsyncIterator[RawResourceServer]:
    """An API whose responses do not end."""
    api = await RawResourceServer.start(behave)
    yield api
    await api.stop()


PATIENT = UpstreamSettings(upload_grace_seconds=100_000)  # the upload of these tests does not go on

REQUESTS = {
    "stream": ("GET /api/stream HTTP/1.1\r\n", b""),
    "waiting": ("GET /api/waiting HTTP/1.1\r\n", b""),
    "upload": ("POST /api/upload HTTP/1.1\r\nContent-Length: 50000000\r\n", bytes(70_000)),
}


@asynccontextmanager
async def opened(house: House, browser: Browser, kind: str) -> AsyncIterator[asyncio.StreamReader]:
    """Send a request of the session of a browser."""
    line, body = REQUESTS[kind]
    cookies = browser.channel_headers()["Cookie"]
    fields = f"Host: localhost:{house.port}\r\nX-Hub-CSRF: 1\r\nX-XSRF-TOKEN: {browser.cookie('XSRF-TOKEN')}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(f"{line}{fields}Cookie: {cookies}\r\n\r\n".encode() + body)
    if kind == "stream":
        await soon(reader.readuntil(b"data: "))
    try:
        yield reader
    finally:
        writer.close()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Return what is still said until the connection ends, or a response is complete."""
    said = b""
    async with hang_timeout():
        try:
            while b"}" not in said and (data := await reader.read(65536)):
                said += data
        except ConnectionResetError:
            return said + b"RESET"
    return said


async def log_out(house: House, browser: Browser) -> None:
    """Log out as the user."""
    await browser.fetch("/hub/logout", method="POST")


async def ended_by_operator(house: House, browser: Browser) -> None:
    """End it from outside."""
    (key,) = house.services.streams._entries
    await house.services.sessions.end(key, "operator")


async def idle(house: House, browser: Browser) -> None:
    """Do nothing for too long: what is open is no activity."""
    await house.clock.advance(house.services.settings.session.idle_timeout_seconds + 2)


async def log_in_again(house: House, browser: Browser) -> None:
    """Replace it by a new one, and let the grace pass."""
    await browser.open("/hub/login")
    await until(lambda: house.services.streams._replaced_until, 0.01)
    await house.clock.advance(REPLACED_GRACE_SECONDS + 2)


ENDS = [log_out, ended_by_operator, idle, log_in_again]


@pytest.mark.expects_log
@pytest.mark.each_listener
@pytest.mark.parametrize("kind", REQUESTS)
@pytest.mark.parametrize("end", ENDS)
async def test_ends_with_the_session(
    build_house: BuildHouse, api: RawResourceServer, end: Callable[[House, Browser], Awaitable[None]], kind: str
) -> None:
    """A response that has begun is reset, others become 401; the connection to the API is free, and nothing is kept."""
    routes = [RouteSettings(prefix="/api", target=api.url, timeout_seconds=100_000)]
    async with (
        build_house(routes=routes, upstream=PATIENT) as house,
        house.browser() as browser,
        opened(house, browser, kind) as reader,
    ):
        await until(lambda: api.requests and len(house.services.streams) == 1, 0.01)
        await end(house, browser)
        said = await rest(reader)
        await api.idle()
        await until(lambda: not len(house.services.streams), 0.01)

    if kind == "stream":
        assert said.endswith(b"RESET") or not said.endswith(b"0\r\n\r\n")
    else:
        assert said.startswith(b"HTTP/1.1 401 ") or said.endswith(b"RESET")


async def test_session_of_another_goes_on(build_house: BuildHouse, api: RawResourceServer) -> None:
    """An end is that of one session."""
    async with (
        build_house(routes=[RouteSettings(prefix="/api", target=api.url)]) as house,
        house.browser() as browser,
        house.browser() as other,
        opened(house, browser, "stream"),
        opened(house, other, "stream"),
    ):
        await log_out(house, browser)
        await until(lambda: len(house.services.streams) == 1, 0.01)

        assert api.open_connections == 1
