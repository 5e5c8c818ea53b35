"""Session events: publish changes of sessions, and new events of topics, to all workers of all nodes (Redis pub/sub).

Messages are lost while the connection to Redis is broken. The feed reports such a gap (`on_gap`), and its owner then reads the
sessions from the store. Events make a change fast; only the store is authoritative.
"""

from collections.abc import Awaitable, Callable

import msgspec
from redis.exceptions import RedisError

from hub.primitives.clock import Clock
from hub.primitives.json_decoder import JsonDecoder, UnreadableJson
from hub.session.model import EndReason
from hub.session.redis_client import Redis, translated_errors
from hub.telemetry import log

CHANNEL = "hub:events"
POLL_SECONDS = 5.0  # longest wait for a message; then a ping, which detects a dead connection
RECONNECT_SECONDS = 0.5

logger = log.get(__name__)


class SessionHasEnded(msgspec.Struct, frozen=True, tag="ended"):
    """A session has ended: close its channels.

    Attributes:
        at: Time of the end; epoch seconds.
        identity: The user (`Session.identity`).
    """

    key: str
    reason: EndReason
    at: float
    identity: str = ""


class SessionWasRefreshed(msgspec.Struct, frozen=True, tag="refreshed"):
    """A session has a new access token.

    Attributes:
        expires_at: Expiry of the access token, epoch seconds; None if unknown.
        version: Version of the session with these tokens; 0 from hubs that do not send it.
    """

    key: str
    expires_at: float | None
    version: int = 0


class SessionWasReplaced(msgspec.Struct, frozen=True, tag="replaced"):
    """The user has logged in again in the same browser; the old session is valid until `until` (epoch seconds)."""

    key: str
    until: float


class TopicHasNews(msgspec.Struct, frozen=True, tag="topic"):
    """A topic has new events: read its history."""

    name: str


SessionEvent = SessionHasEnded | SessionWasRefreshed | SessionWasReplaced | TopicHasNews
OnEvent = Callable[[SessionEvent], Awaitable[None]]
OnGap = Callable[[], Awaitable[None]]
OnLost = Callable[[], None]


def _nothing() -> None:
    """Do nothing when the feed is interrupted."""


_encoder = msgspec.json.Encoder()
_decoder: JsonDecoder[SessionEvent] = JsonDecoder(SessionEvent)


class EventFeed:
    """Publishes session events, and receives those of all workers, including this one."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock

    async def publish(self, event: SessionEvent) -> None:
        """Publish an event to all workers, or raise `StoreUnavailable`. The caller has stored the change before."""
        message = _encoder.encode(event)
        with translated_errors():
            try:
                await self._redis.publish(CHANNEL, message)
            except RedisError:  # in a cluster, this node may have failed; the next try goes to another one
                await self._redis.publish(CHANNEL, message)

    async def run(self, on_event: OnEvent, on_gap: OnGap, on_lost: OnLost = _nothing) -> None:
        """Receive events until cancelled; reconnect after failures.

        Parameters:
            on_event: Called for each event.
            on_gap: Called each time a subscription begins: events before it may have been lost.
            on_lost: Called when the subscription breaks.
        """
        while True:
            try:
                await self._listen(on_event, on_gap)
            except (RedisError, OSError, KeyError) as error:  # KeyError: no node of the cluster serves the channel now
                logger.warning("event_feed.interrupted", error=type(error).__name__)
                on_lost()
                await self._clock.sleep(RECONNECT_SECONDS)

    async def _listen(self, on_event: OnEvent, on_gap: OnGap) -> None:
        await self._redis.ping()  # makes a cluster's client load the slot table, which subscribe needs
        async with self._redis.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            while True:
                message = await subscription.get_message(timeout=POLL_SECONDS)
                if message is None:
                    await subscription.ping()
                elif message["type"] == "subscribe":  # also after redis-py has silently reconnected
                    await on_gap()
                elif message["type"] == "message":  # other types: the response to a ping
                    await self._hand_on(message["data"], on_event)

    async def _hand_on(self, data: bytes, on_event: OnEvent) -> None:
        try:
            event = _decoder.decode(data)
        except UnreadableJson as error:  # from another version of the hub
            logger.warning("event_feed.message_unreadable", error=str(error))
            return
        await on_event(event)
