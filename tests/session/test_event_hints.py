"""Hints: each subject once, at a bounded rate, and no more than fit."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hub.errors import NotAuthenticated, StoreUnavailable
from hub.primitives.tasks import end_tasks
from hub.session.event_hints import AT_ONCE, MAX_HINTS, PER_SECOND, EventHints
from hub.session.events import SessionEvent, SessionHasEnded, SessionWasReplaced, TopicHasNews
from hub.telemetry.metrics import Metrics
from tests.parties.clock import ManualClock

LookUp = Callable[[SessionEvent], Awaitable[None]]


@pytest.fixture
def metrics() -> Metrics:
    """The metrics."""
    return Metrics()


@pytest.fixture
def hints(clock: ManualClock, metrics: Metrics) -> EventHints:
    """The hints of a worker."""
    return EventHints(clock, metrics)


async def test_each_subject_once(hints: EventHints, clock: ManualClock) -> None:
    """However often it is repeated while it waits; kinds of events are looked up separately."""
    seen: list[SessionEvent] = []
    ended, replaced, news = SessionHasEnded("00", "logout", 1.0), SessionWasReplaced("00", 1.0), TopicHasNews("00")

    async def look_up(hint: SessionEvent) -> None:
        seen.append(hint)

    for hint in (ended, replaced, SessionHasEnded("00", "idle", 2.0), news, news, ended):
        hints.note(hint)
    task = asyncio.create_task(hints.run(look_up))
    await clock.advance(0.0)
    hints.note(news)
    await clock.advance(0.0)
    await end_tasks([task])

    assert seen == [ended, replaced, news, news]


async def test_rate(hints: EventHints, clock: ManualClock) -> None:
    """A flood costs a bounded number of look-ups in a second."""
    seen = 0

    async def look_up(hint: SessionEvent) -> None:
        nonlocal seen
        seen += 1

    task = asyncio.create_task(hints.run(look_up))
    for second in range(3):
        for number in range(int(AT_ONCE) * 2):
            hints.note(TopicHasNews(f"{second}/{number}"))
        await clock.advance(0.0)
        for _ in range(100):
            await clock.advance(0.01)
    await end_tasks([task])

    assert AT_ONCE < seen <= AT_ONCE + 3 * PER_SECOND + 1


async def test_bound(hints: EventHints, metrics: Metrics) -> None:
    """What does not fit is dropped and counted; what waits already still fits."""
    for number in range(MAX_HINTS + 5):
        hints.note(TopicHasNews(str(number)))
    hints.note(TopicHasNews("0"))

    assert len(hints) == MAX_HINTS
    assert metrics.events.labels("hint_dropped")._value.get() == 5


@pytest.mark.expects_log
async def test_odd_record(hints: EventHints, clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
    """A look-up that fails is logged if that was unforeseen, and the next hint is looked up."""
    seen: list[SessionEvent] = []

    async def look_up(hint: SessionEvent) -> None:
        seen.append(hint)
        if len(seen) == 1:
            raise ValueError("a record that nobody expects")
        if len(seen) == 2:
            raise NotAuthenticated

    for number in range(3):
        hints.note(TopicHasNews(str(number)))
    task = asyncio.create_task(hints.run(look_up))
    await clock.advance(0.0)
    assert not task.done()
    await end_tasks([task])

    assert seen == [TopicHasNews("0"), TopicHasNews("1"), TopicHasNews("2")]
    assert [record.getMessage() for record in caplog.records if "task.crashed" in record.getMessage()] != []


async def test_outage(hints: EventHints, clock: ManualClock) -> None:
    """Without Redis nothing is looked up, and nothing is forgotten."""
    seen: list[SessionEvent] = []
    is_down = True

    async def look_up(hint: SessionEvent) -> None:
        if is_down:
            raise StoreUnavailable
        seen.append(hint)

    task = asyncio.create_task(hints.run(look_up))
    for number in range(3):
        hints.note(TopicHasNews(str(number)))
    for _ in range(5):
        await clock.advance(1.0)
    is_down = False
    for _ in range(5):
        await clock.advance(1.0)
    await end_tasks([task])

    assert sorted(hint.name for hint in seen if isinstance(hint, TopicHasNews)) == ["0", "1", "2"]
