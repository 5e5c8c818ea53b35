"""What two workers answer from memory, on a real Redis: what is true at once, what within a second, and what is always asked."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from hub.errors import Conflict, NotAuthenticated, SessionEnded, StoreUnavailable
from hub.session.codec import RecordCodec
from hub.session.event_feed import EventFeed
from hub.session.events import SessionEvent, SessionWasRefreshed
from hub.session.keyring import Keyring
from hub.session.model import Session, SessionId, Tombstone
from hub.session.redis_client import Redis, connect
from hub.session.revocations import RevocationQueue
from hub.session.session_cache import TTL_SECONDS
from hub.session.sessions import REPLACED_GRACE_SECONDS, Sessions
from hub.session.store import SessionStore, session_name
from hub.telemetry.metrics import Metrics
from tests.parties.clock import START, ManualClock
from tests.session.conftest import LIFETIMES
from tests.session.samples import make_session, make_tokens

TOUCH_SECONDS = LIFETIMES.touch_interval_seconds


class CountingStore(SessionStore):
    """Counts what it is asked, and may be down."""

    loads = 0
    touches = 0
    is_down = False

    async def load(self, key: str) -> Session | Tombstone | None:
        self.loads += 1
        if self.is_down:
            raise StoreUnavailable
        return await super().load(key)

    async def touch(self, session: Session, now: float) -> bool:
        self.touches += 1
        if self.is_down:
            raise StoreUnavailable
        return await super().touch(session, now)


@dataclass
class Worker:
    """One worker's part: it listens as `hub.services` lets it."""

    redis: Redis
    store: CountingStore
    sessions: Sessions
    feed: EventFeed
    heard: "asyncio.Queue[SessionEvent]" = field(default_factory=asyncio.Queue)
    began: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Listen until cancelled."""

        async def on_event(event: SessionEvent) -> None:
            self.sessions.on_event(event)
            self.heard.put_nowait(event)

        async def on_gap() -> None:
            self.sessions.feed_began()
            self.began.set()

        await self.feed.run(on_event, on_gap, self.sessions.feed_lost)

    async def knows(self, session_id: SessionId) -> None:
        """Use the session once, so that it is remembered."""
        await self.sessions.current(session_id)
        assert self.sessions.cached(session_id) is not None
        self.store.loads = self.store.touches = 0


@asynccontextmanager
async def worker(redis_url: str, keyring: Keyring, clock: ManualClock) -> AsyncIterator[Worker]:
    """Start one."""
    redis, codec = connect(redis_url, 2.0), RecordCodec(keyring)
    store, feed = CountingStore(redis, codec, LIFETIMES, clock), EventFeed(redis, keyring, clock, Metrics())
    built = Worker(redis, store, Sessions(store, feed, RevocationQueue(redis, codec), LIFETIMES, clock, Metrics()), feed)
    task = asyncio.create_task(built.listen())
    await built.began.wait()
    try:
        yield built
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await redis.aclose()


@pytest.fixture
def keyring() -> Keyring:
    """The key that all workers share."""
    return Keyring([secrets.token_bytes(32)])


@pytest.fixture
async def one(redis_url: str, keyring: Keyring, clock: ManualClock) -> AsyncIterator[Worker]:
    """A worker."""
    async with worker(redis_url, keyring, clock) as built:
        yield built


@pytest.fixture
async def other(redis_url: str, keyring: Keyring, clock: ManualClock) -> AsyncIterator[Worker]:
    """Another worker on the same Redis."""
    async with worker(redis_url, keyring, clock) as built:
        yield built


@pytest.fixture
def session_id() -> SessionId:
    """A session id."""
    return SessionId.generate()


@pytest.fixture
async def session(one: Worker, session_id: SessionId) -> Session:
    """A session that has just started."""
    session = make_session(session_id)
    await one.sessions.start(session)
    return session


async def reason_of_end(worker: Worker, session_id: SessionId) -> object:
    """Return why a worker says that the session is over."""
    with pytest.raises(SessionEnded) as caught:
        await worker.sessions.current(session_id)
    return caught.value.extensions["reason"]


class TestFromMemory:
    """What costs no question."""

    async def test_requests(self, one: Worker, session_id: SessionId, session: Session, clock: ManualClock) -> None:
        """One question a second, however many requests."""
        for _ in range(20):
            assert await one.sessions.current(session_id) == session
            await clock.advance(TTL_SECONDS / 10)

        assert one.store.loads == 2

    async def test_at_once(self, one: Worker, session_id: SessionId, session: Session) -> None:
        """Fifty requests of a page that loads cost one question."""
        found = await asyncio.gather(*(one.sessions.current(session_id) for _ in range(50)))

        assert (found, one.store.loads) == ([session] * 50, 1)

    async def test_nobody(self, one: Worker) -> None:
        """Who has no session is not known, and the store is asked each time: a login counts at once."""
        stranger = SessionId.generate()
        for _ in range(2):
            with pytest.raises(NotAuthenticated):
                await one.sessions.current(stranger)
        await one.sessions.start(make_session(stranger))

        assert (one.sessions.cached(None), one.sessions.cached(stranger), one.store.loads) == (None, None, 2)
        assert (await one.sessions.current(stranger)).key == stranger.key

    @pytest.mark.parametrize("ask", ["confirmed", "by_key"])
    async def test_what_is_always_asked(self, one: Worker, session_id: SessionId, session: Session, ask: str) -> None:
        """Whoever decides about the end of a session, or renews its tokens, asks the store."""
        await one.knows(session_id)
        for _ in range(3):
            await (one.sessions.confirmed(session_id) if ask == "confirmed" else one.sessions.by_key(session.key))

        assert one.store.loads == 3

    async def test_replaced_id(self, one: Worker, session_id: SessionId, session: Session, clock: ManualClock) -> None:
        """Where a replaced id leads is asked each time: nothing keeps it alive beyond its grace."""
        await one.knows(session_id)
        successor = make_session()
        await one.sessions.start(successor, session.key)

        assert (await one.sessions.current(session_id)).key == successor.key
        assert one.sessions.cached(session_id) is None
        await clock.advance(REPLACED_GRACE_SECONDS)
        assert await reason_of_end(one, session_id) == "replaced"


class TestKilledElsewhere:
    """A session that is ended on another worker."""

    async def test_by_its_event(self, one: Worker, other: Worker, session_id: SessionId, session: Session) -> None:
        """It is dead at once, without any time passing."""
        await other.knows(session_id)
        await one.sessions.end(session.key, "logout")
        await other.heard.get()

        assert other.sessions.cached(session_id) is None
        assert await reason_of_end(other, session_id) == "logout"

    async def test_without_any_event(self, one: Worker, session_id: SessionId, session: Session, clock: ManualClock) -> None:
        """Deleted behind the hub's back, it is dead within the bound."""
        await one.knows(session_id)
        await one.redis.delete(session_name(session.key))
        await clock.advance(TTL_SECONDS - 0.01)
        assert await one.sessions.current(session_id) == session
        await clock.advance(0.01)

        with pytest.raises(NotAuthenticated):
            await one.sessions.current(session_id)

    async def test_activity_does_not_stretch_the_bound(
        self, one: Worker, session_id: SessionId, session: Session, clock: ManualClock
    ) -> None:
        """However often it is used from memory meanwhile."""
        await one.knows(session_id)
        await one.redis.delete(session_name(session.key))
        for _ in range(7):
            await clock.advance(TTL_SECONDS / 8)
            await one.sessions.current(session_id)
        await clock.advance(TTL_SECONDS / 8)

        with pytest.raises(NotAuthenticated):
            await one.sessions.current(session_id)

    async def test_while_the_feed_is_down(self, one: Worker, session_id: SessionId, session: Session) -> None:
        """A worker that hears nothing answers nothing from memory, neither what it knew nor what it learns."""
        await one.knows(session_id)
        one.sessions.feed_lost()
        for _ in range(3):
            assert one.sessions.cached(session_id) is None
            await one.sessions.current(session_id)

        assert one.store.loads == 3

    async def test_connection_of_the_feed_is_replaced(
        self, one: Worker, other: Worker, session_id: SessionId, session: Session
    ) -> None:
        """redis-py subscribes again without a word: what was known before counts no more."""
        await other.knows(session_id)
        other.began.clear()
        await one.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await other.began.wait()

        assert other.sessions.cached(session_id) is None

    async def test_noticed_in_touching(self, one: Worker, session_id: SessionId, session: Session, clock: ManualClock) -> None:
        """Who cannot write down activity, because the session has ended, is told so."""
        await clock.advance(TOUCH_SECONDS - 0.5)
        await one.knows(session_id)
        await one.store.end(session.key, "operator")
        await clock.advance(0.5)

        assert await reason_of_end(one, session_id) == "operator"
        assert one.sessions.cached(session_id, passive=True) is None


