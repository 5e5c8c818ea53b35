"""The topics of one channel: what its client subscribed to, and the events on their way to it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hub.channel.channel_session import ChannelSession
from hub.channel.connection import ChannelConnection
from hub.channel.events import SubscribeReceived
from hub.channel.sending import Sender
from hub.errors import BadRequest, HubError
from hub.session.model import Session
from hub.topics.model import PublishedEvent
from hub.topics.topics import Subscription, Topics


class ChannelSubscriptions:
    """Subscribes for a channel, and hands events to it as long as its client takes them."""

    def __init__(self, topics: Topics, connection: ChannelConnection, sender: Sender, hand: ChannelSession, limit: int) -> None:
        self._topics = topics
        self._connection = connection
        self._sender = sender
        self._hand = hand
        self._limit = limit
        self._subscriptions: dict[str, Subscription] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def session(self) -> Session:
        """The session as it stands now."""
        return self._hand.session

    def subscribe(self, asked: SubscribeReceived) -> None:
        """Begin a subscription; a former one of the same topic ends."""
        self.unsubscribe(asked.topic)
        if len(self._subscriptions.keys() | self._tasks.keys()) >= self._limit:
            self._connection.fail_subscription(asked.id, BadRequest(f"A channel has at most {self._limit} subscriptions."))
            return
        self._own(asked.topic, self._begin(asked))

    def unsubscribe(self, topic: str) -> None:
        """End a subscription, if there is one."""
        if task := self._tasks.pop(topic, None):
            task.cancel()
        if subscription := self._subscriptions.pop(topic, None):
            subscription.end()

    def end(self) -> None:
        """End all subscriptions."""
        for topic in [*self._tasks, *self._subscriptions]:
            self.unsubscribe(topic)

    def deliver(self, topic: str, event: PublishedEvent) -> bool:
        """Send an event to the client; False if too much waits for it already."""
        if self._sender.is_full:
            return False
        publication = event.publication
        self._connection.notify(topic, publication.name, publication.data, event.position)
        self._sender.schedule()
        return True

    def gap(self, topic: str) -> None:
        """Tell the client that events were lost, so that it loads anew what they were about."""
        self._connection.notify(topic, "gap", {})
        self._sender.schedule()

    async def room(self) -> None:
        """Return when the client has taken enough for more to follow."""
        await self._sender.room()

    async def _begin(self, asked: SubscribeReceived) -> None:
        try:
            subscription = await self._topics.subscribe(asked.topic, self, asked.after)
        except HubError as error:
            self._connection.fail_subscription(asked.id, error)
        else:
            self._connection.confirm_subscription(asked.id, subscription.position)
            self._subscriptions[asked.topic] = subscription
            subscription.begin()
        self._sender.schedule()

    def _own(self, topic: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks[topic] = task
        task.add_done_callback(lambda done: self._tasks.pop(topic) if self._tasks.get(topic) is done else None)
