"""An abuser beside a ward: one client does its worst, and the calls of another user are served meanwhile.

Each abuse of `bench/abuse/abuses.py` runs against a real hub. Counts are asserted, never times: `python -m bench.abuse` measures.
"""

import asyncio
import json
import resource
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from bench.abuse.abuses import ABUSES, Ground, Toll
from hub.channel.close_codes import CloseCode
from tests.parties.browser import Browser
from tests.parties.channel import Channel
from tests.parties.resource_server import RawResourceServer, silent
from tests.scenarios.conftest import Clinic, StartClinic
from tests.waiting import hang_timeout, until

CALLS = 20
DOWNLOAD_BYTES = 100 * 1024 * 1024
CREDIT_BYTES = 64 * 1024
LOW_LIMITS = {  # so low that an abuse comes to its end within a test
    "HUB_LIMITS_WORK_PER_CONNECTION": "50",
    "HUB_LIMITS_ABUSE_SECONDS": "2",
    "HUB_LIMITS_REFUSED_REQUESTS_PER_ADDRESS": "20",
}
ENDS = {  # with what the hub closes the connection of an abuser
    "pong-messages": CloseCode.TOO_OFTEN,
    "pong-batches": CloseCode.TOO_OFTEN,
    "ping-messages": CloseCode.TOO_OFTEN,
    "websocket-pings": CloseCode.TOO_OFTEN,
    "empty-fragments": CloseCode.TOO_OFTEN,
    "refused-requests": 429,
    "requests-without-session": 429,
    "logins-begun": 429,
}
FROM_NEW_CONNECTIONS = {"refused-dials", "malformed-requests", "empty-connections"}
"""Abuses whose connections the hub delays after a while."""


@asynccontextmanager
async def abusing(name: str, clinic: Clinic) -> AsyncIterator[Toll]:
    """Run an abuse until the end of the block; give what it has reached."""
    toll = Toll()
    async with clinic.browser("alice" if ABUSES[name].needs_login else None) as browser:
        login = {}
        if ABUSES[name].needs_login:
            login = {"cookie": browser.channel_headers()["Cookie"], "csrf": browser.cookie("XSRF-TOKEN") or ""}
        ground = Ground(port=clinic.hub.port, url=clinic.hub.url, **login)
        running = asyncio.ensure_future(ABUSES[name].run(ground, toll))
        try:
            yield toll
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def ward(browser: Browser, channel: Channel) -> Counter[int]:
    """Make the calls of a ward, over HTTP and the channel; return how often each status came."""
    statuses: Counter[int] = Counter()
    for _ in range(CALLS):
        statuses[(await browser.fetch("/hub/session")).status] += 1
        statuses[(await browser.fetch("/api/patients?size=1")).status] += 1
        statuses[(await channel.request("GET", "/api/patients?size=1")).status] += 1
    return statuses


async def until_delayed(clinic: Clinic) -> None:
    """Wait until the hub delays connections."""
    async with hang_timeout():
        while not await clinic.hub.metric("hub_throttled_total", outcome="throttled"):
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("name", ABUSES)
async def test_ward_beside_an_abuser(start_clinic: StartClinic, name: str) -> None:
    """Every call of another user is served, and the abuser comes to its end where its abuse has one."""
    async with start_clinic(**LOW_LIMITS) as clinic, clinic.browser("bob") as bob:
        channel = await Channel.open(bob)
        async with abusing(name, clinic) as toll:
            await until(lambda: toll.sent > 0)
            statuses = await ward(bob, channel)
            if name in ENDS:
                await until(lambda: bool({ENDS[name], 429} & set(toll.closes)), pause_seconds=0.05)
            if name in FROM_NEW_CONNECTIONS:
                await until_delayed(clinic)
        assert await clinic.hub.is_ready()
        lines = Counter(event["address"] for event in clinic.hub.events("audit.request_refused"))
        lines += Counter(event["address"] for event in clinic.hub.events("request.malformed"))
        limited = await clinic.hub.metric("hub_limited_total", limit="refused_requests")
        delayed = await clinic.hub.metric("hub_throttled_total", outcome="throttled")

    assert statuses == {200: 3 * CALLS}
    assert name not in ENDS or set(toll.closes) <= {ENDS[name], 429}
    assert name != "empty-connections" or limited > 0
    assert name not in FROM_NEW_CONNECTIONS or delayed > 0
    assert all(count <= 40 for count in lines.values()), "refusals of one address are not logged one by one"