class TestTokens:
    """New tokens of a session."""

    async def test_of_another_worker(self, one: Worker, other: Worker, session_id: SessionId, session: Session) -> None:
        """The event's version counts at once: nobody uses the spent token after it."""
        await other.knows(session_id)
        written = await one.sessions.replace_if_unchanged(session.with_tokens(make_tokens()))
        await one.feed.publish(SessionWasRefreshed(session.key, None, written.version))
        await other.heard.get()

        assert other.sessions.cached(session_id) is None
        assert (await other.sessions.current(session_id)).tokens == written.tokens

    async def test_of_this_worker(self, one: Worker, session_id: SessionId, session: Session) -> None:
        """What this worker has stored it knows at once, and the echo of its event costs no question."""
        await one.knows(session_id)
        written = await one.sessions.replace_if_unchanged(session.with_tokens(make_tokens()))
        before = one.sessions.cached(session_id)
        await one.feed.publish(SessionWasRefreshed(session.key, None, written.version))
        await one.heard.get()

        assert before == one.sessions.cached(session_id) == written
        assert one.store.loads == 0

    async def test_refused(self, one: Worker, session_id: SessionId, session: Session) -> None:
        """Who learns that somebody else has stored tokens uses those."""
        await one.knows(session_id)
        written = await one.store.replace_if_unchanged(session.with_tokens(make_tokens()))
        with pytest.raises(Conflict):
            await one.sessions.replace_if_unchanged(session.with_tokens(make_tokens()))

        assert (await one.sessions.current(session_id)).tokens == written.tokens


