"""The nodes that share this Redis, and what each has. A node knows what others can do; operators see which node lacks what.

    hub:nodes   sorted set of descriptions (JSON), by the time until which each holds, by the clock of Redis

No user gets or loses a right by it. Whoever writes to Redis can pretend that there are other nodes, or none.
"""

import contextlib
from collections.abc import Callable, Iterable
from typing import cast

import msgspec

from hub.errors import StoreUnavailable
from hub.primitives.clock import Clock
from hub.primitives.json_decoder import JsonDecoder, UnreadableJson
from hub.session.node_description import Lacking, NodeDescription, lacking
from hub.session.redis_client import Redis, WrongType, translated_errors
from hub.telemetry import log

NODES = "hub:nodes"
ALIVE_SECONDS = 30  # a process that does not announce itself for so long counts as gone
PERIOD_SECONDS = 10.0
MAX_DESCRIPTIONS = 1000
MAX_DESCRIPTION_BYTES = 16 * 1024
NOTHING = Lacking(frozenset(), frozenset(), frozenset())

ANNOUNCE = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if ARGV[2] ~= ARGV[1] then redis.call('ZREM', KEYS[1], ARGV[2]) end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""

READ = """
local now = redis.call('TIME')[1]
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'LIMIT', 0, ARGV[1])
"""

logger = log.get(__name__)

_decode = JsonDecoder[NodeDescription](NodeDescription, max_bytes=MAX_DESCRIPTION_BYTES).decode


async def read_nodes(redis: Redis) -> list[NodeDescription]:
    """Return the descriptions of all worker processes that are alive. What is no description is left out.

    Raises:
        StoreUnavailable: Redis does not respond.
    """
    try:
        with translated_errors():
            texts = cast(list[bytes], await redis.register_script(READ)(keys=[NODES], args=[MAX_DESCRIPTIONS]))
    except WrongType:
        return []
    found = (_description(text) for text in texts)
    return [description for description in found if description is not None]


class NodeRegistry:
    """Announces this process, and tells what other nodes have.

    Parameters:
        describe: Returns what this process has now.
    """

    def __init__(self, redis: Redis, describe: Callable[[], NodeDescription], clock: Clock) -> None:
        self._redis = redis
        self._describe = describe
        self._clock = clock
        self._announce = redis.register_script(ANNOUNCE)
        self._announced = b""
        self._lacked = NOTHING  # what this node lacked at the last look
        self._reported = NOTHING

    async def run(self) -> None:
        """Announce this process, and log what it lacks of what others have, until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(PERIOD_SECONDS)

    async def look(self) -> None:
        """Announce this process, and look at what others have. Without Redis, the next look tries again."""
        with contextlib.suppress(StoreUnavailable):
            await self.announce()
            self._report(lacking(self._describe(), await read_nodes(self._redis)))

    async def announce(self) -> None:
        """Announce this process for `ALIVE_SECONDS`, as it is now.

        Raises:
            StoreUnavailable: Redis does not respond.
        """
        former, self._announced = self._announced, msgspec.json.encode(self._describe())
        with contextlib.suppress(WrongType), translated_errors():  # another program has written the key
            await self._announce(keys=[NODES], args=[self._announced, former, ALIVE_SECONDS])

    async def withdraw(self) -> None:
        """Remove the announcement, because this process ends. Without Redis it expires by itself."""
        with contextlib.suppress(StoreUnavailable), translated_errors():
            await self._redis.zrem(NODES, self._announced)

    async def leave_to_others(self, key_ids: Iterable[str]) -> None:
        """Return if no other node can read what was made with these session keys, which this node lacks.

        Raises:
            StoreUnavailable: Another node can, so a repetition of the request may succeed there; or Redis does not respond.
        """
        missing = set(key_ids)
        if missing and any(missing.intersection(node.keys) for node in await read_nodes(self._redis)):
            raise StoreUnavailable(
                "This node lacks a session key that another one has. You are still logged in. Try again.", retry_after_seconds=1.0
            )

    def _report(self, now_lacking: Lacking) -> None:
        """Log what this node lacks, once, if it has lacked it for two turns: new keys reach the nodes one after the other."""
        before, self._lacked = self._lacked, now_lacking
        if now_lacking != before or now_lacking == self._reported:
            return
        self._reported = now_lacking
        if now_lacking:
            logger.warning(
                "node.lacks",
                keys=sorted(now_lacking.encrypting | now_lacking.decrypting),
                providers=[f"{name} ({issuer})" for name, issuer in sorted(now_lacking.providers)],
            )


def _description(text: bytes) -> NodeDescription | None:
    try:
        return _decode(text)
    except UnreadableJson:
        return None
