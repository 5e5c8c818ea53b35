"""The topics of publishers in Redis: counted once, for all workers, until they expire."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.session.redis_client import Redis, connect
from hub.topics.publisher_topics import PublisherTopics
from hub.topics.store import FORGET_SECONDS

NOW = 1_800_000_000.25


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client of an empty Redis."""
    client = connect(redis_url, 2.0)
    yield client
    await client.aclose()


async def test_limit(redis: Redis) -> None:
    """Beyond the limit other topics are refused until the first one expires; those that exist go on."""
    topics = PublisherTopics(redis)
    answers = [await topics.admit("lab", topic, 2, NOW + at) for at, topic in enumerate(["a", "b", "c", "b", "a", "c"])]

    assert answers == [0, 0, NOW + FORGET_SECONDS, 0, 0, NOW + 3 + FORGET_SECONDS]
    assert await topics.admit("ward", "c", 2, NOW) == 0


async def test_expiry(redis: Redis) -> None:
    """A topic without events for a month makes room for another one."""
    topics = PublisherTopics(redis)
    await topics.admit("lab", "a", 1, NOW)

    assert await topics.admit("lab", "b", 1, NOW + FORGET_SECONDS - 1) == NOW + FORGET_SECONDS
    assert await topics.admit("lab", "b", 1, NOW + FORGET_SECONDS) == 0
    assert await redis.zrange("hub:publisher-topics:lab", 0, -1) == [b"b"]


async def test_workers_together(redis: Redis) -> None:
    """However many ask at once, no more are admitted than the limit says."""
    workers = [PublisherTopics(redis) for _ in range(4)]
    answers = await asyncio.gather(*(workers[number % 4].admit("lab", f"t{number}", 10, NOW) for number in range(40)))

    assert answers.count(0) == 10


async def test_memory_is_freed(redis: Redis) -> None:
    """The set expires with its last topic."""
    await PublisherTopics(redis).admit("lab", "a", 1, NOW)

    assert await redis.expiretime("hub:publisher-topics:lab") == NOW + FORGET_SECONDS + 0.75
