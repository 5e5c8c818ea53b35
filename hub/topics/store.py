"""DOOR to Redis: the history of each topic.

hub:topic:<name>   stream of sealed publications, trimmed by number and age. The key expires a month after the last one; until
                   then the stream has its last position, even if it is empty
"""

from typing import cast

import msgspec

from hub.config.settings import TopicSettings
from hub.primitives.json_decoder import JsonDecoder, UnreadableJson
from hub.session.events import EventFeed, TopicHasNews
from hub.session.keyring import Keyring, KeyringError
from hub.session.redis_client import Redis, translated_errors
from hub.telemetry import log
from hub.topics.model import START, Position, Publication, PublishedEvent, order

FORGET_SECONDS = 30 * 86400
BATCH = 100

ADD = """
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'p', ARGV[4])
local time = redis.call('TIME')
redis.call('XTRIM', KEYS[1], 'MINID', '~', (tonumber(time[1]) - tonumber(ARGV[2])) * 1000)
redis.call('EXPIRE', KEYS[1], ARGV[3])
return id
"""

ENDS = """
if redis.call('EXISTS', KEYS[1]) == 0 then return {'', '', 0} end
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
local info = redis.call('XINFO', 'STREAM', KEYS[1])
local about = {}
for i = 1, #info, 2 do about[info[i]] = info[i + 1] end
local is_whole = about['entries-added'] == about['length'] and 1 or 0
return {first[1] and first[1][1] or '', about['last-generated-id'], is_whole}
"""

Ends = tuple[bytes, bytes, int]
Entries = list[tuple[bytes, dict[bytes, bytes]]]

logger = log.get(__name__)
_encode = msgspec.json.Encoder().encode
_decode = JsonDecoder[Publication](Publication).decode


class TopicStore:
    """The histories of topics, shared by all nodes. All methods raise `StoreUnavailable` if Redis does not respond."""

    def __init__(self, redis: Redis, keyring: Keyring, events: EventFeed) -> None:
        self._redis = redis
        self._keyring = keyring
        self._events = events
        self._add = redis.register_script(ADD)
        self._ends = redis.register_script(ENDS)

    async def publish(self, name: str, topic: TopicSettings, publication: Publication) -> Position:
        """Add an event to the history and notify all workers; return its position."""
        sealed = self._keyring.seal(_encode(publication), f"topic:{name}")
        arguments: list[int | bytes] = [topic.history, round(topic.history_seconds), FORGET_SECONDS, sealed]
        with translated_errors():
            position = cast(bytes, await self._add(keys=[_stream(name)], args=arguments)).decode()
        await self._events.publish(TopicHasNews(name))
        return position

    async def read(self, name: str, after: Position) -> tuple[list[PublishedEvent], Position]:
        """Return the next events of a topic in order, at most `BATCH`, and the position from which to read on.

        At the end of the history, that position is `after`.
        """
        with translated_errors():
            entries = cast(Entries, await self._redis.xrange(_stream(name), f"({after}", "+", count=BATCH))
        found, last = [], after
        for position, fields in entries:
            last = position.decode()
            if (publication := self._open(name, fields[b"p"])) is not None:
                found.append(PublishedEvent(last, publication))
        return found, last

    async def last(self, name: str) -> Position:
        """Return the position of the last published event, even if it has been trimmed."""
        with translated_errors():
            _, last, _ = cast(Ends, await self._ends(keys=[_stream(name)], args=[]))
        return last.decode() or START

    async def reaches_back_to(self, name: str, after: Position) -> bool:
        """Return whether the history certainly holds all events after this position."""
        with translated_errors():
            first, last, is_whole = cast(Ends, await self._ends(keys=[_stream(name)], args=[]))
        if not last:
            return order(after) == order(START)
        return bool(is_whole) or order(after) >= order((first or last).decode())

    def _open(self, name: str, sealed: bytes) -> Publication | None:
        """Return a publication; None if its session key is gone, or if another version of the hub wrote it."""
        try:
            return _decode(self._keyring.open(sealed, f"topic:{name}"))
        except (KeyringError, UnreadableJson) as error:
            logger.warning("topic.event_unreadable", topic=name, error=type(error).__name__)
            return None


def _stream(name: str) -> str:
    return f"hub:topic:{name}"
