"""Two workers that hear of topics, on a real Redis, and channels that take what they are given."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import msgspec
import pytest

from hub.config.settings import TopicSettings
from hub.primitives.clock import SystemClock
from hub.session.event_feed import EventFeed
from hub.session.events import SessionEvent, TopicHasNews
from hub.session.keyring import Keyring
from hub.session.model import Session, SessionId
from hub.session.redis_client import Redis, connect
from hub.telemetry.metrics import Metrics
from hub.topics.dropped_entries import DroppedEntries
from hub.topics.entry import EntryCodec
from hub.topics.model import Publication, PublishedEvent, Recipient
from hub.topics.store import TopicStore
from hub.topics.topics import Subscription, Topics
from tests.channel.parts import ISSUERS, new_session

TOPICS = [TopicSettings(name="ward-*"), TopicSettings(name="alarms", scope="alarms", history=10)]


def about(number: int, **to: str) -> Publication:
    """An event that is told from others by its number."""
    return Publication("changed", msgspec.Raw(str(number).encode()), Recipient(**to))


@dataclass
class Page:
    """What one channel has got; takes nothing while it is stalled."""

    session: Session = field(default_factory=lambda: new_session(SessionId.generate()))
    got: list[PublishedEvent] = field(default_factory=list)
    gaps: int = 0
    taking: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.taking.set()

    @property
    def numbers(self) -> list[int]:
        """What the events were about."""
        return [msgspec.json.decode(event.publication.data) for event in self.got]

    def deliver(self, topic: str, event: PublishedEvent) -> bool:
        if not self.taking.is_set():
            return False
        self.got.append(event)
        self.changed.set()
        return True

    def gap(self, topic: str) -> None:
        self.gaps += 1

    async def wait_writable(self) -> None:
        await self.taking.wait()

    async def has(self, count: int) -> None:
        """Return when so many events have come."""
        while len(self.got) < count:
            self.changed.clear()
            await self.changed.wait()


@dataclass
class Worker:
    """One worker process's part."""

    topics: Topics
    redis: Redis
    names: dict[str, TopicSettings] = field(default_factory=dict)

    async def publish(self, number: int, topic: str = "ward-7", **to: str) -> str:
        """Publish as a back end does at this node."""
        return await self.topics.store.publish(topic, self.topics.settings_of(topic), about(number, **to))

    async def subscribe(self, page: Page, topic: str = "ward-7", after: str | None = None) -> Subscription:
        """Subscribe as a channel of this worker does."""
        subscription = await self.topics.subscribe(topic, page, after)
        subscription.begin()
        return subscription


@asynccontextmanager
async def worker(redis_url: str, keyring: Keyring, *, accepts_untagged: bool = False) -> AsyncIterator[Worker]:
    """A worker that hears what the others say. `accepts_untagged`: it also delivers what a former release has published."""
    redis, clock = connect(redis_url, 2.0), SystemClock()
    events = EventFeed(redis, keyring, clock, Metrics())
    dropped = DroppedEntries(clock, Metrics())
    topics = Topics(
        TopicStore(redis, EntryCodec(keyring, accepts_untagged=accepts_untagged), events, clock, dropped),
        TOPICS,
        ISSUERS,
        clock,
        dropped,
    )
    listening = asyncio.Event()

    async def on_event(event: SessionEvent) -> None:
        assert isinstance(event, TopicHasNews)
        topics.news(event.name)

    async def on_gap() -> None:
        listening.set()
        topics.read_all_news()

    feed = asyncio.create_task(events.run(on_event, on_gap))
    await listening.wait()
    try:
        yield Worker(topics, redis)
    finally:
        await topics.close()
        feed.cancel()
        await asyncio.wait([feed])
        await redis.aclose()


@pytest.fixture
def keyring() -> Keyring:
    """The key that all workers share."""
    return Keyring([secrets.token_bytes(32)])


@pytest.fixture
async def one(redis_url: str, keyring: Keyring) -> AsyncIterator[Worker]:
    """A worker."""
    async with worker(redis_url, keyring) as built:
        yield built


@pytest.fixture
async def other(redis_url: str, keyring: Keyring) -> AsyncIterator[Worker]:
    """A worker on another node."""
    async with worker(redis_url, keyring) as built:
        yield built


def with_scope(page: Page, scope: str) -> Page:
    """The same page with an access token that is good for something."""
    page.session = replace(page.session, tokens=replace(page.session.tokens, scope=scope))
    return page
