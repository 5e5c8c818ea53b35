"""DOOR to Redis: what happens to sessions, and that there is news of a topic, told to all workers of all nodes (pub/sub).

A message may be lost when the connection to Redis breaks. The feed says so (`on_gap`), and its owner then looks at the
sessions themselves: events make things fast, the store makes them true.
"""

from collections.abc import Awaitable, Callable

import msgspec
from redis.exceptions import RedisError

from hub.primitives.clock import Clock
from hub.session.model import EndReason
from hub.session.redis_client import Redis, translated_errors
from hub.telemetry import log

CHANNEL = "hub:events"
POLL_SECONDS = 5.0  # how long one look at the socket lasts; a dead connection is noticed at the ping after it
RECONNECT_SECONDS = 0.5

logger = log.get(__name__)


class SessionHasEnded(msgspec.Struct, frozen=True, tag="ended"):
    """A session is over: close its channels."""

    key: str
    reason: EndReason
    at: float
    identity: str = ""  # of its user (`Session.identity`)


class SessionWasRefreshed(msgspec.Struct, frozen=True, tag="refreshed"):
    """A session has new tokens, stored as `version`; they end at `expires_at` (epoch seconds)."""

    key: str
    expires_at: float | None
    version: int = 0  # not said by a hub of an earlier version


class SessionWasReplaced(msgspec.Struct, frozen=True, tag="replaced"):
    """Its user has logged in again in the same browser: the key is good until `until` (epoch seconds)."""

    key: str
    until: float


class TopicHasNews(msgspec.Struct, frozen=True, tag="topic"):
    """Something was published: look at the history of the topic."""

    name: str


SessionEvent = SessionHasEnded | SessionWasRefreshed | SessionWasReplaced | TopicHasNews
OnEvent = Callable[[SessionEvent], Awaitable[None]]
OnGap = Callable[[], Awaitable[None]]
OnLost = Callable[[], None]


def _nothing() -> None:
    """Do nothing about a feed that is interrupted."""


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[SessionEvent] = msgspec.json.Decoder(SessionEvent)


class EventFeed:
    """Publishes session events and hands on those of all workers, its own included."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock

    async def publish(self, event: SessionEvent) -> None:
        """Tell all workers.

        Raises:
            StoreUnavailable: Redis does not answer. What the event tells of is stored already.
        """
        message = _encoder.encode(event)
        with translated_errors():
            try:
                await self._redis.publish(CHANNEL, message)
            except RedisError:  # of a cluster any node may be asked, and this one be gone: another one tells it as well
                await self._redis.publish(CHANNEL, message)

    async def run(self, on_event: OnEvent, on_gap: OnGap, on_lost: OnLost = _nothing) -> None:
        """Listen until cancelled; call `on_gap` each time that listening begins, and `on_lost` when it cannot go on."""
        while True:
            try:
                await self._listen(on_event, on_gap)
            except (RedisError, OSError, KeyError) as error:  # the last: a cluster in which nobody serves the channel now
                logger.warning("events.interrupted", error=type(error).__name__)
                on_lost()
                await self._clock.sleep(RECONNECT_SECONDS)

    async def _listen(self, on_event: OnEvent, on_gap: OnGap) -> None:
        await self._redis.ping()  # by which a cluster's client learns who serves what: subscribing takes that for granted
        async with self._redis.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            while True:
                message = await subscription.get_message(timeout=POLL_SECONDS)
                if message is None:
                    await subscription.ping()
                elif message["type"] == "subscribe":  # also after redis-py has quietly replaced a connection that broke
                    await on_gap()
                elif message["type"] == "message":  # else the answer to a ping
                    await self._hand_on(message["data"], on_event)

    async def _hand_on(self, data: bytes, on_event: OnEvent) -> None:
        try:
            event = _decoder.decode(data)
        except msgspec.DecodeError as error:  # written by another version of the hub
            logger.warning("events.unreadable", error=str(error))
            return
        await on_event(event)
