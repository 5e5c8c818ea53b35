"""A session that is ended on one node is refused on the other: at once by the event, and within a second without it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
import redis.asyncio

from hub.session.keyring import make_key_file
from hub.session.session_cache import TTL_SECONDS
from hub_client import ChannelClient
from tests.parties.browser import Browser
from tests.parties.event_stream import EventStream
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.parties.hub import Hub, free_port, public_url, settings
from tests.parties.redis_server import RedisServer
from tests.parties.resource_server import Exchange, RawResourceServer, head
from tests.scenarios.chaos import login_of
from tests.waiting import soon

BUSY = 20  # requests that show that the session is in use on the other node


@dataclass
class Pair:
    """Two nodes of one hub. The browser has logged in at the first, and calls the API through the second."""

    second: Hub
    browser: Browser
    redis: "redis.asyncio.Redis"
    http: aiohttp.ClientSession

    async def call(self) -> int:
        """Call the API through the second node; return the status."""
        login = login_of(self.browser)
        headers = {"Cookie": login.cookie, "X-XSRF-TOKEN": login.csrf, "Origin": login.origin}
        async with self.http.get(f"http://localhost:{self.second.port}/api/x", headers=headers) as answer:
            return answer.status

    async def stream(self) -> aiohttp.ClientResponse:
        """Open an event stream through the second node; return it when it has begun."""
        login = login_of(self.browser)
        headers = {"Cookie": login.cookie, "X-XSRF-TOKEN": login.csrf, "Origin": login.origin}
        answer = await self.http.get(f"http://localhost:{self.second.port}/api/stream", headers=headers)
        assert await answer.content.readexactly(6) == b"data: "
        return answer

    async def calls(self) -> None:
        """Use the session on the second node, so that it is known there."""
        assert {await self.call() for _ in range(BUSY)} == {200}

    async def log_out(self) -> None:
        """End the session, through the first node."""
        assert (await self.browser.fetch("/hub/logout", method="POST")).status == 200

    async def delete(self) -> None:
        """Take the session away behind the back of all nodes."""
        async for name in self.redis.scan_iter(match="hub:session:*"):
            await self.redis.delete(name)

    async def log_out_unheard(self) -> None:
        """End the session while the connections break on which the nodes would hear of it."""
        async with self.redis.pipeline(transaction=True) as together:
            together.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            async for name in self.redis.scan_iter(match="hub:session:*"):
                together.delete(name)
            await together.execute()


async def answer(exchange: Exchange) -> None:
    """Answer whatever is asked; an event stream does not end."""
    if exchange.request.target.endswith("/stream"):
        await exchange.write(head(200, ("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")))
        await exchange.write(b"6\r\ndata: \r\n")
        await exchange.peer_gone()
    else:
        await exchange.answer(body=b"{}")


@asynccontextmanager
async def start() -> AsyncIterator[Pair]:
    """Start all parties and log in."""
    async with AsyncExitStack() as parties:
        store = parties.enter_context(RedisServer.start())
        make_key_file(store.folder / "key")
        api = await RawResourceServer.start(answer)
        parties.push_async_callback(api.stop)
        provider = await parties.enter_async_context(HostileProvider.start())
        port = free_port()
        environment = settings(
            provider.issuer,
            CLIENT_ID,
            CLIENT_SECRET,
            [{"prefix": "/api", "target": api.url}],
            HUB_REDIS_URL=store.url,
            HUB_SESSION_KEY_FILES=str(store.folder / "key"),
            HUB_SERVER_PUBLIC_URL=public_url(port),
        )
        await parties.enter_async_context(Hub.start(environment, port=port))
        second = await parties.enter_async_context(Hub.start(environment))
        browser = await parties.enter_async_context(Browser(public_url(port)))
        client = redis.asyncio.Redis.from_url(store.url)
        parties.push_async_callback(client.aclose)
        http = await parties.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        await browser.open("/hub/login?return_to=/here")
        yield Pair(second, browser, client, http)


async def test_told() -> None:
    """The first request after the event is refused."""
    told = asyncio.Event()
    async with start() as pair:
        client = ChannelClient(
            f"http://localhost:{pair.second.port}",
            login_of(pair.browser),
            on_event=lambda event: event.name == "ended" and told.set(),
        )
        async with client:
            await client.request("GET", "/api/x")
            await pair.calls()
            await pair.log_out()
            await told.wait()

            assert await pair.call() == 401


@pytest.mark.parametrize("kill", [Pair.log_out, Pair.log_out_unheard], ids=lambda kill: kill.__name__)
async def test_stream(kill: Callable[[Pair], Awaitable[None]]) -> None:
    """An event stream through the second node is cut off, also if the node has missed the event."""
    async with start() as pair:
        stream = await pair.stream()
        await kill(pair)

        with pytest.raises(aiohttp.ClientError):
            await soon(stream.content.read())
        stream.close()


@pytest.mark.parametrize("kill", [Pair.log_out, Pair.log_out_unheard], ids=lambda kill: kill.__name__)
async def test_events_without_websocket(kill: Callable[[Pair], Awaitable[None]]) -> None:
    """The page's own event stream on the second node says that it has to log in, and ends."""
    async with start() as pair, EventStream(pair.browser, url=f"http://localhost:{pair.second.port}") as stream:
        await stream.next("ready")
        await kill(pair)

        assert (await stream.next("event"))["name"] == "ended"
        assert (await stream.next("close"))["code"] == 4401
        assert await stream.ended()


@pytest.mark.parametrize("kill", [Pair.log_out, Pair.delete, Pair.log_out_unheard], ids=lambda kill: kill.__name__)
async def test_within_the_bound(kill: Callable[[Pair], Awaitable[None]]) -> None:
    """No request that is sent later than the bound after the end gets through, whatever became of the event."""
    async with start() as pair:
        await pair.calls()
        await kill(pair)
        ended_at = time.monotonic()
        sent_at = ended_at
        while await pair.call() == 200:
            assert sent_at - ended_at < TTL_SECONDS
            sent_at = time.monotonic()

        assert [await pair.call() for _ in range(BUSY)] == [401] * BUSY


async def test_while_nothing_is_heard() -> None:
    """A node that has lost its feed answers nothing from memory: the first request after the end is refused."""
    async with start() as pair:
        await pair.calls()
        await pair.redis.execute_command("ACL", "SETUSER", "default", "resetchannels")  # breaks who listens, lets nobody back in
        while not pair.second.events("event_feed.interrupted"):
            await pair.call()
        await pair.calls()
        await pair.delete()

        assert await pair.call() == 401