@pytest.mark.each_listener
async def test_honest_clients_are_not_throttled(start_clinic: StartClinic) -> None:
    """A busy page with a hundred requests in flight, pings, and the credit of a download of 100 MB are not slowed down."""
    async with start_clinic() as clinic, clinic.browser("bob") as bob:
        channel = await Channel.open(bob, hello={"capabilities": ["windows"]})
        for _ in range(5):
            answers = await asyncio.gather(*(channel.request("GET", "/api/patients?size=1") for _ in range(100)))
            assert {answer.status for answer in answers} == {200}
        for _ in range(DOWNLOAD_BYTES // CREDIT_BYTES):
            await channel.send({"type": "window", "id": 0, "bytes": CREDIT_BYTES})
            await channel.send({"type": "ping", "n": 1})
        await channel.request("GET", "/api/patients?size=1")
        pages = Counter([(await bob.open("/")).status for _ in range(50)])
        throttled = await clinic.hub.metric("hub_throttled_total")
        limited = await clinic.hub.metric("hub_limited_total")

    assert (pages, throttled, limited) == ({200: 50}, 0, 0)


@contextmanager
def open_files(count: int) -> Iterator[None]:
    """Let processes that are started in the block open so many files (`ulimit -n`)."""
    former = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, former)


@pytest.mark.each_listener
async def test_idle_connections_leave_descriptors(start_clinic: StartClinic) -> None:
    """Three hundred idle connections at `ulimit -n 256`: health checks and pages respond, the oldest connections are closed."""
    with open_files(256):
        starting = start_clinic()
        clinic = await starting.__aenter__()
    try:
        idle = [socket.create_connection(("127.0.0.1", clinic.hub.port)) for _ in range(300)]
        checks = Counter([(await clinic.hub.admin(path))[0] for path in ("/healthz", "/readyz") * 10])
        async with clinic.browser() as browser:
            page = await browser.open("/")
        idle[0].setblocking(False)
        await until(lambda: is_closed(idle[0]), pause_seconds=0.05)
        shortages = await clinic.hub.metric("hub_descriptor_shortages_total")
        reports = clinic.hub.events("listener.descriptors_short")
        for each in idle:
            each.close()
    finally:
        await starting.__aexit__(None, None, None)

    assert (checks, page.status) == ({200: 20}, 200)
    assert shortages >= 1
    assert [report["limit"] for report in reports] == [256]


@pytest.mark.each_listener
async def test_calls_leave_descriptors(start_clinic: StartClinic) -> None:
    """Of 150 slow calls at `ulimit -n 256`, those beyond the reserve get 503. Other clients connect; health checks respond."""
    slow = await RawResourceServer.start(silent)
    route = json.dumps([{"prefix": "/open", "target": slow.url, "token": "none"}])
    with open_files(256):
        starting = start_clinic(route_settings=lambda _: route)
        clinic = await starting.__aenter__()
    try:
        calls = []
        request = f"GET /open/x HTTP/1.1\r\nHost: localhost:{clinic.hub.port}\r\nX-Hub-CSRF: 1\r\n\r\n"
        for number in range(150):  # calls take descriptors while other clients are still connecting
            calls.append(await asyncio.open_connection("127.0.0.1", clinic.hub.port))
            calls[-1][1].write(request.encode())
            if number < 50:
                await until(lambda: len(slow.requests) == len(calls), pause_seconds=0.001)
        responses = [asyncio.ensure_future(reader.readuntil(b"\r\n\r\n")) for reader, _ in calls]
        await until(lambda: any(response.done() for response in responses), pause_seconds=0.05)
        checks = Counter([(await clinic.hub.admin(path))[0] for path in ("/healthz", "/readyz") * 10])
        await until(lambda: len(slow.requests) + sum(each.done() for each in responses) == 150, pause_seconds=0.05)
        refused = Counter(each.result().split()[1] for each in responses if each.done())
        async with clinic.browser() as browser:
            page = await browser.open("/")
        shortages = await clinic.hub.metric("hub_descriptor_shortages_total")
        for response, (_, writer) in zip(responses, calls, strict=True):
            response.cancel()
            writer.close()
    finally:
        await starting.__aexit__(None, None, None)
        await slow.stop()

    assert (checks, page.status) == ({200: 20}, 200)
    assert refused.keys() == {b"503"}
    assert shortages >= 1


def is_closed(connection: socket.socket) -> bool:
    """Return whether the other side has closed a connection."""
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
