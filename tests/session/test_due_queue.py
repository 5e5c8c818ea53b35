"""The queue of what is due, on a real Redis."""

import pytest

from hub.errors import StoreUnavailable
from hub.session.due_queue import DueQueue
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


async def test_redis_is_away() -> None:
    """Then nobody knows what is due."""
    client = connect("unix:///nonexistent/redis.sock", 0.5)
    with pytest.raises(StoreUnavailable):
        await DueQueue(client, QUEUE, 100.0).claim(0.0, 1)
    await client.aclose()
