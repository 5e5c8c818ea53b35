"""What a worker does about events: a valid one acts, a hint acts only if Redis says the same."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.config.settings import ProviderSettings, Settings
from hub.errors import NotAuthenticated
from hub.services import Services
from hub.session.events import SessionEvent, SessionHasEnded, SessionWasRefreshed, SessionWasReplaced, TopicHasNews
from hub.session.keyring import Keyring
from hub.session.model import Session, SessionId
from hub.session.sessions import REPLACED_GRACE_SECONDS
from tests.parties.clock import ManualClock
from tests.parties.redis_server import RedisServer
from tests.session.event_samples import session_events
from tests.session.samples import make_session

SETTINGS = Settings(provider=ProviderSettings(issuer="https://iris.example/oauth2"))  # that of the sample sessions


@dataclass(eq=False)
class Stream:
    """Something that a session has open."""

    errors: list[NotAuthenticated] = field(default_factory=list)

    def end_session(self, error: NotAuthenticated) -> None:
        self.errors.append(error)

    @property
    def reasons(self) -> list[str]:
        """Why it has ended."""
        return [error.extensions.get("reason", "unknown") for error in self.errors]


@dataclass
class Worker:
    """A worker with one session, of which something is open."""

    services: Services
    session: Session
    stream: Stream
    clock: ManualClock
    notified: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    async def hint(self, hint: SessionEvent) -> None:
        """Give a hint, and return when it was looked up, as `EventReactions.look_up_hints` does."""
        reactions = self.services.reactions
        reactions.on_hint(hint)
        (waiting,) = reactions._hints._waiting.values()
        reactions._hints._waiting.clear()
        await reactions.look_up(waiting)


@asynccontextmanager
async def started(redis_url: str, clock: ManualClock) -> AsyncIterator[Worker]:
    """A worker with a session."""
    services = Services(SETTINGS, Keyring([secrets.token_bytes(32)]), redis_url, clock)
    session, stream = make_session(SessionId.generate(), now=clock.now()), Stream()
    await services.sessions.start(session)
    services.streams.add(session, stream)
    try:
        yield Worker(services, session, stream, clock)
    finally:
        await services.streams.close()
        await services.redis.aclose()


@pytest.fixture
async def worker(redis_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Worker]:
    """A worker with a session, and what its pages are told."""
    async with started(redis_url, clock) as worker:
        monkeypatch.setattr(worker.services.registry, "notify", lambda *notice: worker.notified.append(notice))
        yield worker


async def test_valid_end(worker: Worker) -> None:
    """It acts at once, without a question to Redis."""
    await worker.services.reactions.on_event(SessionHasEnded(worker.session.key, "logout", worker.clock.now()))

    assert worker.stream.reasons == ["logout"]


async def test_forged_end(worker: Worker) -> None:
    """A session that lives goes on, whatever somebody says of it."""
    await worker.hint(SessionHasEnded(worker.session.key, "logout", worker.clock.now(), "0" * 64))
    await worker.hint(SessionWasReplaced(worker.session.key, 0.0))
    await worker.clock.advance(REPLACED_GRACE_SECONDS + 1)
    worker.services.streams._check()

    assert worker.stream.errors == []
    assert worker.services.registry._ended == {}


async def test_end_that_redis_confirms(worker: Worker) -> None:
    """The end acts, with the reason that Redis has."""
    await worker.services.store.end(worker.session.key, "operator")
    await worker.hint(SessionHasEnded(worker.session.key, "logout", worker.clock.now()))

    assert worker.stream.reasons == ["operator"]
    assert worker.session.key in worker.services.registry._ended


async def test_session_that_redis_lost(worker: Worker) -> None:
    """It has ended, for a reason that nobody knows."""
    await worker.services.redis.flushall()
    await worker.hint(SessionHasEnded(worker.session.key, "logout", worker.clock.now()))

    assert worker.stream.reasons == ["unknown"]


async def test_end_by_a_timeout(worker: Worker) -> None:
    """A hint finds a session whose time is over."""
    await worker.clock.advance(worker.services.sessions.lifetimes.idle_seconds + 1)
    await worker.hint(SessionWasRefreshed(worker.session.key, None))

    assert worker.stream.reasons == ["idle"]


async def test_replacement_that_redis_confirms(worker: Worker) -> None:
    """The old session has its grace, and no more, however often somebody repeats the hint."""
    successor = make_session(SessionId.generate(), now=worker.clock.now())
    await worker.services.sessions.start(successor, present=worker.session.key)
    await worker.hint(SessionWasReplaced(worker.session.key, 253402300800.0))
    assert worker.stream.errors == []
    await worker.clock.advance(REPLACED_GRACE_SECONDS / 2)
    await worker.hint(SessionWasReplaced(worker.session.key, 253402300800.0))
    await worker.clock.advance(REPLACED_GRACE_SECONDS / 2)
    await worker.hint(SessionWasReplaced(worker.session.key, 253402300800.0))

    assert worker.stream.reasons == ["replaced"]


async def test_refresh(worker: Worker) -> None:
    """The page is told what Redis says."""
    await worker.hint(SessionWasRefreshed(worker.session.key, 253402300800.0, 99))

    assert worker.notified == [(worker.session.key, "refreshed", {"expires_at": worker.session.tokens.expires_at})]


@pytest.mark.parametrize("hint", [SessionHasEnded("0" * 64, "logout", 0.0), TopicHasNews("ward-7")])
async def test_hint_about_others(worker: Worker, hint: SessionHasEnded | TopicHasNews) -> None:
    """Nothing is looked up of which this worker has nothing."""
    worker.services.reactions.on_hint(hint)

    assert len(worker.services.reactions._hints) == 0


async def test_cached_session(worker: Worker) -> None:
    """A session of which nothing is open, and that requests would find in the cache, is looked up too."""
    await worker.services.reactions.on_gap()
    session_id = SessionId.generate()
    cached = make_session(session_id, now=worker.clock.now())
    await worker.services.sessions.start(cached)
    await worker.services.sessions.current(session_id)
    assert worker.services.sessions.cached(session_id) is not None
    await worker.services.store.end(cached.key, "logout")
    await worker.hint(SessionHasEnded(cached.key, "logout", worker.clock.now()))

    assert worker.services.sessions.cached(session_id) is None
    assert worker.services.sessions.last_confirmed(session_id, within_seconds=60.0) is None


@settings(max_examples=30, deadline=None)
@given(hints=st.lists(session_events, max_size=8), end_at=st.integers(0, 8))
def test_any_hints(redis_server: RedisServer, hints: list[SessionEvent], end_at: int) -> None:
    """Whatever an adversary says at any time: a session that lives goes on, and one that has ended ends at the next hint."""
    asyncio.run(_adversary(redis_server.url, hints, end_at))


async def _adversary(redis_url: str, hints: list[SessionEvent], end_at: int) -> None:
    async with started(redis_url, ManualClock()) as worker:
        for step, hint in enumerate(hints):
            if step == end_at:
                await worker.services.store.end(worker.session.key, "logout")
            about_it = hint if isinstance(hint, TopicHasNews) else msgspec.structs.replace(hint, key=worker.session.key)
            worker.services.reactions.on_hint(hint)
            assert len(worker.services.reactions._hints) == 0
            if about_it is not hint and not worker.stream.errors:
                await worker.hint(about_it)
                assert worker.stream.reasons == (["logout"] if step >= end_at else [])
        assert worker.services.registry._ended.keys() <= {worker.session.key}


async def test_news(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic with subscriptions is read."""
    read: list[str] = []
    monkeypatch.setitem(worker.services.topics._topics, "ward-7", None)  # type: ignore[arg-type]
    monkeypatch.setattr(worker.services.topics, "news", read.append)
    await worker.hint(TopicHasNews("ward-7"))
    await worker.services.reactions.on_event(TopicHasNews("ward-8"))

    assert read == ["ward-7", "ward-8"]
