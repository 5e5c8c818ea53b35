"""Delivers the events of topics to the channels of one worker: each event once, in order, including those missed while offline.

The history in Redis is authoritative. Messages between workers only say that a topic has new events; a worker that misses one
finds them at its next read. A topic has one reader on each worker. A subscription is *live* when it has received all that the
reader has read; otherwise it reads the history itself until it has caught up.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Protocol

from hub.config.settings import TopicSettings
from hub.errors import NotFound, StoreUnavailable
from hub.primitives.clock import Clock
from hub.primitives.tasks import OwnedTasks
from hub.session.model import Session
from hub.topics.audience import TopicAudience
from hub.topics.dropped_entries import DroppedEntries
from hub.topics.first_positions import FirstPositions
from hub.topics.model import Position, PublishedEvent, order, topic_of
from hub.topics.store import TopicStore

RETRY_SECONDS = 1.0  # after Redis did not respond


class Subscriber(Protocol):
    """The receiver of events. A callback upward: channels lie above the topics."""

    @property
    def session(self) -> Session:
        """The current session."""

    def deliver(self, topic: str, event: PublishedEvent) -> bool:
        """Send an event; return False if the outbox is full. Then the event must be delivered again after `wait_writable`."""

    def gap(self, topic: str) -> None:
        """Report that events were lost, because the history does not reach back far enough."""

    async def wait_writable(self) -> None:
        """Return when the outbox is no longer full."""


class Subscription:
    """The subscription of one channel to one topic.

    Attributes:
        position: Position of the last event that was delivered, or skipped because it was for others.
    """

    def __init__(self, topic: "_Topic", subscriber: Subscriber, position: Position) -> None:
        self.position = position
        self.is_live = False
        self._has_ended = False
        self._topic = topic
        self._subscriber = subscriber
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start to deliver events."""
        self._topic.subscriptions.add(self)
        self._start_catching_up()

    def end(self) -> None:
        """Stop delivering events, including those that are being read now."""
        self._has_ended = True
        self._topic.drop(self)
        if self._task is not None:
            self._task.cancel()

    async def caught_up(self) -> None:
        """Return when the subscription has received all that the history held, or has ended."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def deliver(self, event: PublishedEvent) -> bool:
        """Deliver an event, unless it was delivered before or is for others; return False if the outbox was full."""
        if self._has_ended or order(event.position) <= order(self.position):
            return True
        session = self._subscriber.session
        is_recipient = self._topic.audience.includes(session, event.publication.to)
        if is_recipient and not self._subscriber.deliver(self._topic.name, event):
            return False
        self.position = event.position
        return True

    def deliver_live(self, events: Sequence[PublishedEvent]) -> None:
        """Deliver events from the topic's reader. If the outbox is full, start catching up from the history."""
        if self.is_live and not all(map(self.deliver, events)):
            self._start_catching_up()

    def _start_catching_up(self) -> None:
        self.is_live = False
        self._task = self._topic.own(self._catch_up())

    async def _catch_up(self) -> None:
        """Read the history until the subscription has received all that the topic's reader has read."""
        while not self.is_live and not self._has_ended:
            await self._subscriber.wait_writable()
            start, reached = self.position, self._topic.position
            events, last = await self._topic.read(start)
            if not all(map(self.deliver, events)):
                continue
            self.position = max(self.position, last, key=order)
            if last == start and order(reached) > order(self.position):  # Redis has lost what the topic's reader had read
                self._subscriber.gap(self._topic.name)
                self.position = reached
            self.is_live = last == start and order(self._topic.position) <= order(self.position)


