"""Brings the events of topics to the channels of one worker: each once, in order, with those that came while it was away.

The history in Redis is the truth. What workers tell each other is only that there is news; whoever misses that finds it at the
next look. A subscription is *live* when it has all that its topic's reader has; else it reads for itself until it has caught up.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from hub.config.settings import TopicSettings
from hub.errors import NotFound, StoreUnavailable, TokenNotIssued
from hub.primitives.clock import Clock
from hub.primitives.tasks import end_tasks
from hub.session.model import Session
from hub.topics.model import Position, PublishedEvent, has_scope, order, topic_of
from hub.topics.store import TopicStore

AGAIN_SECONDS = 1.0  # after Redis did not answer


class Subscriber(Protocol):
    """Who hears of events: a channel."""

    @property
    def session(self) -> Session:
        """The session as it stands now."""

    def deliver(self, topic: str, event: PublishedEvent) -> bool:
        """Take an event; False: there is no room, it has to come again after `wait_writable`."""

    def gap(self, topic: str) -> None:
        """Hear that events were lost: the history does not reach back far enough."""

    async def wait_writable(self) -> None:
        """Return when there is room again."""


class Subscription:
    """What one channel wants of one topic.

    Attributes:
        position: Of the last event that it has got, or that was not for it.
    """

    def __init__(self, topic: "_Topic", subscriber: Subscriber, position: Position) -> None:
        self.position = position
        self.is_live = False
        self._has_ended = False
        self._topic = topic
        self._subscriber = subscriber
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start to deliver."""
        self._topic.subscriptions.add(self)
        self._fall_behind()

    def end(self) -> None:
        """Deliver nothing more, not even what is being read at this moment."""
        self._has_ended = True
        self._topic.drop(self)
        if self._task is not None:
            self._task.cancel()

    def take(self, event: PublishedEvent) -> bool:
        """Deliver an event, unless it came before or is not for this session; return whether there was room for it."""
        if self._has_ended or order(event.position) <= order(self.position):
            return True
        session = self._subscriber.session
        is_for_it = has_scope(session, self._topic.settings.scope) and event.publication.to.fits(session)
        if is_for_it and not self._subscriber.deliver(self._topic.name, event):
            return False
        self.position = event.position
        return True

    def take_live(self, events: Sequence[PublishedEvent]) -> None:
        """Deliver what the topic's reader has found; without room for it, catch up later."""
        if self.is_live and not all(map(self.take, events)):
            self._fall_behind()

    def _fall_behind(self) -> None:
        self.is_live = False
        self._task = self._topic.own(self._catch_up())

    async def _catch_up(self) -> None:
        """Read the history until nothing is left that the topic's reader has read."""
        while not self.is_live and not self._has_ended:
            await self._subscriber.wait_writable()
            events, last = await self._topic.read(self.position)
            if not all(map(self.take, events)):
                continue
            self.position = max(self.position, last, key=order)
            self.is_live = not events and order(self._topic.position) <= order(self.position)


class _Topic:
    """A topic with subscriptions on this worker, and the one reader for all that are live."""

    def __init__(self, owner: "Topics", name: str, settings: TopicSettings, position: Position) -> None:
        self.name = name
        self.settings = settings
        self.position = position
        self.subscriptions: set[Subscription] = set()
        self._owner = owner
        self._has_news = False
        self._reading: asyncio.Task[None] | None = None

    def news(self) -> None:
        """Look at the history; once more if that is being done now."""
        self._has_news = True
        if self._reading is None or self._reading.done():
            self._reading = self.own(self._read_news())

    def own(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a task that ends with the worker at the latest."""
        return self._owner.own(work)

    def drop(self, subscription: Subscription) -> None:
        """Forget a subscription, and the topic with its last one."""
        self.subscriptions.discard(subscription)
        if not self.subscriptions:
            self._owner.forget(self)
            if self._reading is not None:
                self._reading.cancel()

    async def read(self, after: Position) -> tuple[list[PublishedEvent], Position]:
        """Return the events after a position; while Redis does not answer, wait."""
        while True:
            try:
                return await self._owner.store.read(self.name, after)
            except StoreUnavailable:
                await self._owner.clock.sleep(AGAIN_SECONDS)

    async def _read_news(self) -> None:
        while self._has_news:
            self._has_news = False
            events, last = await self.read(self.position)
            if events or last != self.position:
                self._has_news = True
                self.position = last
                for subscription in list(self.subscriptions):
                    subscription.take_live(events)


class Topics:
    """The topics of one worker."""

    def __init__(self, store: TopicStore, settings: Sequence[TopicSettings], clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self._settings = settings
        self._topics: dict[str, _Topic] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def settings_of(self, name: str) -> TopicSettings:
        """Return the settings of a topic.

        Raises:
            NotFound: There is no such topic.
        """
        settings = topic_of(self._settings, name)
        if settings is None:
            raise NotFound("There is no such topic.")
        return settings

    async def subscribe(self, name: str, subscriber: Subscriber, after: Position | None) -> Subscription:
        """Return a subscription that has not begun. Without `after` it is for what comes from now on.

        Raises:
            NotFound: There is no such topic.
            TokenNotIssued: The session lacks the scope for it.
            StoreUnavailable: Redis does not answer.
        """
        settings = self.settings_of(name)
        if not has_scope(subscriber.session, settings.scope):
            raise TokenNotIssued("The session lacks the scope for this topic.")
        position = await self.store.last(name) if after is None else after
        if after is not None and not await self.store.reaches_back_to(name, after):
            subscriber.gap(name)
        topic = self._topics.get(name)
        if topic is None:
            topic = self._topics[name] = _Topic(self, name, settings, position)
        return Subscription(topic, subscriber, position)

    def news(self, name: str) -> None:
        """Take note that something was published."""
        if topic := self._topics.get(name):
            topic.news()

    def look_again(self) -> None:
        """Look at all topics: news of them may have been missed."""
        for topic in self._topics.values():
            topic.news()

    def own(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a task that `close` ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Deliver nothing more; returns when nothing is being read."""
        await end_tasks(list(self._tasks))

    def forget(self, topic: _Topic) -> None:
        """Drop a topic without subscriptions."""
        if self._topics.get(topic.name) is topic:
            del self._topics[topic.name]
