"""Streams end with their session, however that ends, and cost nothing afterwards."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from hub.errors import NotAuthenticated, SessionEnded, StoreUnavailable
from hub.session.ends import ended
from hub.session.model import Lifetimes, Moved, Session, SessionId, SessionInGrace
from hub.session.open_streams import CHECK_SECONDS, ENDED_TTL_SECONDS, OpenStreams, end_reason_of
from hub.telemetry.metrics import Metrics
from tests.channel.parts import new_session
from tests.parties.clock import ManualClock

IDLE = 900.0


class Stream:
    """Notes how it was ended."""

    def __init__(self) -> None:
        self.ends: list[str] = []

    def end_session(self, error: NotAuthenticated) -> None:
        """Note it."""
        self.ends.append(end_reason_of(error))


class Store:
    """The sessions as the store has them."""

    lifetimes = Lifetimes(IDLE, 43_200.0, 0.0)

    def __init__(self) -> None:
        self.result: Session | Exception = StoreUnavailable()
        self.calls = 0

    async def by_key(self, key: str) -> Session:
        """Return what the test says."""
        self.calls += 1
        await asyncio.sleep(0)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def clock() -> ManualClock:
    """A clock that the test moves."""
    return ManualClock()


@pytest.fixture
def store() -> Store:
    """The store."""
    return Store()


@pytest.fixture
def session(clock: ManualClock) -> Session:
    """A session that was used just now."""
    return replace(new_session(SessionId.generate()), created_at=clock.now(), touched_at=clock.now())


@pytest.fixture
def streams(store: Store, clock: ManualClock) -> OpenStreams:
    """The streams."""
    return OpenStreams(store, clock, Metrics())  # type: ignore[arg-type]


async def watched(streams: OpenStreams, clock: ManualClock, seconds: float) -> None:
    """Let the check run for so long."""
    task = asyncio.create_task(streams.watch())
    await clock.advance(seconds)
    task.cancel()
    await asyncio.wait([task])


def kills(streams: Any, figure: str = "_count") -> float:
    """Return how many ends were measured, or the sum of their seconds."""
    return next(
        sample.value
        for metric in streams._metrics.kill_seconds.collect()
        for sample in metric.samples
        if sample.name.endswith(figure)
    )


def test_time_of_an_end(streams: OpenStreams, session: Session, clock: ManualClock) -> None:
    """The metric has the seconds from the end of the session to that of the stream."""
    streams.add(session, Stream())
    streams.end_session(session.key, "logout", clock.now() - 0.5)

    assert kills(streams, "_sum") == 0.5


async def test_stream_of_an_old_session_id(streams: OpenStreams, session: Session, clock: ManualClock) -> None:
    """It ends with the grace of the old ID; streams of the new session go on."""
    old, short, new = Stream(), Stream(), Stream()
    in_grace = SessionInGrace.of(session, Moved.from_session(session, session.key, clock.now() + 10))
    for stream in (old, short):
        streams.add(in_grace, stream)
    streams.add(session, new)
    streams.discard(session.key, short)

    await clock.advance(9.9)
    assert (old.ends, len(streams)) == ([], 2)
    await clock.advance(0.1)
    assert (old.ends, short.ends, new.ends, len(streams)) == (["replaced"], [], [], 1)
    await streams.close()


def test_all_streams_of_the_session_and_no_other(streams: OpenStreams, session: Session) -> None:
    """Each is ended once, and measured; the streams of others go on."""
    mine, other = [Stream(), Stream()], Stream()
    for stream in mine:
        streams.add(session, stream)
    streams.add(new_session(SessionId.generate()), other)
    for _ in range(2):
        streams.end_session(session.key, "logout", 0.0)

    assert [stream.ends for stream in mine] == [["logout"], ["logout"]]
    assert (other.ends, len(streams), kills(streams)) == ([], 1, 2)


def test_nothing_is_left_of_a_stream_that_has_ended(streams: OpenStreams, session: Session) -> None:
    """Also if it is removed after its session was."""
    stream = Stream()
    streams.add(session, stream)
    streams.discard(session.key, stream)
    streams.discard(session.key, stream)
    streams.end_session(session.key, "logout", 0.0)

    assert (stream.ends, len(streams), streams._entries) == ([], 0, {})


async def test_request_that_was_admitted_before_the_end(streams: OpenStreams, session: Session, clock: ManualClock) -> None:
    """The session is refused as long as a call of the store may last, then forgotten."""
    streams.end_session(session.key, "operator", clock.now())
    with pytest.raises(SessionEnded) as caught:
        streams.add(session, Stream())
    await watched(streams, clock, ENDED_TTL_SECONDS + 2 * CHECK_SECONDS)

    assert end_reason_of(caught.value) == "operator"
    assert streams._ended == {}


async def test_replaced(streams: OpenStreams, session: Session, clock: ManualClock) -> None:
    """A new login leaves the streams of the old session their grace."""
    stream = Stream()
    streams.add(session, stream)
    streams.replace_session(session.key, clock.now() + 10)
    await watched(streams, clock, 9)
    assert stream.ends == []
    await watched(streams, clock, 2)

    assert stream.ends == ["replaced"]


async def test_idle_timeout(streams: OpenStreams, session: Session, clock: ManualClock, store: Store) -> None:
    """The store is asked when the time of the session is over by what is known here, and decides."""
    stream = Stream()
    streams.add(session, stream)
    await watched(streams, clock, IDLE - 1)
    asked_before = store.calls
    await watched(streams, clock, 5)
    assert (asked_before, stream.ends) == (0, [])  # the store is down: this is not an end
    store.result = replace(session, touched_at=clock.now())
    await watched(streams, clock, 2)
    calls = store.calls
    await watched(streams, clock, 60)
    assert (stream.ends, store.calls) == ([], calls)  # another worker has seen activity
    store.result = ended("idle")
    await watched(streams, clock, IDLE)

    assert stream.ends == ["idle"]


async def test_ends_that_were_missed(streams: OpenStreams, session: Session, store: Store) -> None:
    """After a gap in the events, all sessions are looked at; one that the store does not know has ended, too."""
    stream = Stream()
    streams.add(session, stream)
    store.result = NotAuthenticated()
    await streams.recheck_all()

    assert stream.ends == ["unknown"]
