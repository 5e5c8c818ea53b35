"""DOOR to Redis: which topics each publisher has.

hub:publisher-topics:<name>   sorted set of topics, by the time at which they expire (epoch seconds), unless the publisher
                              publishes to them again
"""

from typing import cast

from hub.session.redis_client import Redis, translated_errors
from hub.topics.store import FORGET_SECONDS

ADMIT = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2])
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then
  return redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
redis.call('EXPIREAT', KEYS[1], math.ceil(ARGV[3]))
return ''
"""


class PublisherTopics:
    """Counts the topics of publishers, for all nodes."""

    def __init__(self, redis: Redis) -> None:
        self._admit = redis.register_script(ADMIT)

    async def admit(self, publisher: str, topic: str, limit: int, now: float) -> float:
        """Add a topic, or extend its time; return 0.

        If the publisher has `limit` other topics, add nothing and return when the first of them expires (epoch seconds).

        Parameters:
            now: Epoch seconds.

        Raises:
            StoreUnavailable: Redis does not respond.
        """
        with translated_errors():
            expires_at = await self._admit(
                keys=[f"hub:publisher-topics:{publisher}"], args=[topic, now, now + FORGET_SECONDS, limit]
            )
        return float(cast(bytes, expires_at) or 0)
