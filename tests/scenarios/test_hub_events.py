"""`hub:events` between real hubs: a former release beside them, and others who can write to their Redis."""

import hashlib
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.session.event_feed import CHANNEL
from hub.session.redis_client import Redis, connect
from tests.parties import former_release
from tests.parties.browser import Browser
from tests.parties.channel import Channel
from tests.scenarios.chaos import Cluster, cluster
from tests.session.event_samples import WRONG
from tests.waiting import soon

pytestmark = pytest.mark.timing_sensitive

NO_HEARTBEAT = {"HUB_CHANNEL_HEARTBEAT_INTERVAL_SECONDS": "3600"}  # a channel that hears of nothing stays open until it is idle


@asynccontextmanager
async def client_of(running: Cluster) -> AsyncIterator[Redis]:
    """A client of the hubs' Redis."""
    redis = connect(running.redis_url, 2.0)
    yield redis
    await redis.aclose()


def session_key(browser: Browser) -> str:
    """Return the name of a browser's session in Redis."""
    return hashlib.sha256((browser.session_cookie() or "").encode()).hexdigest()


async def log_out_at_the_former_release(redis: Redis, key: str) -> None:
    """Do what release 0.1 does to Redis at a logout."""
    name, now = f"hub:session:{key}", time.time()
    mapping: dict[Any, Any] = {"ended": "logout", "ended_at": now}
    async with redis.pipeline(transaction=True) as pipe:
        pipe.delete(name)
        pipe.hset(name, mapping=mapping)
        pipe.expire(name, 600)
        await pipe.execute()
    await redis.publish(CHANNEL, former_release.encode_event(former_release.SessionHasEnded(key, "logout", now)))


async def are_ready(running: Cluster) -> None:
    """Assert that no node has been harmed."""
    for node in running.nodes:
        await node.ready()
        assert node.events("task.failed") == []


async def test_logout_at_the_former_release(tmp_path: Path) -> None:
    """During an upgrade, a logout at an old node closes the channels on new ones at once. Other sessions go on."""
    async with cluster(tmp_path, **NO_HEARTBEAT) as running, client_of(running) as redis:
        leaves, stays = running.browsers[:2]
        channels = [await Channel.open(leaves) for _ in range(4)]
        other = await Channel.open(stays)
        await log_out_at_the_former_release(redis, session_key(leaves))

        assert [(await soon(channel.closed)).code for channel in channels] == [4401] * 4
        assert (await leaves.fetch("/api/x")).status == 401
        assert (await other.request("POST", "/api/work/1")).status == 201
        await are_ready(running)


async def test_others_publish(tmp_path: Path) -> None:
    """Whatever another application publishes there, no channel closes, every node stays ready, and a logout acts at once."""
    async with cluster(tmp_path, **NO_HEARTBEAT) as running, client_of(running) as redis:
        chance = random.Random(1)
        leaves, stays = running.browsers[:2]
        gone, other = await Channel.open(leaves), await Channel.open(stays)
        for browser in (leaves, stays):
            for kind in ('"ended","reason":"logout","at":1', '"replaced","until":1', '"replaced","until":1e308', '"refreshed"'):
                await redis.publish(CHANNEL, f'{{"type":{kind},"key":"{session_key(browser)}"}}')
        for _ in range(1000):
            await redis.publish(CHANNEL, chance.choice([*WRONG, chance.randbytes(50)]))

        assert [(await channel.request("POST", "/api/work/1")).status for channel in (gone, other)] == [201, 201]
        await are_ready(running)
        await log_out_at_the_former_release(redis, session_key(leaves))
        assert (await soon(gone.closed)).code == 4401
        assert (await other.request("POST", "/api/work/1")).status == 201
