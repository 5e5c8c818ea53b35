"""Sessions in Redis: records, tombstones, and indexes.

    hub:session:<key>       hash: the fields of `record_fields`, fence and lease of `refresh_lock`, token:<name> (encrypted)
    hub:subject:<hash>      sorted set of the sessions of one user (issuer and subject), by their absolute timeout
    hub:provider-session:<hash>  the same for one session at the provider (issuer and `sid`)
    hub:due                 sorted set of session keys, by the time of their next refresh

Each script uses one key, so that it runs on a Redis Cluster. `Lifetimes` decides about expiry; the TTLs in Redis only free
memory.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from typing import Any, cast

from redis.commands.core import AsyncScript

from hub.errors import Conflict
from hub.primitives.clock import Clock
from hub.primitives.secret import digest
from hub.session.codec import RecordCodec, UnreadableRecord
from hub.session.due_queue import DueQueue
from hub.session.ended_keys import EndedKeys
from hub.session.model import (
    EndReason,
    Lifetimes,
    Moved,
    Session,
    SessionInGrace,
    SessionKeyMissing,
    TokenSet,
    Tombstone,
    UnopenedRecord,
    identity_of,
    session_ref,
)
from hub.session.record_faults import RecordFaults
from hub.session.record_fields import Found, RecordFields, RedisHash
from hub.session.redis_client import Redis, WrongType, translated_errors

DUE = "hub:due"
CLAIM_SECONDS = 10.0  # a third of the usual refresh margin: if a worker dies, another one refreshes its sessions in time
SESSIONS = "hub:session:"
TOMBSTONE_SECONDS = 600  # longer than any request that began before the end can last
MEMORY_SLACK_SECONDS = 600  # a session stays readable after its idle timeout, so that its user learns the reason
MAX_MOVES = 4  # successive logins of one browser within the grace period
SCAN_BATCH = 500

REPLACE = """
local session = redis.call('HMGET', KEYS[1], 'version', 'fence')
if session[1] ~= ARGV[1] then return 0 end
if ARGV[4] ~= '' and session[2] ~= ARGV[4] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'data', ARGV[3])
if redis.call('HGET', KEYS[1], 'touched_at') == ARGV[5] then redis.call('HSET', KEYS[1], 'touched_tag', ARGV[6]) end
return 1
"""

TOUCH = """
if redis.call('HEXISTS', KEYS[1], 'version') == 0 then return 0 end
local last = tonumber(redis.call('HGET', KEYS[1], 'touched_at'))
if not last or last < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'touched_at', ARGV[1], 'touched_tag', ARGV[2])
  redis.call('PEXPIREAT', KEYS[1], ARGV[3])
end
return 1
"""

END = """
if redis.call('HGET', KEYS[1], ARGV[3]) == ARGV[4] then return 1 end
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""

PUT_TOKEN = """
if redis.call('HEXISTS', KEYS[1], 'version') == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
"""