class TestOwnEnds:
    """What this worker ends is over at once, before any event comes back."""

    @pytest.fixture(autouse=True)
    def no_event(self, one: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the events of this worker reach nobody."""

        async def publish(_: SessionEvent) -> None:
            return

        monkeypatch.setattr(one.feed, "publish", publish)

    async def test_ended(self, one: Worker, session_id: SessionId, session: Session) -> None:
        """A logout."""
        await one.knows(session_id)
        await one.sessions.end(session.key, "logout")

        assert one.sessions.cached(session_id) is None
        assert await reason_of_end(one, session_id) == "logout"

    async def test_replaced(self, one: Worker, session_id: SessionId, session: Session) -> None:
        """A new login in the same browser."""
        await one.knows(session_id)
        await one.sessions.start(make_session(), session.key)

        assert one.sessions.cached(session_id) is None


class TestActivity:
    """The user's activity is written down as often as before, and its times are decided with each request."""

    async def test_written_at_its_interval(
        self, one: Worker, session_id: SessionId, session: Session, clock: ManualClock
    ) -> None:
        """Once in 30 seconds, and known here from then on."""
        for _ in range(61):
            await one.sessions.current(session_id)
            await clock.advance(1.0)

        assert (one.store.touches, await one.redis.hget(session_name(session.key), "touched_at")) == (2, b"1800000060.0")

    async def test_written_once_for_all(self, one: Worker, session_id: SessionId, session: Session, clock: ManualClock) -> None:
        """Fifty requests at once write it once."""
        await clock.advance(TOUCH_SECONDS)
        found = await asyncio.gather(*(one.sessions.current(session_id) for _ in range(50)))

        assert {each.touched_at for each in found} == {START + TOUCH_SECONDS}
        assert (one.store.loads, one.store.touches) == (1, 1)
        assert one.sessions.cached(session_id) == replace(session, touched_at=START + TOUCH_SECONDS)

    async def test_passive_needs_no_note(self, one: Worker, session_id: SessionId, session: Session, clock: ManualClock) -> None:
        """A passive request is answered from memory also when activity would have to be written."""
        await clock.advance(TOUCH_SECONDS)
        await one.sessions.current(session_id, passive=True)

        assert one.sessions.cached(session_id, passive=True) == session
        assert (one.sessions.cached(session_id), one.store.touches) == (None, 0)

    async def test_not_written(self, one: Worker, session_id: SessionId, session: Session, clock: ManualClock) -> None:
        """Activity that could not be written down does not count, and is written with the next request."""
        await clock.advance(TOUCH_SECONDS - 0.5)
        await one.knows(session_id)
        await clock.advance(0.5)
        one.store.is_down = True
        with pytest.raises(StoreUnavailable):
            await one.sessions.current(session_id)
        one.store.is_down = False

        assert (await one.sessions.current(session_id)).touched_at == START + TOUCH_SECONDS
        assert one.store.touches == 2

    @pytest.mark.parametrize(("seconds", "reason"), [(900.0, "idle"), (43200.0, "absolute")])
    async def test_end_by_time(
        self, one: Worker, session_id: SessionId, session: Session, clock: ManualClock, seconds: float, reason: str
    ) -> None:
        """A remembered session ends at its instant, not at the next question."""
        if reason == "absolute":
            await one.store.touch(session, START + seconds)
        await clock.advance(seconds - 0.1)
        assert await one.sessions.current(session_id, passive=True)
        assert one.sessions.cached(session_id, passive=True)
        await clock.advance(0.1)

        assert one.sessions.cached(session_id, passive=True) is None
        assert await reason_of_end(one, session_id) == reason

    async def test_activity_elsewhere(
        self, one: Worker, other: Worker, session_id: SessionId, session: Session, clock: ManualClock
    ) -> None:
        """Nothing ends on hearsay: the store may know of activity on another worker, of which no event tells."""
        await clock.advance(899.5)
        await one.sessions.current(session_id, passive=True)
        await other.sessions.current(session_id)
        await clock.advance(0.5)

        assert (await one.sessions.current(session_id)).touched_at == START + 899.5


async def test_outage(one: Worker, session_id: SessionId, session: Session, clock: ManualClock) -> None:
    """A store that is down is noticed within the bound; it is neither "no session" nor "go ahead"."""
    await one.knows(session_id)
    one.store.is_down = True
    assert await one.sessions.current(session_id) == session
    await clock.advance(TTL_SECONDS)

    with pytest.raises(StoreUnavailable):
        await one.sessions.current(session_id)
