"""The bounded cache with a time to live."""

import pytest

from hub.primitives.ttl_cache import BoundedTtlCache
from tests.parties.clock import ManualClock

TTL_SECONDS = 10.0


@pytest.fixture
def cache(clock: ManualClock) -> BoundedTtlCache[str, int]:
    """A cache of three entries that live for ten seconds."""
    return BoundedTtlCache(3, clock=clock, ttl_seconds=TTL_SECONDS)


def test_get(cache: BoundedTtlCache[str, int]) -> None:
    """What was put is there, and nothing else."""
    cache.put("a", 1)

    assert (cache.get("a"), cache.get("b"), "a" in cache, "b" in cache) == (1, None, True, False)


async def test_expires(cache: BoundedTtlCache[str, int], clock: ManualClock) -> None:
    """At the end of its time an entry is no longer returned."""
    cache.put("a", 1)
    await clock.advance(TTL_SECONDS - 0.001)
    before = (cache.get("a"), "a" in cache, list(cache))
    await clock.advance(0.001)

    assert before == (1, True, ["a"])
    assert (cache.get("a"), "a" in cache, list(cache)) == (None, False, [])


async def test_put_again_begins_anew(cache: BoundedTtlCache[str, int], clock: ManualClock) -> None:
    """A new value has the whole time."""
    cache.put("a", 1)
    await clock.advance(6)
    cache.put("a", 2)
    await clock.advance(6)

    assert cache.get("a") == 2


def test_the_oldest_is_evicted(cache: BoundedTtlCache[str, int]) -> None:
    """The entry whose put is longest ago gives way; reading does not keep it."""
    for key in "abc":
        cache.put(key, 1)
    cache.put("a", 2)
    cache.get("b")
    cache.put("d", 1)

    assert list(cache) == ["c", "a", "d"]
    assert len(cache) == 3


async def test_expired_entries_are_evicted(cache: BoundedTtlCache[str, int], clock: ManualClock) -> None:
    """They hold no memory once something else is put."""
    cache.put("a", 1)
    cache.put("b", 1)
    await clock.advance(TTL_SECONDS)
    cache.put("c", 1)

    assert len(cache) == 1


def test_discard(cache: BoundedTtlCache[str, int]) -> None:
    """Removing an entry that is not there does no harm; entries may be removed while iterating."""
    for key in "ab":
        cache.put(key, 1)
    for key in cache:
        cache.discard(key)
    cache.discard("a")

    assert len(cache) == 0


def test_without_a_time() -> None:
    """Entries live until they are evicted; no clock is needed."""
    cache = BoundedTtlCache[int, int](1_000)
    for number in range(5_000):
        cache.put(number, number)

    assert (len(cache), cache.get(3_999), cache.get(4_000)) == (1_000, None, 4_000)
