"""The event feed on a real Redis: it believes the workers of this hub, looks twice at others, and outlives all of them."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from hub.primitives.tasks import end_tasks
from hub.session.event_codec import EventCodec
from hub.session.event_feed import CHANNEL, GAP_SECONDS, EventFeed
from hub.session.events import SessionEvent, SessionHasEnded, TopicHasNews
from hub.session.keyring import Keyring
from hub.session.publisher_sequences import LATE_SECONDS
from hub.session.redis_client import Redis, connect
from hub.telemetry.metrics import Metrics
from tests.parties import former_release
from tests.parties.clock import ManualClock
from tests.parties.redis_server import RedisServer
from tests.session.event_samples import KEY, WRONG
from tests.waiting import hang_timeout

MANY = 10_000
EVENT = SessionHasEnded(KEY, "logout", 1_800_000_000.25, KEY)


@dataclass
class Listener:
    """A worker that listens, and what it has heard."""

    redis: Redis
    feed: EventFeed
    clock: ManualClock
    metrics: Metrics
    events: list[SessionEvent] = field(default_factory=list)
    hints: list[SessionEvent] = field(default_factory=list)
    gaps: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def on_event(self, event: SessionEvent) -> None:
        self.events.append(event)
        self.changed.set()

    def on_hint(self, hint: SessionEvent) -> None:
        self.hints.append(hint)

    async def on_gap(self) -> None:
        self.gaps += 1
        self.changed.set()

    async def settled(self) -> None:
        """Return when everything that was published before has been handled."""
        name = secrets.token_hex(8)
        await self.feed.publish(TopicHasNews(name))
        async with hang_timeout():
            while TopicHasNews(name) not in self.events:
                self.changed.clear()
                await self.changed.wait()
        self.events.remove(TopicHasNews(name))

    def counted(self, outcome: str) -> float:
        """Return how many messages had this outcome."""
        return self.metrics.events.labels(outcome)._value.get()


@asynccontextmanager
async def listening(redis_url: str, keyring: Keyring, clock: ManualClock) -> AsyncIterator[Listener]:
    """A worker that listens."""
    redis, metrics = connect(redis_url, 2.0), Metrics()
    listener = Listener(redis, EventFeed(redis, keyring, clock, metrics), clock, metrics)
    task = asyncio.create_task(listener.feed.run(listener.on_event, listener.on_gap, on_hint=listener.on_hint))
    async with hang_timeout():
        await listener.changed.wait()
    try:
        yield listener
        assert not task.done()
    finally:
        await end_tasks([task])
        await redis.aclose()


@pytest.fixture
async def listener(redis_url: str, keyring: Keyring, clock: ManualClock) -> AsyncIterator[Listener]:
    """A worker that listens."""
    async with listening(redis_url, keyring, clock) as built:
        yield built


async def test_event_of_another_worker(listener: Listener, redis_url: str, keyring: Keyring, clock: ManualClock) -> None:
    """It acts at once, once on each worker."""
    async with listening(redis_url, keyring, clock) as other:
        await other.feed.publish(EVENT)
        await other.settled()
        await listener.settled()

    assert (listener.events[0], other.events[0]) == (EVENT, EVENT)
    assert (listener.hints, other.hints, listener.gaps) == ([], [], 1)


@pytest.mark.expects_log
@pytest.mark.parametrize("message", former_release.events(), ids=range(6))
async def test_event_of_the_former_release(listener: Listener, message: bytes) -> None:
    """It is a hint: anybody could have sent it."""
    await listener.redis.publish(CHANNEL, message)
    await listener.settled()

    assert (listener.events, len(listener.hints), listener.counted("unauthenticated")) == ([], 1, 1)


@pytest.mark.expects_log
async def test_forged_event(listener: Listener) -> None:
    """A tag of another key is as good as none."""
    await listener.redis.publish(CHANNEL, EventCodec(Keyring([bytes(32)]), CHANNEL).encode(EVENT))
    await listener.settled()

    assert (listener.events, listener.hints) == ([], [EVENT])


async def test_repeated_event(listener: Listener, keyring: Keyring) -> None:
    """Somebody who listens, and publishes it once more, gives a hint."""
    codec = EventCodec(keyring, CHANNEL)
    messages = [codec.encode(EVENT), codec.encode(TopicHasNews("x"))]
    for message in (*messages, messages[1], messages[0]):
        await listener.redis.publish(CHANNEL, message)
    await listener.settled()

    assert listener.events == [EVENT, TopicHasNews("x")]
    assert (listener.hints, listener.counted("repeated"), listener.gaps) == ([TopicHasNews("x"), EVENT], 2, 1)


@pytest.mark.expects_log
async def test_lost_event(listener: Listener, keyring: Keyring, clock: ManualClock) -> None:
    """A gap in the sequence of a publisher is a gap of the feed. However many there are, one is reported in ten seconds."""
    codec = EventCodec(keyring, CHANNEL)
    for _ in range(5):
        codec.encode(EVENT)  # which nobody publishes
        await listener.redis.publish(CHANNEL, codec.encode(EVENT))
    await listener.settled()
    before = listener.gaps
    await clock.advance(LATE_SECONDS)
    await listener.settled()
    after = listener.gaps
    codec.encode(EVENT)
    await listener.redis.publish(CHANNEL, codec.encode(EVENT))
    await listener.settled()
    await clock.advance(GAP_SECONDS / 2)
    await listener.settled()
    soon_after = listener.gaps
    await clock.advance(GAP_SECONDS)
    await listener.settled()

    assert (before, after, soon_after, listener.gaps) == (1, 2, 2, 3)
    assert listener.counted("lost") == 2


@pytest.mark.expects_log
async def test_lost_event_that_nothing_follows(listener: Listener, keyring: Keyring, clock: ManualClock) -> None:
    """The worker does not wait for another message to find out."""
    codec = EventCodec(keyring, CHANNEL)
    messages = [codec.encode(EVENT) for _ in range(3)]
    await listener.redis.publish(CHANNEL, messages[0])
    await listener.redis.publish(CHANNEL, messages[2])
    await listener.settled()
    await clock.advance(LATE_SECONDS)
    async with hang_timeout():
        while listener.gaps < 2:
            listener.changed.clear()
            await listener.changed.wait()


@pytest.mark.expects_log
async def test_broken_connection(listener: Listener, redis_server: RedisServer, clock: ManualClock) -> None:
    """What was sent meanwhile is looked for once, and not once more because of the sequences."""
    await listener.feed.publish(EVENT)
    await listener.settled()
    for client in await listener.redis.client_list():
        if client["sub"] == "1":
            await listener.redis.client_kill_filter(_id=client["id"])
    for _ in range(3):
        await listener.feed.publish(EVENT)
    async with hang_timeout():
        while listener.gaps < 2:
            listener.changed.clear()
            await clock.advance(0.5)
    await listener.settled()
    await clock.advance(LATE_SECONDS)
    await listener.settled()

    assert (listener.gaps, listener.counted("lost")) == (2, 0)


@pytest.mark.expects_log
async def test_hostile_messages(listener: Listener, caplog: pytest.LogCaptureFixture) -> None:
    """Ten thousand messages of an adversary: none acts, none ends the feed, few are logged, and an event acts afterwards."""
    chance, forged = random.Random(1), EventCodec(Keyring([bytes(32)]), CHANNEL)
    for _ in range(MANY // 100):
        async with listener.redis.pipeline(transaction=False) as pipe:
            for _ in range(100):
                pipe.publish(CHANNEL, _hostile(chance, forged))
            await pipe.execute()
    await listener.feed.publish(EVENT)
    await listener.settled()
    counts = {outcome: listener.counted(outcome) for outcome in ("unreadable", "unauthenticated", "repeated")}

    assert listener.events == [EVENT]
    assert sum(counts.values()) == MANY
    assert min(counts["unreadable"], counts["unauthenticated"]) > MANY / 10
    assert listener.gaps == 1
    assert len([record for record in caplog.records if "event_feed" in record.getMessage()]) == 2


def _hostile(chance: random.Random, forged: EventCodec) -> bytes:
    """Return any bytes, a message that no hub sends, one with a wrong tag, or one that was changed."""
    message = chance.choice([chance.randbytes(chance.randrange(200)), chance.choice(WRONG[:4] + WRONG[5:]), forged.encode(EVENT)])
    if message and chance.random() < 0.3:
        at = chance.randrange(len(message))
        message = message[:at] + chance.randbytes(1) + message[at + 1 :]
    return message
