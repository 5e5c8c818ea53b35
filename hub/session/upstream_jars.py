"""Cookie jars for sessions at APIs, in Redis. The owner of a jar is a session of the hub, or a user.

hub:upstream:<owner>          hash: digest of the target -> jar (encrypted)
hub:upstream-due              sorted set of owners, by the time at which a worker checks whether the owner has ended
hub:upstream-open:<owner>:<digest>   lease of the request that opens a session at the API
"""

import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from hub.errors import StoreUnavailable
from hub.primitives.secret import digest
from hub.session.codec import KeyNotHeld, RecordCodec, UnreadableRecord
from hub.session.due_queue import DueQueue
from hub.session.jar import UpstreamCookieJar
from hub.session.record_faults import RecordFaults
from hub.session.redis_client import Redis, WrongType, translated_errors

DUE = "hub:upstream-due"
CLAIM_SECONDS = 30.0  # longer than ending the sessions of one owner takes; after it, another worker takes over from a crashed one
MEMORY_SLACK_SECONDS = 3600.0
LEASE_SECONDS = 10.0  # if opening takes longer, another request may try

REMOVE = """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
"""

RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
"""


@dataclass(slots=True)
class TakenJars:
    """The jars of an owner that this worker ends.

    Attributes:
        is_complete: No jar is left to other workers.
    """

    jars: list[UpstreamCookieJar] = field(default_factory=list)
    is_complete: bool = True


class CookieJarStore:
    """Stores cookie jars. All methods raise `StoreUnavailable` when Redis does not respond."""

    def __init__(self, redis: Redis, codec: RecordCodec, faults: RecordFaults | None = None) -> None:
        self._redis = redis
        self._codec = codec
        self._faults = faults or RecordFaults()
        self._due = DueQueue(redis, DUE, CLAIM_SECONDS)
        self._remove = redis.register_script(REMOVE)
        self._release = redis.register_script(RELEASE)

    async def load(self, owner: str, target: str) -> UpstreamCookieJar | None:
        """Return the jar of an owner for a target, or None."""
        try:
            with translated_errors():
                sealed = cast(bytes | None, await self._redis.hget(_name(owner), digest(target)))
        except WrongType:
            sealed = None
        return None if sealed is None else self._open(sealed, owner, digest(target))

    async def put(self, owner: str, jar: UpstreamCookieJar, ends_at: float) -> None:
        """Store a jar. At `ends_at` (epoch seconds), a worker checks whether its owner has ended."""
        name = _name(owner)
        with translated_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.hset(name, digest(jar.target), self._codec.encode_jar(jar, owner=owner))
                pipe.pexpireat(name, _memory_end(ends_at))
                pipe.zadd(DUE, {owner: ends_at})
                await pipe.execute()

    async def remove(self, owner: str, target: str) -> None:
        """Delete one jar."""
        with translated_errors():
            await self._redis.hdel(_name(owner), digest(target))

    async def take(self, owner: str, can_end: Callable[[str], bool]) -> TakenJars:
        """Delete and return the jars of an owner. The caller ends the sessions at the APIs.

        Of two callers, one gets a jar. Jars that only other workers can end stay: those for targets that are not in the settings
        of this worker, and those whose session key it lacks.

        Parameters:
            can_end: Returns whether this worker can end a session at this target.
        """
        try:
            with translated_errors():
                found = cast(dict[bytes, bytes], await self._redis.hgetall(_name(owner)))
        except WrongType:
            found = {}
        taken = TakenJars()
        for place, sealed in found.items():
            try:
                jar = self._codec.decode_jar(sealed, owner=owner, place=place.decode(errors="replace"))
            except UnreadableRecord as error:
                self._faults.report("jar", owner[:12], error)
                taken.is_complete &= not isinstance(error, KeyNotHeld)
                continue
            if not can_end(jar.target):
                taken.is_complete = False
            elif await self._is_removed(owner, place, sealed):
                taken.jars.append(jar)
        return taken

    async def _is_removed(self, owner: str, place: bytes, sealed: bytes) -> bool:
        """Delete a jar unless it has changed; return whether this call has deleted it."""
        with translated_errors():
            return bool(await self._remove(keys=[_name(owner)], args=[place, sealed]))

    async def call_due(self, owners: Iterable[str], now: float) -> None:
        """Make these owners due at `now` (epoch seconds), as far as they have jars."""
        with translated_errors():
            await self._redis.zadd(DUE, dict.fromkeys(owners, now), xx=True)

    async def claim(self, now: float, limit: int) -> list[str]:
        """Claim and return at most `limit` owners that are due at `now` (epoch seconds).

        The caller calls `keep` or `forget` for each, or leaves it to other workers: it is due again after `CLAIM_SECONDS`.
        """
        return await self._due.claim(now, limit)

    async def keep(self, owner: str, ends_at: float) -> None:
        """Postpone the next check of an owner to `ends_at` (epoch seconds)."""
        with translated_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.pexpireat(_name(owner), _memory_end(ends_at))
                pipe.zadd(DUE, {owner: ends_at}, xx=True)
                await pipe.execute()

    async def forget(self, owners: Sequence[str]) -> None:
        """Remove owners whose jars were taken."""
        if owners:
            with translated_errors():
                await self._redis.zrem(DUE, *owners)

    async def count(self) -> int:
        """Return the number of owners with jars, over all nodes."""
        with translated_errors():
            return int(await self._redis.zcard(DUE))

    @asynccontextmanager
    async def opening(self, owner: str, target: str) -> AsyncIterator[bool]:
        """Take the lease to open a session at the API, and hold it during the block. Yield False if it is taken."""
        name, token = f"hub:upstream-open:{owner}:{digest(target)}", secrets.token_hex(8)
        with translated_errors():
            taken = await self._redis.set(name, token, nx=True, px=int(LEASE_SECONDS * 1000))
        try:
            yield bool(taken)
        finally:
            if taken:
                await self._release_lease(name, token)

    async def _release_lease(self, name: str, token: str) -> None:
        try:
            with translated_errors():
                await self._release(keys=[name], args=[token])
        except StoreUnavailable:
            return  # the lease expires

    def _open(self, sealed: bytes, owner: str, place: str) -> UpstreamCookieJar | None:
        try:
            return self._codec.decode_jar(sealed, owner=owner, place=place)
        except UnreadableRecord as error:
            self._faults.report("jar", owner[:12], error)
            return None


def _name(owner: str) -> str:
    return f"hub:upstream:{owner}"


def _memory_end(ends_at: float) -> int:
    return int((ends_at + MEMORY_SLACK_SECONDS) * 1000)
