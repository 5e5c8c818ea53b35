"""The memory of ended sessions."""

import tracemalloc

from hub.session.ended_keys import MAX_KEYS, EndedKeys
from hub.session.model import SessionId, Tombstone
from tests.parties.clock import START, ManualClock

ENDED = Tombstone("logout", START)


async def test_until_the_absolute_timeout(clock: ManualClock) -> None:
    """After it, no record of the session can be valid."""
    ended, key = EndedKeys(clock, 43200), SessionId.generate().key
    ended.add(key, ENDED)

    assert ended.get(key) == ENDED
    assert ended.get(SessionId.generate().key) is None
    await clock.advance(43200)
    assert ended.get(key) is None


def test_memory(clock: ManualClock) -> None:
    """It stays within a bound in bytes, which the module names."""
    ended = EndedKeys(clock, 43200)
    tracemalloc.start()
    for number in range(MAX_KEYS + 1000):
        ended.add(SessionId.generate().key, Tombstone("logout", START + number / 8))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size < 20_000_000


def test_is_bounded(clock: ManualClock) -> None:
    """The oldest are forgotten first."""
    ended = EndedKeys(clock, 43200)
    for number in range(MAX_KEYS + 1):
        ended.add(f"{number:064}"[::-1], ENDED)

    assert len(ended) == MAX_KEYS
    assert ended.get(f"{0:064}") is None
