"""The subscriptions of one channel to topics."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any

from hub.channel.channel_session import ChannelSession
from hub.channel.connection import ChannelConnection
from hub.channel.events import SubscribeReceived
from hub.channel.sending import Sender
from hub.errors import BadRequest, HubError
from hub.primitives.tasks import report_crash, start_task
from hub.session.model import Session
from hub.telemetry import audit
from hub.topics.model import PublishedEvent
from hub.topics.topics import Subscription, Topics


class ChannelSubscriptions:
    """Subscribes a channel to topics and sends it their events, with back-pressure."""

    def __init__(
        self,
        topics: Topics,
        connection: ChannelConnection,
        sender: Sender,
        channel_session: ChannelSession,
        limit: int,
        audit_refusal: Callable[[str, str], None],
    ) -> None:
        """Parameters:
        limit: Largest number of subscriptions.
        audit_refusal: Records in the audit log why (a problem type) a topic was refused.
        """
        self._topics = topics
        self._connection = connection
        self._sender = sender
        self._channel_session = channel_session
        self._limit = limit
        self._audit_refusal = audit_refusal
        self._subscriptions: dict[str, Subscription] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def session(self) -> Session:
        """The session as the store confirmed it last."""
        return self._channel_session.session

    def subscribe(self, request: SubscribeReceived) -> None:
        """Begin a subscription. It replaces an earlier one to the same topic."""
        self.unsubscribe(request.topic)
        if len(self._subscriptions.keys() | self._tasks.keys()) >= self._limit:
            self._connection.fail_subscription(request.id, BadRequest(f"A channel has at most {self._limit} subscriptions."))
            return
        self._own(request.topic, self._begin(request))

    def unsubscribe(self, topic: str) -> None:
        """End a subscription, if there is one."""
        if task := self._tasks.pop(topic, None):
            task.cancel()
        if subscription := self._subscriptions.pop(topic, None):
            subscription.end()

    async def caught_up(self) -> None:
        """Return when each subscription was refused, or has received all that the history of its topic held."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())
        for subscription in list(self._subscriptions.values()):
            await subscription.caught_up()

    def end(self) -> None:
        """End all subscriptions."""
        for topic in [*self._tasks, *self._subscriptions]:
            self.unsubscribe(topic)

    def deliver(self, topic: str, event: PublishedEvent) -> bool:
        """Send an event to the client; return False, and send nothing, if the outbox is full."""
        if self._sender.is_full:
            return False
        publication = event.publication
        self._connection.notify(topic, publication.name, publication.data, event.position)
        self._sender.schedule()
        return True

    def gap(self, topic: str) -> None:
        """Tell the client that events were lost, so that it reloads its data."""
        self._connection.notify(topic, "gap", {})
        self._sender.schedule()

    async def wait_writable(self) -> None:
        """Return when the outbox is no longer full."""
        await self._sender.wait_writable()

    async def _begin(self, request: SubscribeReceived) -> None:
        try:
            subscription = await self._topics.subscribe(request.topic, self, request.after)
        except HubError as error:
            if audit.is_refusal(error):
                self._audit_refusal(error.slug, request.topic)
            self._connection.fail_subscription(request.id, error)
        else:
            self._connection.confirm_subscription(request.id, subscription.position)
            self._subscriptions[request.topic] = subscription
            subscription.begin()
        self._sender.schedule()

    def _own(self, topic: str, work: Coroutine[Any, Any, None]) -> None:
        self._tasks[topic] = start_task(work, "channel subscription", functools.partial(self._ended, topic))

    def _ended(self, topic: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(topic) is task:
            del self._tasks[topic]
        report_crash(task)
