"""Sessions end with their last channel: two workers on one real Redis, with a clock that the test moves."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from hub.channel.presence import Presence
from hub.errors import StoreUnavailable
from hub.session.last_channel import LastChannelStore
from hub.session.model import EndReason, Session
from hub.session.redis_client import Redis, connect
from tests.parties.clock import ManualClock

SECONDS = 30.0


@pytest.fixture
async def board(redis_url: str) -> AsyncIterator[LastChannelStore]:
    """The board of both workers."""
    redis: Redis = connect(redis_url, 2.0)
    yield LastChannelStore(redis)
    await redis.aclose()


@dataclass
class Ended:
    """Sessions that were ended, and why."""

    sessions: list[tuple[str, EndReason]] = field(default_factory=list)

    async def end(self, key: str, reason: EndReason) -> Session | None:
        self.sessions.append((key, reason))
        return None


class Town:
    """Two workers; `channels` says whose are open where."""

    def __init__(self, board: LastChannelStore, clock: ManualClock) -> None:
        self.clock = clock
        self.ended = Ended()
        self.workers = [Presence(board, self.ended, clock, SECONDS) for _ in range(2)]
        self.channels: list[list[str]] = [[], []]
        self.alive = [True, True]

    def open(self, worker: int, key: str) -> None:
        """Open a channel."""
        self.channels[worker].append(key)
        self.workers[worker].note(key)

    def close(self, worker: int, key: str) -> None:
        """Close a channel."""
        self.channels[worker].remove(key)
        self.workers[worker].note(key)

    async def pass_time(self, seconds: int) -> None:
        """Let the living workers look once a second."""
        for _ in range(seconds):
            await self.clock.advance(1)
            for worker, is_alive in enumerate(self.alive):
                if is_alive:
                    await self.workers[worker].check(self.channels[worker])


@pytest.fixture
async def town(board: LastChannelStore, clock: ManualClock) -> Town:
    """Two workers that have been up for a while."""
    town = Town(board, clock)
    await town.pass_time(int(SECONDS) + 1)
    return town


async def test_ends_after_the_last_channel(town: Town) -> None:
    """An open channel keeps the session as long as it likes; after the close it ends in time, once."""
    town.open(0, "a")
    await town.pass_time(300)

    assert town.ended.sessions == []

    town.close(0, "a")
    await town.pass_time(29)

    assert town.ended.sessions == []

    await town.pass_time(3)

    assert town.ended.sessions == [("a", "last_channel")]

    await town.pass_time(100)

    assert len(town.ended.sessions) == 1


async def test_a_channel_on_the_other_worker_counts(town: Town) -> None:
    """A page that was loaded again, on whichever worker, goes on."""
    town.open(0, "a")
    await town.pass_time(5)
    town.close(0, "a")
    await town.pass_time(28)
    town.open(1, "a")
    await town.pass_time(200)

    assert town.ended.sessions == []


async def test_a_crash_needs_no_clean_up(town: Town) -> None:
    """The sessions of a worker that was killed end in time, unless their pages have dialled another one."""
    town.open(0, "a")
    town.open(0, "b")
    await town.pass_time(5)
    town.alive[0] = False
    await town.pass_time(10)
    town.open(1, "b")
    await town.pass_time(60)

    assert town.ended.sessions == [("a", "last_channel")]


async def test_sessions_without_a_channel_are_not_concerned(town: Town) -> None:
    """Whoever uses HTTP alone stays logged in."""
    town.open(0, "a")
    town.close(0, "a")
    await town.pass_time(100)

    assert [key for key, _ in town.ended.sessions] == ["a"]


async def test_nothing_ends_after_a_gap_until_all_have_spoken(town: Town, board: LastChannelStore) -> None:
    """Redis was away, or everything stood still, longer than the sessions have: those with an open channel live on."""
    town.open(0, "a")
    town.open(1, "b")
    town.open(1, "c")
    await town.pass_time(5)
    town.close(1, "c")
    await town.pass_time(1)
    await town.clock.advance(3600)
    await town.workers[0].check(town.channels[0])  # the first to be back sees that "b" is overdue
    await town.pass_time(29)

    assert town.ended.sessions == []

    await town.pass_time(3)

    assert town.ended.sessions == [("c", "last_channel")]


async def test_restart(board: LastChannelStore, clock: ManualClock) -> None:
    """All workers were stopped for longer than the sessions have: the pages get their time to dial again."""
    before = Town(board, clock)
    before.open(0, "a")
    before.open(0, "b")
    await before.pass_time(40)
    await clock.advance(600)
    after = Town(board, clock)
    await after.pass_time(20)
    after.open(1, "a")
    await after.pass_time(60)

    assert after.ended.sessions == [("b", "last_channel")]


async def test_off(clock: ManualClock, board: LastChannelStore) -> None:
    """With 0 nothing is noted, pushed or ended."""
    presence = Presence(board, Ended(), clock, 0.0)
    presence.note("a")

    assert await board.claim(clock.now() + 1e6, 10) == []


async def test_store_away(clock: ManualClock) -> None:
    """The worker goes on by itself when Redis is back, and makes up for what it could not say."""

    class Away:
        """A board that cannot be reached at first."""

        def __init__(self) -> None:
            self.pushed: list[str] = []
            self.tries = 0

        async def push(self, keys: list[str], until: float) -> None:
            self.tries += 1
            if self.tries < 3:
                raise StoreUnavailable
            self.pushed += keys

        async def claim(self, now: float, limit: int) -> list[str]:
            return []

        async def forget(self, keys: list[str]) -> None:
            return None

    board = Away()
    presence = Presence(board, Ended(), clock, SECONDS)  # type: ignore[arg-type]
    presence.note("closed")
    with pytest.raises(StoreUnavailable):
        await presence.check(["open"])
    with pytest.raises(StoreUnavailable):
        await presence.check(["open"])
    await presence.check(["open"])

    assert sorted(board.pushed) == ["closed", "open"]
