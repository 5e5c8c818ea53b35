"""The session of a request while the store is up, down, and back: with the real cache, and a store that the test turns off."""

from dataclasses import dataclass, field, replace

import pytest

from hub.errors import NotAuthenticated, SessionEnded, StoreUnavailable
from hub.session.events import SessionHasEnded, SessionWasRefreshed
from hub.session.model import EndReason, Lifetimes, Session, SessionId, Tombstone
from hub.session.session_cache import SessionCache
from hub.session.session_lookup import SessionLookup
from hub.session.sessions import Sessions
from hub.session.store_outage import PROBE_SECONDS, TRUSTED_SECONDS
from hub.telemetry.metrics import Metrics
from tests.parties.clock import START, ManualClock
from tests.session.samples import make_session

LIFETIMES = Lifetimes(900.0, 43_200.0, 0.0)


@dataclass
class Store:
    """Redis, up or down."""

    found: Session | Tombstone | None
    is_down: bool = False
    loads: list[str] = field(default_factory=list)

    async def load(self, key: str) -> Session | Tombstone | None:
        """Return the record."""
        self.loads.append(key)
        if self.is_down:
            raise StoreUnavailable
        return self.found

    async def touch(self, session: Session, now: float) -> bool:
        """Record activity."""
        return True

    def remember_end(self, key: str, reason: EndReason, ended_at: float) -> None:
        """Remember the end."""
        self.found = Tombstone(reason, ended_at)


@dataclass
class World:
    """One browser with a session, and a worker that hears events."""

    clock: ManualClock
    session_id: SessionId
    store: Store
    sessions: Sessions
    lookup: SessionLookup

    async def find(self) -> Session:
        """Look the session up as a request does."""
        found = self.lookup.cached(self.session_id, passive=True)
        return found or await self.lookup.find(self.session_id, passive=True)


@pytest.fixture
def world(clock: ManualClock) -> World:
    """A session that began just now."""
    session_id = SessionId.generate()
    session = replace(make_session(), key=session_id.key, created_at=START, touched_at=START)
    store = Store(session)
    sessions = Sessions(store, None, None, LIFETIMES, clock, Metrics())  # type: ignore[arg-type]
    sessions.feed_began()
    return World(clock, session_id, store, sessions, SessionLookup(sessions, clock))


async def down_after_a_look(world: World) -> None:
    """Let the store confirm the session, and fail after the cache has expired."""
    await world.find()
    world.store.is_down = True
    world.sessions.feed_lost()
    await world.clock.advance(2.0)


async def test_trusted_for_a_minute(world: World) -> None:
    """The minute begins when the store confirmed the session, not when it failed."""
    await down_after_a_look(world)
    await world.clock.advance(TRUSTED_SECONDS - 2.0)
    assert (await world.find()).key == world.session_id.key

    await world.clock.advance(0.1)
    with pytest.raises(StoreUnavailable) as refused:
        await world.find()
    assert refused.value.retry_after_seconds == PROBE_SECONDS


async def test_unknown_session(world: World) -> None:
    """A session that the store never confirmed to this worker is neither let in nor logged out."""
    world.store.is_down = True

    with pytest.raises(StoreUnavailable):
        await world.find()


async def test_no_session(world: World) -> None:
    """A browser without a session ID is not logged in, store or no store; that says nothing about the outage."""
    await down_after_a_look(world)
    await world.find()
    with pytest.raises(NotAuthenticated):
        await world.lookup.find(None, passive=True)

    assert world.lookup.outage.is_on


async def test_one_probe_a_second(world: World) -> None:
    """Requests in between do not wait for the timeouts of a store that is down."""
    await down_after_a_look(world)
    before = len(world.store.loads)
    for _ in range(5):
        await world.find()
    assert len(world.store.loads) - before == 1

    await world.clock.advance(PROBE_SECONDS)
    await world.find()
    assert len(world.store.loads) - before == 2


async def test_end_that_was_heard_of(world: World) -> None:
    """A session whose end this worker heard of is not trusted, however recently the store confirmed it."""
    await world.find()
    world.sessions.on_event(SessionHasEnded(world.session_id.key, "logout", START, ""))
    world.store.is_down = True

    with pytest.raises(StoreUnavailable):
        await world.find()


async def test_refresh_that_was_heard_of(world: World) -> None:
    """New tokens elsewhere are no end: the session goes on with those at hand."""
    await world.find()
    world.sessions.on_event(SessionWasRefreshed(world.session_id.key, 2, START + 600.0))
    world.store.is_down = True

    assert (await world.find()).key == world.session_id.key


async def test_time_that_is_over(world: World) -> None:
    """An idle timeout holds during an outage."""
    world.store.found = replace(world.store.found, touched_at=START - 890.0)  # type: ignore[type-var]
    await down_after_a_look(world)
    assert await world.find()

    await world.clock.advance(10.0)
    with pytest.raises(StoreUnavailable):
        await world.find()


async def test_store_that_is_back(world: World) -> None:
    """The first response of the store ends the outage, also one that the session has ended."""
    await down_after_a_look(world)
    await world.find()
    world.store.is_down, world.store.found = False, Tombstone("logout", START)
    await world.clock.advance(PROBE_SECONDS)

    with pytest.raises(SessionEnded):
        await world.find()
    assert not world.lookup.outage.is_on


async def test_no_more_than_the_cache_holds(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the store confirmed is bounded like the cache: the oldest go."""
    monkeypatch.setattr("hub.session.session_cache.MAX_SESSIONS", 2)
    cache = SessionCache(clock)
    for key in ("a", "b", "c"):
        session = replace(make_session(), key=key)

        async def load(_: str, session: Session = session) -> Session:
            return session

        await cache.load_now(key, load)

    assert [cache.last_confirmed(key, 60.0) is not None for key in ("a", "b", "c")] == [False, True, True]
