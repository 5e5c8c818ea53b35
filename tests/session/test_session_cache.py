"""What a worker remembers of sessions, and when it has to forget: with loads whose answers the test holds back."""

import asyncio
from dataclasses import replace

import pytest

from hub.errors import StoreUnavailable
from hub.session import session_cache
from hub.session.events import SessionHasEnded, SessionWasRefreshed, SessionWasReplaced, TopicHasNews
from hub.session.model import Tombstone
from hub.session.session_cache import TTL_SECONDS, Record, SessionCache
from tests.parties.clock import START, ManualClock
from tests.session.samples import make_session

SESSION = make_session()
KEY = SESSION.key
LATER = replace(SESSION, version=2)


class HeldStore:
    """Answers each load when the test says so."""

    def __init__(self) -> None:
        self.loads: list[asyncio.Future[Record]] = []

    async def load(self, key: str) -> Record:
        """Wait for the test's answer."""
        self.loads.append(asyncio.get_running_loop().create_future())
        return await self.loads[-1]


async def says(found: Record) -> Record:
    """Be a store that answers at once."""
    return found


async def settle() -> None:
    """Let everything run that waits for nothing."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def cache(clock: ManualClock) -> SessionCache:
    """A memory that hears every event."""
    cache = SessionCache(clock)
    cache.feed_began()
    return cache


@pytest.fixture
def held() -> HeldStore:
    """A store whose answers the test holds back."""
    return HeldStore()


class TestBound:
    """How long, and how much."""

    async def test_trusted_for_a_second(self, cache: SessionCache, clock: ManualClock) -> None:
        """Up to a second after the store was asked it need not be asked again; then it must."""
        await cache.find(KEY, lambda _: says(SESSION))
        await clock.advance(TTL_SECONDS - 0.001)
        within = cache.get(KEY)
        await clock.advance(0.001)

        assert (within, cache.get(KEY)) == (SESSION, None)

    async def test_confirmed(self, cache: SessionCache, clock: ManualClock) -> None:
        """Whoever asks the store for reasons of their own confirms the session for all, for another second."""
        await cache.find(KEY, lambda _: says(SESSION))
        await clock.advance(0.6)
        await cache.load_now(KEY, lambda _: says(SESSION))
        await clock.advance(0.6)

        assert cache.get(KEY) == SESSION

    async def test_counted_from_the_question(self, cache: SessionCache, held: HeldStore, clock: ManualClock) -> None:
        """The store may have read the session at once, and answered late: the time on the way counts."""
        asking = asyncio.create_task(cache.find(KEY, held.load))
        await clock.advance(0.6)
        held.loads[0].set_result(SESSION)
        await asking
        await clock.advance(0.4)

        assert cache.get(KEY) is None

    async def test_too_late_to_be_remembered(self, cache: SessionCache, held: HeldStore, clock: ManualClock) -> None:
        """An answer that took longer than it may be trusted serves those who waited, and nobody after them."""
        asking = asyncio.create_task(cache.find(KEY, held.load))
        await clock.advance(TTL_SECONDS)
        held.loads[0].set_result(SESSION)

        assert (await asking, cache.get(KEY)) == (SESSION, None)

    async def test_bounded(self, cache: SessionCache, monkeypatch: pytest.MonkeyPatch) -> None:
        """The oldest give way to the latest."""
        monkeypatch.setattr(session_cache, "MAX_SESSIONS", 3)
        several = [make_session() for _ in range(5)]
        for session in several:
            await cache.find(session.key, lambda _, session=session: says(session))

        assert [cache.get(session.key) for session in several] == [None, None, *several[2:]]
        assert len(cache) == 3

    async def test_what_is_used_again_stays(self, cache: SessionCache, monkeypatch: pytest.MonkeyPatch) -> None:
        """The oldest is the one that was asked about least recently."""
        monkeypatch.setattr(session_cache, "MAX_SESSIONS", 2)
        first, second, third = (make_session() for _ in range(3))
        for session in (first, second, first, third):
            await cache.load_now(session.key, lambda _, session=session: says(session))

        assert [cache.get(session.key) for session in (first, second, third)] == [first, None, third]

    async def test_no_token_stays_for_nothing(self, cache: SessionCache, clock: ManualClock) -> None:
        """What is not trusted any more leaves memory when the next session comes."""
        for _ in range(5):
            await cache.find(KEY, lambda _: says(SESSION))
            session = make_session()
            await cache.find(session.key, lambda _, session=session: says(session))
            await clock.advance(TTL_SECONDS)
        await cache.find(KEY, lambda _: says(SESSION))

        assert len(cache) == 1


class TestWhatIsRemembered:
    """Living sessions under their own keys."""

    @pytest.mark.parametrize("found", [None, Tombstone("logout", START), make_session()], ids=["unknown", "ended", "moved"])
    async def test_nothing_else(self, cache: SessionCache, found: Record) -> None:
        """Neither that there is none, which a login changes, nor where a replaced id leads, which ends with its grace."""
        assert await cache.find(KEY, lambda _: says(found)) == found
        assert (cache.get(KEY), len(cache)) == (None, 0)

    async def test_ended_by_what_the_store_says(self, cache: SessionCache) -> None:
        """Whoever learns that the session has ended says so to all, event or not."""
        await cache.find(KEY, lambda _: says(SESSION))
        await cache.load_now(KEY, lambda _: says(None))

        assert cache.get(KEY) is None

    async def test_failed_load(self, cache: SessionCache) -> None:
        """An outage is neither remembered, nor does it end what may still be trusted."""
        await cache.find(KEY, lambda _: says(SESSION))

        async def fail(_: str) -> Record:
            raise StoreUnavailable

        with pytest.raises(StoreUnavailable):
            await cache.load_now(KEY, fail)
        assert cache.get(KEY) == SESSION


class TestFeed:
    """Without events there is no memory."""

    async def test_not_before_it_began(self, clock: ManualClock) -> None:
        """A worker that does not listen, such as a command of an operator, remembers nothing."""
        cache = SessionCache(clock)

        assert await cache.find(KEY, lambda _: says(SESSION)) == SESSION
        assert cache.get(KEY) is None

    async def test_lost(self, cache: SessionCache) -> None:
        """A lost feed empties it and turns it off; beginning anew does not bring back what was."""
        await cache.find(KEY, lambda _: says(SESSION))
        cache.feed_lost()
        lost = cache.get(KEY)
        await cache.find(KEY, lambda _: says(SESSION))
        off = cache.get(KEY)
        cache.feed_began()

        assert [lost, off, cache.get(KEY)] == [None] * 3

    @pytest.mark.parametrize("is_lost", [True, False], ids=["lost and begun", "begun again"])
    async def test_load_across_a_gap(self, cache: SessionCache, held: HeldStore, *, is_lost: bool) -> None:
        """A load that began before the gap may have missed an event in it."""
        asking = asyncio.create_task(cache.find(KEY, held.load))
        await settle()
        if is_lost:
            cache.feed_lost()
        cache.feed_began()
        held.loads[0].set_result(SESSION)

        assert (await asking, cache.get(KEY)) == (SESSION, None)

    async def test_nobody_joins_without_it(self, clock: ManualClock, held: HeldStore) -> None:
        """While no event is heard, each request asks for itself."""
        cache = SessionCache(clock)
        asking = [asyncio.create_task(cache.find(KEY, held.load)) for _ in range(3)]
        await settle()
        for load in held.loads:
            load.set_result(SESSION)

        assert len(await asyncio.gather(*asking)) == len(held.loads) == 3


class TestEvents:
    """An event counts at once."""

    @pytest.mark.parametrize(
        "event",
        [SessionHasEnded(KEY, "logout", START), SessionWasReplaced(KEY, START + 10), SessionWasRefreshed(KEY, None, version=2)],
        ids=["ended", "replaced", "refreshed"],
    )
    async def test_forgotten(
        self, cache: SessionCache, event: SessionHasEnded | SessionWasReplaced | SessionWasRefreshed
    ) -> None:
        """The session has to be asked about again; others are not concerned."""
        other = make_session()
        await cache.find(KEY, lambda _: says(SESSION))
        await cache.find(other.key, lambda _: says(other))
        cache.on_event(event)
        cache.on_event(TopicHasNews("news"))

        assert (cache.get(KEY), cache.get(other.key)) == (None, other)

    @pytest.mark.parametrize("version", [1, 2])
    async def test_echo(self, cache: SessionCache, version: int) -> None:
        """What is cache as this version or a later one already, such as what this worker wrote itself, stays."""
        await cache.find(KEY, lambda _: says(LATER))
        cache.on_event(SessionWasRefreshed(KEY, None, version=version))

        assert cache.get(KEY) == LATER

    async def test_event_of_an_earlier_hub(self, cache: SessionCache) -> None:
        """During a rolling update an event may not say its version: then it counts."""
        await cache.find(KEY, lambda _: says(LATER))
        cache.on_event(SessionWasRefreshed(KEY, None))

        assert cache.get(KEY) is None

    async def test_load_that_began_before(self, cache: SessionCache, held: HeldStore) -> None:
        """It may bring what was before the event: it is not remembered, and nobody joins it any more."""
        first = asyncio.create_task(cache.find(KEY, held.load))
        await settle()
        cache.on_event(SessionWasRefreshed(KEY, None, version=2))
        second = asyncio.create_task(cache.find(KEY, held.load))
        await settle()
        held.loads[0].set_result(SESSION)
        assert (await first, cache.get(KEY)) == (SESSION, None)
        held.loads[1].set_result(LATER)

        assert (await second, cache.get(KEY)) == (LATER, LATER)

    async def test_late_answer_changes_nothing(self, cache: SessionCache, held: HeldStore) -> None:
        """Of two loads under way the later version counts, whichever answers last."""
        first, second = (asyncio.create_task(cache.load_now(KEY, held.load)) for _ in range(2))
        await settle()
        held.loads[1].set_result(LATER)
        await second
        held.loads[0].set_result(SESSION)
        await first

        assert cache.get(KEY) == LATER

    async def test_activity_is_not_taken_back(self, cache: SessionCache, held: HeldStore) -> None:
        """A load that began before this worker noted activity does not undo the note."""
        await cache.find(KEY, lambda _: says(SESSION))
        asking = asyncio.create_task(cache.load_now(KEY, held.load))
        await settle()
        cache.update(replace(SESSION, touched_at=START + 40))
        held.loads[0].set_result(SESSION)
        await asking

        assert cache.get(KEY) == replace(SESSION, touched_at=START + 40)

    async def test_amended_too_late(self, cache: SessionCache) -> None:
        """What is changed about a version that is cache no more changes nothing."""
        cache.update(SESSION)
        await cache.find(KEY, lambda _: says(LATER))
        cache.update(SESSION)

        assert cache.get(KEY) == LATER


class TestTogether:
    """Many requests of one session at once."""

    async def test_one_load(self, cache: SessionCache, held: HeldStore) -> None:
        """Fifty requests cost one question, and no task."""
        before = asyncio.all_tasks()
        asking = [asyncio.create_task(cache.find(KEY, held.load)) for _ in range(50)]
        await settle()
        added = asyncio.all_tasks() - before
        held.loads[0].set_result(SESSION)

        assert await asyncio.gather(*asking) == [SESSION] * 50
        assert (len(held.loads), added) == (1, set(asking))

    async def test_each_session_for_itself(self, cache: SessionCache, held: HeldStore) -> None:
        """Requests of other sessions do not wait."""
        other = make_session()
        asking = [asyncio.create_task(cache.find(key, held.load)) for key in (KEY, other.key)]
        await settle()
        held.loads[1].set_result(other)
        assert await asking[1] == other
        held.loads[0].set_result(SESSION)

        assert await asking[0] == SESSION

    @pytest.mark.parametrize("gone", [0, 1, 2])
    async def test_one_leaves(self, cache: SessionCache, held: HeldStore, gone: int) -> None:
        """A browser that leaves takes nobody with it, be it the one whose request asked."""
        asking = [asyncio.create_task(cache.find(KEY, held.load)) for _ in range(4)]
        await settle()
        asking[gone].cancel()
        await settle()
        held.loads[-1].set_result(SESSION)
        stayed = [task for task in asking if task is not asking[gone]]

        assert await asyncio.gather(*stayed) == [SESSION] * 3
        assert (asking[gone].cancelled(), len(held.loads)) == (True, 2 if gone == 0 else 1)
        assert cache.get(KEY) == SESSION

    async def test_who_must_be_sure_asks(self, cache: SessionCache, held: HeldStore) -> None:
        """`ask` waits for nobody's answer: it may have been under way when what is asked about happened."""
        finding, asking = asyncio.create_task(cache.find(KEY, held.load)), asyncio.create_task(cache.load_now(KEY, held.load))
        await settle()
        held.loads[0].set_result(SESSION)
        held.loads[1].set_result(None)

        assert (await finding, await asking) == (SESSION, None)
        assert cache.get(KEY) is None
