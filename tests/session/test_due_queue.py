"""The queue of what is due, on a real Redis."""

import pytest

from hub.errors import StoreUnavailable
from hub.session.due_queue import LEFT_SECONDS, MAX_LEFT, DueQueue
from hub.session.redis_client import Redis, connect

QUEUE = "hub:test"


async def test_what_is_due_comes_in_order(redis_client: Redis) -> None:
    """The longest due first, and no more than was asked for; what is not due yet stays."""
    await redis_client.zadd(QUEUE, {"b": 20.0, "a": 10.0, "c": 30.0, "later": 31.0})
    queue = DueQueue(redis_client, QUEUE, 100.0)

    assert await queue.claim(30.0, 2) == ["a", "b"]
    assert await queue.claim(30.0, 2) == ["c"]
    assert await queue.claim(30.9, 2) == []
    assert await queue.claim(31.0, 2) == ["later"]


async def test_one_worker_gets_it(redis_client: Redis) -> None:
    """What was claimed is due again after the claim has run out, in case the worker has died."""
    await redis_client.zadd(QUEUE, {"a": 10.0})
    one, other = (DueQueue(redis_client, QUEUE, 100.0) for _ in range(2))

    assert [await one.claim(50.0, 9), await other.claim(50.0, 9), await other.claim(149.9, 9)] == [["a"], [], []]
    assert await other.claim(150.0, 9) == ["a"]


async def test_left_to_others(redis_client: Redis) -> None:
    """What a worker cannot do is due for others at once, and for itself only after a while; it hides nothing that it can do."""
    await redis_client.zadd(QUEUE, {f"hard-{number}": number for number in range(5)} | {"easy": 10.0})
    one, other = (DueQueue(redis_client, QUEUE, 100.0) for _ in range(2))
    for key in await one.claim(50.0, 5):
        await one.leave(key, 50.0)

    assert await one.claim(50.0, 1) == ["easy"]
    assert await one.claim(50.0 + LEFT_SECONDS - 0.1, 9) == []
    assert sorted(await other.claim(50.0, 3)) == ["hard-0", "hard-1", "hard-2"]
    assert sorted(await one.claim(50.0 + LEFT_SECONDS, 9)) == ["hard-3", "hard-4"]


async def test_what_is_gone_stays_gone(redis_client: Redis) -> None:
    """A key that somebody has removed meanwhile is not put back; nor is one that is due earlier put off."""
    await redis_client.zadd(QUEUE, {"due": 10.0})
    queue = DueQueue(redis_client, QUEUE, 100.0)
    await queue.leave("gone", 50.0)
    await queue.leave("due", 50.0)

    assert await redis_client.zrange(QUEUE, 0, -1, withscores=True) == [(b"due", 10.0)]


async def test_few_are_remembered(redis_client: Redis) -> None:
    """A worker that can do nothing of very much remembers a part of it."""
    await redis_client.zadd(QUEUE, {f"{number:04}": 1.0 for number in range(MAX_LEFT + 5)})
    queue = DueQueue(redis_client, QUEUE, 100.0)
    for key in await queue.claim(50.0, MAX_LEFT + 5):
        await queue.leave(key, 50.0)

    assert len(await queue.claim(50.0, MAX_LEFT)) == 5


async def test_redis_is_away() -> None:
    """Then nobody knows what is due."""
    client = connect("unix:///nonexistent/redis.sock", 0.5)
    with pytest.raises(StoreUnavailable):
        await DueQueue(client, QUEUE, 100.0).claim(0.0, 1)
    await client.aclose()
