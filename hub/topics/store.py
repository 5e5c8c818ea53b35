"""DOOR to Redis: the history of each topic.

hub:topic:<name>   stream of publications (`hub.topics.entry`), trimmed by number and age. The key expires a month after the last
                   one; until then the stream has its last position, even if it is empty
"""

from typing import cast

from hub.config.settings import TopicSettings
from hub.primitives.clock import Clock
from hub.session.event_feed import EventFeed
from hub.session.events import TopicHasNews
from hub.session.keyring import SEALED_HEADER_BYTES
from hub.session.redis_client import Redis, translated_errors
from hub.topics.dropped_entries import DroppedEntries
from hub.topics.entry import LATE_SECONDS, EntryCodec, UnusableEntry
from hub.topics.first_positions import MAX_EVENTS, FirstPositions
from hub.topics.model import START, Position, Publication, PublishedEvent, order

FORGET_SECONDS = 30 * 86400
BATCH = 100

ADD = """
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', unpack(ARGV, 4))
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

LATEST = """
local found = {}
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], '+', ARGV[1], 'COUNT', ARGV[2])) do
  for i = 1, #entry[2], 2 do
    if entry[2][i] == 'p' then
      found[#found + 1] = string.sub(entry[2][i + 1], 1, ARGV[3]) .. entry[1]
    end
  end
end
return found
"""

Ends = tuple[bytes, bytes, int]
Entries = list[tuple[bytes, dict[bytes, bytes]]]


class TopicStore:
    """The histories of topics, shared by all nodes. All methods raise `StoreUnavailable` if Redis does not respond."""

    def __init__(self, redis: Redis, codec: EntryCodec, events: EventFeed, clock: Clock, dropped: DroppedEntries) -> None:
        self._redis = redis
        self._codec = codec
        self._events = events
        self._clock = clock
        self._dropped = dropped
        self._add = redis.register_script(ADD)
        self._ends = redis.register_script(ENDS)
        self._latest = redis.register_script(LATEST)

    async def publish(self, name: str, topic: TopicSettings, publication: Publication) -> Position:
        """Add an event to the history and notify all workers; return its position."""
        fields = self._codec.encode(name, publication, self._clock.now())
        arguments: list[int | bytes] = [topic.history, round(topic.history_seconds), FORGET_SECONDS]
        arguments += [part for field in fields.items() for part in field]
        with translated_errors():
            position = cast(bytes, await self._add(keys=[_stream(name)], args=arguments)).decode()
        await self._events.publish(TopicHasNews(name))
        return position

    async def read(self, name: str, after: Position) -> tuple[list[PublishedEvent], Position]:
        """Return the next events of a topic in order, at most `BATCH`, and the position from which to read on.

        At the end of the history, that position is `after`. Entries that cannot be used are left out, and counted. An event
        may stand in the history more than once.
        """
        with translated_errors():
            entries = cast(Entries, await self._redis.xrange(_stream(name), f"({after}", "+", count=BATCH))
        found, last, now = [], after, self._clock.now()
        for position, fields in entries:
            last = position.decode()
            try:
                found.append(self._codec.decode(name, last, fields, now))
            except UnusableEntry as error:
                self._dropped.note(name, last, error.reason)
        return found, last

    async def first_positions(self, name: str) -> FirstPositions:
        """Return the first positions of the latest events of a topic: those that are not late if somebody adds them again."""
        since = max(round((self._clock.now() - 2 * LATE_SECONDS) * 1000), 0)  # clocks differ by less than `LATE_SECONDS`
        with translated_errors():
            latest = await self._latest(keys=[_stream(name)], args=[since, MAX_EVENTS, SEALED_HEADER_BYTES])
        return FirstPositions(
            (entry[:SEALED_HEADER_BYTES], entry[SEALED_HEADER_BYTES:].decode()) for entry in reversed(cast(list[bytes], latest))
        )

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


def _stream(name: str) -> str:
    return f"hub:topic:{name}"
