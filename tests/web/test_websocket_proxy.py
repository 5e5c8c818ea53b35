"""WebSockets of pages, passed through to a resource server that is a WebSocket itself."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, cast

import aiohttp
import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

from hub.gateway.websocket_door import UpstreamSocket
from tests.parties.browser import Browser
from tests.scenarios.conftest import Clinic, StartClinic
from tests.scenarios.conftest import start_clinic as start_clinic
from tests.waiting import hang_timeout, until

pytestmark = pytest.mark.timing_sensitive


def with_sockets(target: str) -> str:
    """The routes of a hub that passes WebSockets through, with a login and without."""
    return json.dumps(
        [
            {"prefix": "/api", "target": target},
            {"prefix": "/socket", "target": f"{target}/socket", "websocket": True, "max_message_bytes": 100_000},
            {"prefix": "/nobody", "target": f"{target}/socket", "websocket": True, "token": "none"},
            {"prefix": "/no-socket", "target": f"{target}/echo", "websocket": True},
            {"prefix": "/nowhere", "target": "http://127.0.0.1:9/socket", "websocket": True},
        ]
    )


@pytest.fixture
async def clinic(start_clinic: StartClinic) -> AsyncIterator[Clinic]:
    """A hub in front of the stand-in."""
    async with start_clinic(route_settings=with_sockets) as running:
        yield running


async def dial(browser: Browser, path: str = "/socket", *, origin: str | None = None, **options: Any) -> ClientConnection:
    """Open a WebSocket as a page does."""
    headers = browser.channel_headers()
    own = headers.pop("Origin")
    return await connect(
        browser.hub_url.replace("http", "ws", 1) + path,
        origin=websockets.Origin(origin or own),
        additional_headers=headers,
        compression=None,
        proxy=None,
        max_size=None,
        **options,
    )


def closes(clinic: Clinic) -> list[int | None]:
    """Return the codes with which sockets of the stand-in ended."""
    return [entry.status for entry in clinic.standin.journal.entries("clinic") if entry.outcome == "closed"]


async def close_of(socket: ClientConnection) -> tuple[int | None, str | None]:
    """Wait for the end; return code and reason."""
    with pytest.raises(websockets.ConnectionClosed):
        while True:
            await socket.recv()
    return socket.close_code, socket.close_reason


@pytest.mark.each_listener
async def test_messages_both_ways(clinic: Clinic) -> None:
    """Text stays text and bytes stay bytes, in order, also large ones and many."""
    async with clinic.browser("alice") as browser, await dial(browser) as socket:
        messages: list[str | bytes] = ["hällo", b"\x00\xff", "", b"", "x" * 99_000, b"y" * 99_000, *map(str, range(200))]
        for message in messages:
            await socket.send(message)

        assert [await socket.recv() for _ in messages] == messages


class TimedOut:
    """A WebSocket of aiohttp whose connection the kernel has given up (ETIMEDOUT)."""

    protocol = close_code = None

    async def receive(self) -> None:
        """Fail."""
        raise TimeoutError

    async def send_str(self, _message: str) -> None:
        """Fail."""
        raise TimeoutError


async def test_connection_to_the_api_that_times_out() -> None:
    """It is the end of the WebSocket, and no exception."""
    socket = UpstreamSocket(cast(aiohttp.ClientWebSocketResponse, TimedOut()))

    assert await socket.receive() is None
    await socket.send("x")
    assert socket.close_code == 1011


async def test_token_goes_with_the_upgrade_and_nothing_else(clinic: Clinic) -> None:
    """The resource server sees the user's token, and neither cookie nor origin of the browser."""
    async with clinic.browser("alice") as browser, await dial(browser) as socket:
        await socket.send("who")
        seen = json.loads(await socket.recv())

        assert seen["subject"] == "alice"
        assert "Authorization" in seen["headers"]
        assert not {"Cookie", "Origin"} & set(seen["headers"])


async def test_subprotocol_is_that_of_the_resource_server(clinic: Clinic) -> None:
    """The page offers, the resource server chooses."""
    async with clinic.browser("alice") as browser:
        offered = [websockets.Subprotocol("echo.v1"), websockets.Subprotocol("echo.v2")]
        async with await dial(browser, subprotocols=offered) as socket:
            assert socket.subprotocol == "echo.v2"


@pytest.mark.each_listener
async def test_one_address_has_a_share_of_the_websockets(start_clinic: StartClinic) -> None:
    """Where nobody logs in, an address has so many open at a time; further ones are closed with 4430 until one ends."""

    async def echo(socket: ServerConnection) -> None:
        async for message in socket:
            await socket.send(message)

    async with serve(echo, "127.0.0.1", 0) as api:
        target = f"http://127.0.0.1:{next(iter(api.sockets)).getsockname()[1]}"
        route = json.dumps([{"prefix": "/nobody", "target": target, "websocket": True, "token": "none"}])
        async with (
            start_clinic(route_settings=lambda _: route, HUB_UPSTREAM_CONNECTIONS_PER_ADDRESS="2") as clinic,
            clinic.browser(None) as browser,
        ):
            first, second = await dial(browser, "/nobody"), await dial(browser, "/nobody")
            refused = await close_of(await dial(browser, "/nobody"))
            await first.close()
            await until(lambda: len(api.connections) == 1, 0.01)  # the hub is a real process
            for socket in (second, await dial(browser, "/nobody")):
                await socket.send("x")
                assert await socket.recv() == "x"
                await socket.close()
            limited = await clinic.hub.metric("hub_limited_total", limit="websockets_of_address")

    assert refused == (4430, "too many WebSockets of this address")
    assert limited == 1