class _Topic:
    """A topic with subscriptions on this worker, and the reader that its live subscriptions share."""

    def __init__(self, owner: "Topics", name: str, audience: TopicAudience, position: Position) -> None:
        self.name = name
        self.audience = audience
        self.position = position
        self.subscriptions: set[Subscription] = set()
        self._owner = owner
        self._has_news = False
        self._reading: asyncio.Task[None] | None = None
        self._first_positions: FirstPositions | None = None

    def news(self) -> None:
        """Read new events from the history; if a read is running, read once more after it."""
        self._has_news = True
        if self._reading is None or self._reading.done():
            self._reading = self.own(self._read_news())

    def own(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a task that ends with the worker at the latest."""
        return self._owner.own(work)

    def drop(self, subscription: Subscription) -> None:
        """Remove a subscription, and the topic if it was the last one."""
        self.subscriptions.discard(subscription)
        if not self.subscriptions:
            self._owner.forget(self)
            if self._reading is not None:
                self._reading.cancel()

    async def read(self, after: Position) -> tuple[list[PublishedEvent], Position]:
        """Return the events after a position, as `TopicStore.read`, each only at its first position.

        Retry while Redis does not respond.
        """
        while True:
            try:
                if self._first_positions is None:
                    self._first_positions = await self._owner.store.first_positions(self.name)
                events, last = await self._owner.store.read(self.name, after)
            except StoreUnavailable:
                await self._owner.clock.sleep(RETRY_SECONDS)
            else:
                return [event for event in events if self._is_first(self._first_positions, event)], last

    def _is_first(self, known: FirstPositions, event: PublishedEvent) -> bool:
        if known.is_first(event.id, event.position):
            return True
        self._owner.dropped.note(self.name, event.position, "repeated")
        return False

    async def _read_news(self) -> None:
        while self._has_news:
            self._has_news = False
            events, last = await self.read(self.position)
            if events or last != self.position:
                self._has_news = True
                self.position = last
                for subscription in list(self.subscriptions):
                    subscription.deliver_live(events)


class Topics:
    """The topics with subscriptions on one worker."""

    def __init__(
        self,
        store: TopicStore,
        settings: Sequence[TopicSettings],
        issuers: Mapping[str, str],
        clock: Clock,
        dropped: DroppedEntries,
    ) -> None:
        """Parameters:
        issuers: The issuers of all providers, by their names.
        """
        self.store = store
        self.clock = clock
        self.dropped = dropped
        self._settings = settings
        self._audiences = {topic.name: TopicAudience.compile(topic, issuers) for topic in settings}
        self._topics: dict[str, _Topic] = {}
        self._tasks = OwnedTasks("topic")

    def __contains__(self, name: str) -> bool:
        """Return whether a topic has subscriptions on this worker."""
        return name in self._topics

    def settings_of(self, name: str) -> TopicSettings:
        """Return the settings of a topic.

        Raises:
            NotFound: No settings match the topic.
        """
        settings = topic_of(self._settings, name)
        if settings is None:
            raise NotFound("There is no such topic.")
        return settings

    def audience_of(self, name: str) -> TopicAudience:
        """Return for whom a topic is. Raises as `settings_of`."""
        return self._audiences[self.settings_of(name).name]

    async def subscribe(self, name: str, subscriber: Subscriber, after: Position | None) -> Subscription:
        """Return a subscription that has not begun. It starts after the position `after`; None: with new events only.

        Raises:
            NotFound: No settings match the topic.
            ProviderNotAllowed: Users of the session's provider may not subscribe.
            TokenNotIssued: The session lacks the scope of the topic.
            StoreUnavailable: Redis does not respond.
        """
        audience = self.audience_of(name)
        audience.require(subscriber.session)
        position = await self.store.last(name) if after is None else after
        if after is not None and not await self.store.reaches_back_to(name, after):
            subscriber.gap(name)
        topic = self._topics.get(name)
        if topic is None:
            topic = self._topics[name] = _Topic(self, name, audience, position)
        return Subscription(topic, subscriber, position)

    def news(self, name: str) -> None:
        """Read the new events of a topic, if it has subscriptions here."""
        if topic := self._topics.get(name):
            topic.news()

    def read_all_news(self) -> None:
        """Read the new events of all topics, because notifications may have been missed."""
        for topic in self._topics.values():
            topic.news()

    def own(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a task that `close` ends."""
        return self._tasks.start(work)

    async def close(self) -> None:
        """Stop delivering events; return when all tasks have ended."""
        await self._tasks.close()

    def forget(self, topic: _Topic) -> None:
        """Remove a topic without subscriptions."""
        if self._topics.get(topic.name) is topic:
            del self._topics[topic.name]
