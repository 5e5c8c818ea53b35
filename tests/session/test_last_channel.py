"""Which sessions are to end because their last channel was closed, on a real Redis."""

import pytest

from hub.session.last_channel import LastChannelStore
from hub.session.redis_client import Redis


@pytest.fixture
def board(redis_client: Redis) -> LastChannelStore:
    """An empty board."""
    return LastChannelStore(redis_client)


async def test_a_push_never_pulls_back(board: LastChannelStore) -> None:
    """A worker whose clock is behind does not take away what another one has given."""
    await board.push(["a"], 100.0)
    await board.push(["a"], 50.0)

    assert await board.claim(99.0, 10) == []
    assert await board.claim(100.0, 10) == ["a"]


async def test_claimed_once_at_a_time(board: LastChannelStore) -> None:
    """Two workers do not end the same session; if the one that has it crashes, another one gets it later."""
    await board.push(["a", "b"], 100.0)

    assert (await board.claim(101.0, 1), await board.claim(101.0, 10), await board.claim(101.0, 10)) == (["a"], ["b"], [])
    assert sorted(await board.claim(131.0, 10)) == ["a", "b"]

    await board.forget(["a", "b"])

    assert await board.claim(1000.0, 10) == []


async def test_nothing_to_do(board: LastChannelStore) -> None:
    """An empty push, a look without claiming, and an empty farewell are no errors."""
    await board.push([], 100.0)
    await board.push(["a"], 100.0)
    await board.forget([])

    assert await board.claim(200.0, 0) == []
    assert await board.claim(200.0, 10) == ["a"]


async def test_many(board: LastChannelStore) -> None:
    """A worker full of channels pushes in several pieces."""
    await board.push([f"s{number}" for number in range(2500)], 100.0)

    assert len(await board.claim(100.0, 3000)) == 2500
