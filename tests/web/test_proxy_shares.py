"""Connections to an API are shared: what one client holds, another does not lack."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from hub.config.settings import RouteSettings, UpstreamSettings
from tests.parties.browser import Browser
from tests.parties.resource_server import Exchange as Served
from tests.parties.resource_server import RawResourceServer
from tests.waiting import until
from tests.web.conftest import BuildHouse, House

FEW = {"connections": 6, "connections_per_target": 6, "reserved_connections": 0}
SHARED = UpstreamSettings(**FEW, connections_per_user=3, connections_per_address=3)
NOT_SHARED = UpstreamSettings(**FEW, connections_per_user=6, connections_per_address=6)
GREEDY = 8


async def at_once(served: Served) -> None:
    """Answer at once, but wait for the rest of an upload."""
    if served.request.method == "GET":
        await served.answer(200)
    else:
        await served.peer_gone()


@pytest.fixture
async def api() -> AsyncIterator[RawResourceServer]:
    """An API that waits for uploads."""
    api = await RawResourceServer.start(at_once)
    yield api
    await api.stop()


def routes(api: RawResourceServer) -> list[RouteSettings]:
    """Return a route with a login and one without, whose requests wait shortly for a connection."""
    return [
        RouteSettings(prefix="/api", target=api.url, connect_timeout_seconds=0.3),
        RouteSettings(prefix="/open", target=api.url, connect_timeout_seconds=0.3, token="none"),
    ]


async def uploads(house: House, stack: AsyncExitStack, target: str, headers: dict[str, str]) -> list[asyncio.Task[bytes]]:
    """Begin uploads that do not go on; return what is said to each."""
    tasks = []
    fields = {"Host": f"localhost:{house.port}", "Content-Length": "50000000", "X-Hub-CSRF": "1", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    for _ in range(GREEDY):
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        stack.callback(writer.close)
        writer.write(f"POST {target} HTTP/1.1\r\n{head}\r\n".encode() + bytes(70_000))
        tasks.append(asyncio.create_task(reader.readuntil(b"\r\n\r\n")))
        stack.callback(tasks[-1].cancel)
    return tasks


def cookies_of(browser: Browser) -> dict[str, str]:
    """Return what proves the session of a browser."""
    return {"Cookie": browser.channel_headers()["Cookie"], "X-XSRF-TOKEN": browser.cookie("XSRF-TOKEN") or ""}


@asynccontextmanager
async def other_user(house: House) -> AsyncIterator[Browser]:
    """Log another user in than `House.browser` does."""
    house.provider.claims = house.provider.userinfo = {"sub": "another"}
    async with house.browser() as browser:
        house.provider.claims, house.provider.userinfo = {}, {}
        yield browser


@pytest.mark.expects_log
@pytest.mark.each_listener
@pytest.mark.parametrize(("upstream", "status"), [(SHARED, 200), (NOT_SHARED, 503)], ids=["shares", "without"])
async def test_one_user_leaves_connections_for_another(
    build_house: BuildHouse, api: RawResourceServer, upstream: UpstreamSettings, status: int
) -> None:
    """Their own further requests get 429 and are told when to come back; another user does not notice."""
    async with (
        build_house(routes=routes(api), upstream=upstream) as house,
        house.browser() as greedy,
        other_user(house) as other,
        AsyncExitStack() as stack,
    ):
        said = await uploads(house, stack, "/api/x", cookies_of(greedy))
        await until(lambda: len(api.requests) == upstream.connections_per_user, 0.01)
        answer = await other.fetch("/api/x")
        await until(lambda: sum(task.done() for task in said) == GREEDY - upstream.connections_per_user, 0.01)
        heads = [task.result() for task in said if task.done()]

    assert answer.status == status
    assert all(head.startswith(b"HTTP/1.1 429") and b"\r\nRetry-After: 2\r\n" in head for head in heads)


async def test_sessions_of_one_user_share(build_house: BuildHouse, api: RawResourceServer) -> None:
    """Logging in again and again gives no more connections."""
    async with build_house(routes=routes(api), upstream=SHARED) as house, other_user(house) as other, AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(house.browser()) for _ in range(4)]
        said = [task for each in browsers for task in await uploads(house, stack, "/api/x", cookies_of(each))]
        await until(lambda: sum(task.done() for task in said) == 4 * GREEDY - 3, 0.01)
        answer = await other.fetch("/api/x")

    assert (answer.status, len(api.requests)) == (200, 3 + 1)


@pytest.mark.expects_log
@pytest.mark.each_listener
async def test_one_address_without_a_login_leaves_connections_for_sessions(
    build_house: BuildHouse, api: RawResourceServer
) -> None:
    """On a route without a token, the address is the client."""
    async with (
        build_house(routes=routes(api), upstream=SHARED) as house,
        house.browser() as other,
        AsyncExitStack() as stack,
    ):
        said = await uploads(house, stack, "/open/x", {})
        await until(lambda: len(api.requests) == 3, 0.01)
        answer = await other.fetch("/api/x")
        await until(lambda: sum(task.done() for task in said) == GREEDY - 3, 0.01)

    assert answer.status == 200


@pytest.mark.each_listener
async def test_uploads_that_trickle_free_their_connections(build_house: BuildHouse, api: RawResourceServer) -> None:
    """They get 408, and the connections that they held are closed."""
    async with (
        build_house(routes=routes(api), upstream=SHARED) as house,
        house.browser() as greedy,
        AsyncExitStack() as stack,
    ):
        said = await uploads(house, stack, "/api/x", cookies_of(greedy))
        await until(lambda: sum(task.done() for task in said) == GREEDY - 3, 0.01)
        await house.clock.advance(SHARED.upload_grace_seconds)
        await until(lambda: all(task.done() for task in said), 0.01)
        await until(lambda: api.open_connections == 0, 0.01)

    assert sorted(task.result().split()[1] for task in said) == [b"408"] * 3 + [b"429"] * (GREEDY - 3)


@pytest.mark.expects_log
async def test_slow_target_leaves_connections_for_another(build_house: BuildHouse, api: RawResourceServer) -> None:
    """However many of its requests wait, another API answers."""
    other = await RawResourceServer.start(at_once)
    own = UpstreamSettings(
        connections=6, connections_per_target=6, reserved_connections=1, connections_per_user=6, connections_per_address=6
    )
    both = [*routes(api), RouteSettings(prefix="/other", target=other.url, connect_timeout_seconds=0.3)]
    async with build_house(routes=both, upstream=own) as house, house.browser() as browser, AsyncExitStack() as stack:
        await uploads(house, stack, "/api/x", cookies_of(browser))
        await until(lambda: len(api.requests) == 6, 0.01)

        assert (await browser.fetch("/other/x")).status == 200
    await other.stop()
