"""A whole hub on a Redis of several servers: one of them dies, and nobody has to log in again."""

from contextlib import AsyncExitStack

import pytest

from tests.parties.browser import Browser
from tests.parties.channel import Channel
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.parties.hub import Hub, settings
from tests.parties.redis_group import RedisCluster, RedisGroup, RedisSentinels
from tests.parties.resource_server import Exchange, RawResourceServer

USERS = 6  # so that some sessions are on the server that dies, also in a cluster


async def answer(exchange: Exchange) -> None:
    """Answer whatever is asked."""
    await exchange.answer(body=b"{}")


@pytest.mark.parametrize("kind", [RedisSentinels, RedisCluster], ids=["sentinel", "cluster"])
async def test_server_dies(kind: type[RedisGroup]) -> None:
    """Two workers; open channels do not notice, HTTP calls are told to come back, and are served by the successor."""
    api = await RawResourceServer.start(answer)
    try:
        with kind.start() as redis:
            async with HostileProvider.start() as provider:
                environment = settings(
                    provider.issuer,
                    CLIENT_ID,
                    CLIENT_SECRET,
                    [{"prefix": "/api", "target": api.url}],
                    HUB_REDIS_URL=redis.url,
                    HUB_REDIS_TIMEOUT_SECONDS="1",
                    HUB_SESSION_KEY_FILES=str(redis.key_file),
                    HUB_SERVER_PROCESSES="2",
                )
                async with Hub.start(environment) as hub, AsyncExitStack() as stack:
                    browsers = [await stack.enter_async_context(Browser(hub.url)) for _ in range(USERS)]
                    seen = set()
                    for browser in browsers:
                        await browser.open("/hub/login?return_to=/here")
                    channel = await Channel.open(browsers[0])
                    assert (await channel.request("GET", "/api/x")).status == 200

                    redis.nodes[0].kill()
                    on_channel = await channel.request("GET", "/api/x")
                    for browser in browsers:
                        while (status := (await browser.fetch("/api/x")).status) != 200:
                            seen.add(status)
                    sessions = [(await browser.fetch("/hub/session")).json()["authenticated"] for browser in browsers]
                    await channel.close()

            assert (on_channel.status, seen <= {503}, all(sessions)) == (200, True, True)
    finally:
        await api.stop()