class SessionStore:
    """Stores and loads sessions. All methods raise `StoreUnavailable` when Redis does not respond."""

    def __init__(
        self, redis: Redis, codec: RecordCodec, lifetimes: Lifetimes, clock: Clock, faults: RecordFaults | None = None
    ) -> None:
        self._redis = redis
        self._codec = codec
        self._faults = faults or RecordFaults()
        self._fields = RecordFields(codec, self._faults, clock)
        self._ended = EndedKeys(clock, lifetimes.absolute_seconds)
        self._lifetimes = lifetimes
        self._clock = clock
        self._due = DueQueue(redis, DUE, CLAIM_SECONDS)
        self._replace = redis.register_script(REPLACE)
        self._touch = redis.register_script(TOUCH)
        self._end = redis.register_script(END)
        self._put_token = redis.register_script(PUT_TOKEN)

    async def ping(self) -> None:
        """Return if Redis responds."""
        with translated_errors():
            await self._redis.ping()

    # -- one session --------------------------------------------------------------------------------------------------

    async def create(self, session: Session) -> None:
        """Store a new session, schedule its refresh, and index it by user and by session at the provider."""
        name, fields = session_name(session.key), self._fields.of_session(session)
        with translated_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.hset(name, mapping=cast(dict[Any, Any], fields))
                pipe.pexpireat(name, self._memory_end(session, session.touched_at))
                self._schedule(pipe, session)
                self._index(pipe, session)
                await pipe.execute()

    async def load(self, key: str) -> Session | Tombstone | UnopenedRecord | None:
        """Return the session, its tombstone if it has ended, or None if there is no record that this hub wrote.

        The key of a replaced session returns its successor during the grace period, as `SessionInGrace`. A session that this
        worker knows to have ended stays ended, even if its record was put back.
        """
        first: Moved | None = None
        for _ in range(MAX_MOVES):
            found = await self._look_up(key)
            if not isinstance(found, Moved):
                return found if first is None or not isinstance(found, Session) else SessionInGrace.of(found, first)
            if self._clock.now() >= found.until:
                return Tombstone("replaced", found.until)
            first, key = first or found, found.successor
        return None

    async def touch(self, session: Session, now: float) -> bool:
        """Record activity of the user at `now` (epoch seconds). Return False if the session has ended."""
        activity = self._fields.of_activity(session.key, now).values()
        return await self._run(self._touch, session.key, *activity, self._memory_end(session, now))

    async def replace_if_unchanged(self, session: Session, fence: int | None = None) -> Session:
        """Store `session` in place of the version that it is based on, and return it with its new version.

        Parameters:
            fence: Fencing token of the caller's refresh lease. The write is rejected if another process has taken over the lease.

        Raises:
            Conflict: Another process has written, or the session has ended; a late write never revives a session.
        """
        successor = replace(session, version=session.version + 1)
        sealed = self._codec.encode_session(successor)
        activity = self._fields.of_activity(session.key, session.touched_at).values()  # after a change of keys, with the new one
        expected = "" if fence is None else fence
        if not await self._run(self._replace, session.key, session.version, successor.version, sealed, expected, *activity):
            raise Conflict
        with translated_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                self._schedule(pipe, successor)
                await pipe.execute()
        return successor

    async def end(self, key: str, reason: EndReason) -> Session | None:
        """Replace the session by a tombstone. Return its last state, or None if it had ended before.

        Raises:
            SessionKeyMissing: This worker cannot open the session, which goes on.
        """
        tombstone = Tombstone(reason, self._clock.now())
        return await self._retire(key, lambda _: tombstone)

    async def move(self, key: str, successor: str, grace_seconds: float) -> Session | None:
        """Replace the session by a reference to its successor, valid for `grace_seconds`.

        Return the last state of the session, or None if it had ended before.
        """
        until = self._clock.now() + grace_seconds
        return await self._retire(key, lambda session: Moved.from_session(session, successor, until))

    def remember_end(self, key: str, reason: EndReason, ended_at: float) -> None:
        """Remember that a session has ended, as another worker has told: its record is not believed any more."""
        self._ended.add(key, Tombstone(reason, ended_at))

    # -- tokens for other audiences -----------------------------------------------------------------------------------

    async def load_token(self, key: str, name: str) -> TokenSet | None:
        """Return the audience-restricted token called `name` of a session, or None."""
        try:
            with translated_errors():
                sealed = cast(bytes | None, await self._redis.hget(session_name(key), _token_field(name)))
            return None if sealed is None else self._codec.decode_tokens(sealed, key=key, name=name)
        except UnreadableRecord as error:
            self._faults.report("token", session_ref(key), error)
        except WrongType:
            pass  # reported where the session is read
        return None

    async def put_token(self, key: str, name: str, tokens: TokenSet) -> bool:
        """Store an audience-restricted token with the session. Return False if the session has ended."""
        sealed = self._codec.encode_tokens(tokens, key=key, name=name)
        return await self._run(self._put_token, key, _token_field(name), sealed)

    # -- many sessions ------------------------------------------------------------------------------------------------

    async def keys_of_user(self, issuer: str, subject: str) -> list[str]:
        """Return the keys of the sessions of a user; some may have ended."""
        return await self.keys_of_identity(identity_of(issuer, subject))

    async def keys_of_identity(self, identity: str) -> list[str]:
        """Return the keys of the sessions of the user with this `identity_of`; some may have ended."""
        return await self._members(_user_name(identity))

    async def keys_of_provider_session(self, issuer: str, provider_session_id: str) -> list[str]:
        """Return the keys of the sessions that belong to one session at the provider; some may have ended."""
        return await self._members(_provider_session_name(issuer, provider_session_id))

    async def living(self, keys: Iterable[str]) -> list[Session]:
        """Return the sessions with these keys that have not ended."""
        now = self._clock.now()
        found = await asyncio.gather(*(self._look_up(key) for key in keys))
        sessions = [session for session in found if isinstance(session, Session)]
        return [session for session in sessions if self._lifetimes.end_reason(session, now) is None]

    async def missing_keys_of(self, keys: Iterable[str]) -> set[str]:
        """Return the IDs of the session keys that this worker lacks to open the records of these sessions."""
        found = await asyncio.gather(*(self._look_up(key) for key in keys))
        return {record.key_id for record in found if isinstance(record, UnopenedRecord)}

    async def missing_keys_below(self, prefix: str) -> set[str]:
        """Return the same for all sessions whose keys begin with `prefix`. Reads all of Redis: only for operators."""
        missing: set[str] = set()
        async for keys in self._scan_keys(prefix):
            missing |= await self.missing_keys_of(keys)
        return missing

    async def scan(self, prefix: str = "") -> AsyncIterator[Session]:
        """Yield all sessions whose keys begin with `prefix`, in no order; a key may come twice.

        Reads all of Redis: only for operators.
        """
        async for keys in self._scan_keys(prefix):
            for session in await self.living(keys):
                yield session

    # -- the refresh schedule -----------------------------------------------------------------------------------------

    async def claim_due(self, now: float, limit: int) -> list[str]:
        """Claim and return the keys of at most `limit` sessions whose refresh is due at `now` (epoch seconds).

        A claimed session is due again after `CLAIM_SECONDS`, unless it was refreshed or rescheduled.
        """
        return await self._due.claim(now, limit)

    async def leave_due(self, key: str, now: float) -> None:
        """Leave a claimed session to other workers, because this one cannot refresh it. `now`: epoch seconds."""
        await self._due.leave(key, now)

    async def reschedule(self, key: str, due_at: float | None) -> None:
        """Schedule the next refresh for `due_at` (epoch seconds). None removes the schedule until the user's next request."""
        with translated_errors():
            if due_at is None:
                await self._redis.zrem(DUE, key)
            else:
                await self._redis.zadd(DUE, {key: due_at})

    # -- internals ----------------------------------------------------------------------------------------------------

    async def _scan_keys(self, prefix: str) -> AsyncIterator[list[str]]:
        """Yield the keys of all records that begin with `prefix`, many at a time."""
        keys: list[str] = []
        with translated_errors():
            async for name in self._redis.scan_iter(match=f"{SESSIONS}{prefix}*", count=SCAN_BATCH):
                keys.append(name.decode(errors="replace").removeprefix(SESSIONS))
                if len(keys) >= SCAN_BATCH:
                    yield keys
                    keys = []
        yield keys

    async def _look_up(self, key: str) -> Found:
        found = self._fields.read(key, await self._read_fields(key))
        if isinstance(found, Tombstone):
            self._ended.add(key, found)
        elif isinstance(found, Moved):
            self._ended.add(key, Tombstone("replaced", found.until))
        elif isinstance(found, Session) and (end := self._ended.get(key)) is not None:
            self._faults.report("session", session_ref(key), UnreadableRecord("the record was put back after the end"))
            return end
        return found

    async def _read_fields(self, key: str) -> RedisHash:
        try:
            with translated_errors():
                return cast(RedisHash, await self._redis.hgetall(session_name(key)))
        except WrongType:
            self._faults.report("session", session_ref(key), UnreadableRecord("the record is no hash"))
            return {}

    async def _run(self, script: AsyncScript, key: str, *arguments: bytes | str | float) -> bool:
        """Run a script on the record of a session. Return its result; False if the record is no hash."""
        try:
            with translated_errors():
                return bool(await script(keys=[session_name(key)], args=arguments))
        except WrongType:
            return False

    async def _retire(self, key: str, end_of: Callable[[Session], Tombstone | Moved]) -> Session | None:
        """Replace the record of the session by what `end_of` makes of it, remove it from the indexes, and return its last state.

        A record that cannot be opened stays as it is: whoever ends a session needs its tokens, and the name of its user.
        """
        while isinstance(session := await self._look_up(key), Session):
            end = end_of(session)
            if await self._replace_by(key, session, end):
                self._ended.add(key, end if isinstance(end, Tombstone) else Tombstone("replaced", end.until))
                return session
        if isinstance(session, UnopenedRecord):
            raise SessionKeyMissing(session.key_id)
        await self.reschedule(key, None)
        return None

    async def _replace_by(self, key: str, session: Session, end: Tombstone | Moved) -> bool:
        """Replace the record of a session, unless it has changed. Return whether it was replaced.

        If the response of Redis is lost, its client repeats the script, which recognizes its own sealed field.
        """
        marks = [part for field in self._fields.of_end(key, end).items() for part in field]
        if not await self._run(self._end, key, session.version, TOMBSTONE_SECONDS, *marks):
            return False
        with translated_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.zrem(DUE, key)
                for name in _index_names(session):
                    pipe.zrem(name, key)
                await pipe.execute()
        return True

    async def _members(self, name: str) -> list[str]:
        with translated_errors():
            keys = await self._redis.zrangebyscore(name, self._clock.now(), "+inf")
        return [key.decode(errors="replace") for key in cast(list[bytes], keys)]

    def _schedule(self, pipe: Redis, session: Session) -> None:
        """Add the command that schedules the next refresh to `pipe`, which the caller executes."""
        if session.tokens.due_at is None:
            pipe.zrem(DUE, session.key)
        else:
            pipe.zadd(DUE, {session.key: session.tokens.due_at})

    def _index(self, pipe: Redis, session: Session) -> None:
        """Add the commands that index the session, and remove expired ones, to `pipe`, which the caller executes."""
        end, now = self._lifetimes.absolute_end(session), self._clock.now()
        for name in _index_names(session):
            pipe.zremrangebyscore(name, "-inf", now)
            pipe.zadd(name, {session.key: end})
            pipe.pexpireat(name, int(end * 1000))

    def _memory_end(self, session: Session, touched_at: float) -> int:
        end = self._lifetimes.end(replace(session, touched_at=touched_at))
        return int((end + MEMORY_SLACK_SECONDS) * 1000)


def session_name(key: str) -> str:
    """Return the name of a session's record in Redis."""
    return SESSIONS + key


def _token_field(name: str) -> str:
    return f"token:{name}"


def _index_names(session: Session) -> list[str]:
    names = [_user_name(session.identity)]
    if session.provider_session_id is not None:
        names.append(_provider_session_name(session.issuer, session.provider_session_id))
    return names


def _user_name(identity: str) -> str:
    return f"hub:subject:{identity}"


def _provider_session_name(issuer: str, provider_session_id: str) -> str:
    return f"hub:provider-session:{digest(f'{issuer}|{provider_session_id}')}"
