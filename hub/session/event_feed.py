"""DOOR to Redis: the event feed, on which workers of all nodes tell each other what has changed (Redis pub/sub).

Messages are lost while the connection to Redis is broken. The feed reports such a gap (`on_gap`), and its owner then reads the
sessions from the store. Events make a change fast; only the store is authoritative.

Anybody who can write to Redis can publish. An event with a valid tag and a new sequence is an event; one without is a hint
(`hub.session.event_hints`); what is no event at all is dropped. Nothing that somebody publishes ends the feed.
"""

from collections.abc import Awaitable, Callable

from redis.exceptions import RedisError

from hub.primitives.clock import Clock
from hub.primitives.json_decoder import UnreadableJson
from hub.primitives.token_bucket import TokenBuckets
from hub.session.event_codec import EventCodec
from hub.session.events import SessionEvent
from hub.session.keyring import Keyring
from hub.session.publisher_sequences import LATE_SECONDS, PublisherSequences
from hub.session.redis_client import Redis, translated_errors
from hub.telemetry import log
from hub.telemetry.metrics import Metrics

CHANNEL = "hub:events"
POLL_SECONDS = 5.0  # longest wait for a message; then a ping, which detects a dead connection
RECONNECT_SECONDS = 0.5
GAP_SECONDS = 10.0  # between two gaps that are reported because of lost messages: each makes the worker load its sessions
LINES_PER_SECOND = 1 / 60  # of each kind, about messages that are no events

OnEvent = Callable[[SessionEvent], Awaitable[None]]
OnHint = Callable[[SessionEvent], None]
OnGap = Callable[[], Awaitable[None]]
OnLost = Callable[[], None]

logger = log.get(__name__)


def _nothing() -> None:
    """Do nothing when the feed is interrupted."""


def _ignore(_hint: SessionEvent) -> None:
    """Ignore hints."""


class EventFeed:
    """Publishes session events, and receives those of all workers, including this one."""

    def __init__(self, redis: Redis, keyring: Keyring, clock: Clock, metrics: Metrics) -> None:
        self._redis = redis
        self._codec = EventCodec(keyring, CHANNEL)
        self._clock = clock
        self._metrics = metrics
        self._sequences = PublisherSequences()
        self._next_gap_at = 0.0
        self._lines = TokenBuckets(LINES_PER_SECOND, 1.0)

    async def publish(self, event: SessionEvent) -> None:
        """Publish an event to all workers, or raise `StoreUnavailable`. The caller has stored the change before."""
        message = self._codec.encode(event)
        with translated_errors():
            try:
                await self._redis.publish(CHANNEL, message)
            except RedisError:  # in a cluster, this node may have failed; the next try goes to another one
                await self._redis.publish(CHANNEL, message)

    async def run(self, on_event: OnEvent, on_gap: OnGap, on_lost: OnLost = _nothing, on_hint: OnHint = _ignore) -> None:
        """Receive events until cancelled; reconnect after failures.

        Parameters:
            on_event: Called for each event.
            on_gap: Called each time a subscription begins, and when the sequence of a publisher shows that messages were lost:
                events before it may be missing.
            on_lost: Called when the subscription breaks.
            on_hint: Called for each event that anybody may have sent, or sent again.
        """
        while True:
            try:
                await self._listen(on_event, on_gap, on_hint)
            except (RedisError, OSError, KeyError) as error:  # KeyError: no node of the cluster serves the channel now
                logger.warning("event_feed.interrupted", error=type(error).__name__)
                on_lost()
                await self._clock.sleep(RECONNECT_SECONDS)

    async def _listen(self, on_event: OnEvent, on_gap: OnGap, on_hint: OnHint) -> None:
        await self._redis.ping()  # makes a cluster's client load the slot table, which subscribe needs
        async with self._redis.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            while True:
                wait = LATE_SECONDS if self._sequences.is_waiting else POLL_SECONDS
                message = await subscription.get_message(timeout=wait)
                if message is None:
                    await subscription.ping()
                elif message["type"] == "subscribe":  # also after redis-py has silently reconnected
                    self._sequences.resume()
                    await on_gap()
                elif message["type"] == "message":  # other types: the response to a ping
                    await self._hand_on(message["data"], on_event, on_hint)
                if self._has_lost_messages():
                    await on_gap()

    async def _hand_on(self, message: bytes, on_event: OnEvent, on_hint: OnHint) -> None:
        try:
            received = self._codec.decode(message)
        except UnreadableJson as error:
            self._note("unreadable", str(error))
            return
        if not received.publisher:
            self._note("unauthenticated")
            on_hint(received.event)
        elif self._sequences.is_new(received.publisher, received.sequence, self._clock.monotonic()):
            self._metrics.events.labels("valid").inc()
            await on_event(received.event)
        else:
            self._metrics.events.labels("repeated").inc()
            on_hint(received.event)

    def _has_lost_messages(self) -> bool:
        now = self._clock.monotonic()
        if now < self._next_gap_at or not self._sequences.take_lost(now):
            return False
        self._next_gap_at = now + GAP_SECONDS
        self._metrics.events.labels("lost").inc()
        logger.warning("event_feed.messages_lost")
        return True

    def _note(self, outcome: str, error: str = "") -> None:
        """Count a message that is not a valid event, and log one of each kind in a minute."""
        self._metrics.events.labels(outcome).inc()
        if not self._lines.take(outcome, self._clock.monotonic()):
            logger.warning("event_feed.message_not_valid", outcome=outcome, error=error)