async def test_sessions_of_one_user_share_websockets(start_clinic: StartClinic) -> None:
    """Another user does not notice."""
    async with (
        start_clinic(route_settings=with_sockets, HUB_UPSTREAM_CONNECTIONS_PER_USER="2") as clinic,
        clinic.browser("alice") as browser,
        clinic.browser("alice") as again,
        clinic.browser("bob") as bob,
        await dial(browser),
        await dial(again),
    ):
        assert await close_of(await dial(again)) == (4430, "too many WebSockets of this user")
        async with await dial(bob) as socket:
            await socket.send("x")
            assert await socket.recv() == "x"


@pytest.mark.each_listener
async def test_close_codes_cross(clinic: Clinic) -> None:
    """The page reads the code of the resource server, and the other way round."""
    async with clinic.browser("alice") as browser:
        async with await dial(browser) as socket:
            await socket.send("close 4001 enough")
            assert (await close_of(socket))[0] == 4001
        socket = await dial(browser)
        await socket.send("x")
        await socket.recv()
        await socket.close(4002, "bye")
        await until(lambda: len(closes(clinic)) == 2, 0.01)  # the other side of two real processes

        assert closes(clinic)[-1] == 4002


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_foreign_pages_are_refused(clinic: Clinic, origin: str) -> None:
    """No upgrade for another origin: browsers send the cookie along whoever asks."""
    async with clinic.browser("alice") as browser:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await dial(browser, origin=origin)

        assert refused.value.response.status_code == 403
        assert clinic.hub.events("audit.request_refused")


async def test_plain_requests_are_told_what_it_is(clinic: Clinic) -> None:
    """A route for WebSockets takes nothing else."""
    async with clinic.browser("alice") as browser:
        assert (await browser.fetch("/socket")).status in (403, 426)


@pytest.mark.parametrize(
    ("user", "path", "code"),
    [
        (None, "/socket", 4401),
        ("alice", "/no-socket", 4502),
        ("alice", "/nowhere", 4502),
        (None, "/nobody", 4502),  # the stand-in wants a token, and this route sends none
    ],
)
async def test_refusals_are_close_codes(clinic: Clinic, user: str | None, path: str, code: int) -> None:
    """What a page is to read it reads from the close code; nothing of the resource server shows."""
    async with clinic.browser(user) as browser:
        socket = await dial(browser, path)
        found = await close_of(socket)

        assert found[0] == code
        assert "127.0.0.1" not in (found[1] or "")


async def test_too_large_a_message(clinic: Clinic) -> None:
    """A message beyond the limit of the route ends the socket."""
    async with clinic.browser("alice") as browser:
        socket = await dial(browser)
        await socket.send("x" * 100_001)

        assert (await close_of(socket))[0] in (1009, 1006)


async def test_rejected_token_is_renewed_once(clinic: Clinic) -> None:
    """A token that the resource server refuses at the upgrade is replaced, as for a request."""
    async with clinic.browser("alice") as browser:
        clinic.standin.rotate_keys(drop_old=True)
        async with await dial(browser) as socket:
            await socket.send("who")

            assert json.loads(await socket.recv())["subject"] == "alice"
        assert clinic.token_requests("refresh_token") == 1


@pytest.mark.each_listener
async def test_logout_closes_both_sides(clinic: Clinic) -> None:
    """The logout closes the page's socket with 4401, and that of the resource server too, by the time that the page knows."""
    async with clinic.browser("alice") as browser:
        socket = await dial(browser)
        await socket.send("x")
        await socket.recv()
        assert await clinic.hub.metric("hub_websockets") == 1
        await browser.fetch("/hub/logout", method="POST")
        async with hang_timeout():
            assert await close_of(socket) == (4401, "session ended: logout")

        assert await clinic.hub.metric("hub_websockets") == 0


async def test_as_many_as_channels(start_clinic: StartClinic) -> None:
    """A session may have only so many at a time."""
    async with (
        start_clinic(route_settings=with_sockets, HUB_CHANNEL_CONNECTIONS_PER_SESSION="2") as clinic,
        clinic.browser("alice") as browser,
    ):
        held = [await dial(browser) for _ in range(2)]
        assert (await close_of(await dial(browser)))[0] == 4430
        await held.pop().close()
        while await clinic.hub.metric("hub_websockets") > 1:
            await asyncio.sleep(0.01)  # another process notices
        async with await dial(browser) as socket:
            await socket.send("x")
            assert await socket.recv() == "x"
