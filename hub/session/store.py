"""DOOR to Redis: sessions, their tombstones, and the sets by which they are found.

    hub:session:<key>       hash: data (sealed), version, touched_at; fence and lease of `refresh_lock`; token:<name> (sealed)
                            or, after the end: ended, ended_at; or, for a short grace: moved_to, moved_until
    hub:subject:<hash>      sorted set of the sessions of one user (issuer and subject) by their longest possible life
    hub:provider-session:<hash>  the same for one session at the provider (issuer and `sid`)
    hub:due                 sorted set of session keys by the time of their next refresh

Every script touches one key, so the same code runs on a Redis Cluster. Expiry is decided by pure code from stored instants; the
TTLs only free memory.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from typing import Any, cast

from hub.errors import Conflict
from hub.primitives.clock import Clock
from hub.primitives.secret import digest
from hub.session.codec import Codec, UnreadableRecord
from hub.session.due_queue import DueQueue
from hub.session.model import EndReason, Lifetimes, Moved, Session, TokenSet, Tombstone, identity_of
from hub.session.redis_client import Redis, translated_errors

DUE = "hub:due"
CLAIM_SECONDS = 10.0  # a third of the usual margin: if a worker dies, another one refreshes what it had claimed, in good time
SESSIONS = "hub:session:"
TOMBSTONE_SECONDS = 600  # longer than any request that began before the end can last
MEMORY_SLACK_SECONDS = 600  # an idle session stays readable a little, so that its user learns the reason
MOVES_AT_MOST = 4  # logins of one browser within the grace of one; more is a loop
SCAN_BATCH = 500

Fields = dict[bytes, bytes]

REPLACE = """
local session = redis.call('HMGET', KEYS[1], 'version', 'fence')
if session[1] ~= ARGV[1] then return 0 end
if ARGV[4] ~= '' and session[2] ~= ARGV[4] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'data', ARGV[3])
return 1
"""

TOUCH = """
if redis.call('HEXISTS', KEYS[1], 'version') == 0 then return 0 end
if tonumber(redis.call('HGET', KEYS[1], 'touched_at')) < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'touched_at', ARGV[1])
  redis.call('PEXPIREAT', KEYS[1], ARGV[2])
end
return 1
"""

END = """
local session = redis.call('HMGET', KEYS[1], 'data', 'version', 'touched_at')
if not session[2] then return false end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return session
"""

PUT_TOKEN = """
if redis.call('HEXISTS', KEYS[1], 'version') == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
"""


class SessionStore:
    """Sessions in Redis. All methods raise `StoreUnavailable` when Redis does not answer."""

    def __init__(self, redis: Redis, codec: Codec, lifetimes: Lifetimes, clock: Clock) -> None:
        self._redis = redis
        self._codec = codec
        self._lifetimes = lifetimes
        self._clock = clock
        self._due = DueQueue(redis, DUE, CLAIM_SECONDS)
        self._replace = redis.register_script(REPLACE)
        self._touch = redis.register_script(TOUCH)
        self._end = redis.register_script(END)
        self._put_token = redis.register_script(PUT_TOKEN)

    async def ping(self) -> None:
        """Return if Redis answers."""
        with translated_errors():
            await self._redis.ping()

    # -- one session --------------------------------------------------------------------------------------------------

    async def create(self, session: Session) -> None:
        """Store a new session, put it on the refresh schedule, and make it known by user and provider session."""
        name = session_name(session.key)
        fields: Fields = {
            b"version": str(session.version).encode(),
            b"touched_at": repr(session.touched_at).encode(),
            b"data": self._codec.encode_session(session),
        }
        with translated_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.hset(name, mapping=cast(dict[Any, Any], fields))
                pipe.pexpireat(name, self._memory_end(session, session.touched_at))
                self._schedule(pipe, session)
                self._index(pipe, session)
                await pipe.execute()

    async def load(self, key: str) -> Session | Tombstone | None:
        """Return the session, its tombstone if it has ended, or None if nothing is known under `key`.

        The key of a session that was replaced leads to its successor while the grace lasts. A record that this hub cannot open
        (its key was taken out of the keyring) counts as unknown: its user logs in again.
        """
        for _ in range(MOVES_AT_MOST):
            found = await self._look_up(key)
            if not isinstance(found, Moved):
                return found
            if self._clock.now() >= found.until:
                return Tombstone("replaced", found.until)
            key = found.successor
        return None

    async def touch(self, session: Session, now: float) -> bool:
        """Write down activity of the user at `now`. Returns False if the session has ended meanwhile."""
        with translated_errors():
            answer = await self._touch(keys=[session_name(session.key)], args=[now, self._memory_end(session, now)])
        return bool(answer)

    async def replace_if_unchanged(self, session: Session, fence: int | None = None) -> Session:
        """Store `session` in place of the version it was made from, and return it with its new version.

        Parameters:
            fence: Fencing number of the writer's refresh lease; a writer whose lease was taken over by another is refused.

        Raises:
            Conflict: Somebody else has written meanwhile, or the session has ended: a late writer never revives it.
        """
        successor = replace(session, version=session.version + 1)
        name = session_name(session.key)
        sealed = self._codec.encode_session(successor)
        arguments: list[int | bytes | str] = [session.version, successor.version, sealed, "" if fence is None else fence]
        with translated_errors():
            if not await self._replace(keys=[name], args=arguments):
                raise Conflict
            async with self._redis.pipeline(transaction=False) as pipe:
                self._schedule(pipe, successor)
                await pipe.execute()
        return successor

    async def end(self, key: str, reason: EndReason) -> Session | None:
        """Replace the session by a tombstone and return it as it last was; None if there was no living one."""
        return await self._retire(key, ["ended", reason, "ended_at", self._clock.now()])

    async def move(self, key: str, successor: str, grace_seconds: float) -> Session | None:
        """Let `key` lead to another session for `grace_seconds`, then nowhere; return the session that it was the key of."""
        until = self._clock.now() + grace_seconds
        return await self._retire(key, ["moved_to", successor, "moved_until", until])

    # -- tokens for other audiences -----------------------------------------------------------------------------------

    async def load_token(self, key: str, name: str) -> TokenSet | None:
        """Return a token that the session has besides its own, if there is one called `name`."""
        with translated_errors():
            sealed = cast(bytes | None, await self._redis.hget(session_name(key), _token_field(name)))
        try:
            return None if sealed is None else self._codec.decode_tokens(sealed, key=key, name=name)
        except UnreadableRecord:
            return None

    async def put_token(self, key: str, name: str, tokens: TokenSet) -> bool:
        """Keep a further token with the session, and as long as it. Returns False if the session has ended."""
        sealed = self._codec.encode_tokens(tokens, key=key, name=name)
        with translated_errors():
            return bool(await self._put_token(keys=[session_name(key)], args=[_token_field(name), sealed]))

    # -- many sessions ------------------------------------------------------------------------------------------------

    async def keys_of_user(self, issuer: str, subject: str) -> list[str]:
        """Return the keys of the sessions of one user, some of which may have ended."""
        return await self.keys_of_identity(identity_of(issuer, subject))

    async def keys_of_identity(self, identity: str) -> list[str]:
        """Return the same for what `identity_of` says of a user."""
        return await self._members(_user_name(identity))

    async def keys_of_provider_session(self, issuer: str, provider_session_id: str) -> list[str]:
        """Return the keys of the sessions that came out of one session at the provider; some may have ended."""
        return await self._members(_provider_session_name(issuer, provider_session_id))

    async def living(self, keys: Iterable[str]) -> list[Session]:
        """Return those of the sessions that have not ended."""
        now = self._clock.now()
        found = await asyncio.gather(*(self._look_up(key) for key in keys))
        sessions = [session for session in found if isinstance(session, Session)]
        return [session for session in sessions if self._lifetimes.end_reason(session, now) is None]

    async def scan(self, prefix: str = "") -> AsyncIterator[Session]:
        """Yield every living session whose key begins with `prefix`, a part of a hash, in no order.

        Looks at all of Redis: for operators, not for requests.
        """
        batch: list[str] = []
        with translated_errors():
            async for name in self._redis.scan_iter(match=f"{SESSIONS}{prefix}*", count=SCAN_BATCH):
                batch.append(name.decode().removeprefix(SESSIONS))
                if len(batch) >= SCAN_BATCH:
                    for session in await self.living(batch):
                        yield session
                    batch.clear()
        for session in await self.living(batch):
            yield session

    # -- the refresh schedule -----------------------------------------------------------------------------------------

    async def claim_due(self, now: float, limit: int) -> list[str]:
        """Return the keys of at most `limit` sessions whose refresh is due, the most urgent first, each to one worker.

        One that is neither refreshed nor put off by then is due again after `CLAIM_SECONDS`.
        """
        return await self._due.claim(now, limit)

    async def reschedule(self, key: str, due_at: float | None) -> None:
        """Look at the session's tokens again at `due_at`, or, with None, when its user comes back."""
        with translated_errors():
            if due_at is None:
                await self._redis.zrem(DUE, key)
            else:
                await self._redis.zadd(DUE, {key: due_at})

    # -- the parts ----------------------------------------------------------------------------------------------------

    async def _look_up(self, key: str) -> Session | Tombstone | Moved | None:
        with translated_errors():
            fields = cast(Fields, await self._redis.hgetall(session_name(key)))
        if b"ended" in fields:
            return Tombstone(cast(EndReason, fields[b"ended"].decode()), float(fields[b"ended_at"]))
        if b"moved_to" in fields:
            return Moved(fields[b"moved_to"].decode(), float(fields[b"moved_until"]))
        if b"data" not in fields:
            return None
        return self._decode(key, fields[b"data"], fields[b"version"], fields[b"touched_at"])

    async def _retire(self, key: str, mark: list[str | float]) -> Session | None:
        """Take the session away and leave `mark` in its place."""
        with translated_errors():
            fields = await self._end(keys=[session_name(key)], args=[TOMBSTONE_SECONDS, *mark])
            session = self._decode(key, *fields) if fields else None
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.zrem(DUE, key)
                for name in _index_names(session) if session else []:
                    pipe.zrem(name, key)
                await pipe.execute()
        return session

    async def _members(self, name: str) -> list[str]:
        with translated_errors():
            keys = await self._redis.zrangebyscore(name, self._clock.now(), "+inf")
        return [key.decode() for key in cast(list[bytes], keys)]

    def _schedule(self, pipe: Redis, session: Session) -> None:
        """Put the next refresh on the schedule. The caller executes `pipe`."""
        if session.tokens.due_at is None:
            pipe.zrem(DUE, session.key)
        else:
            pipe.zadd(DUE, {session.key: session.tokens.due_at})

    def _index(self, pipe: Redis, session: Session) -> None:
        """Make the session known by user and provider session; those whose time is over are forgotten on the way."""
        end, now = self._lifetimes.absolute_end(session), self._clock.now()
        for name in _index_names(session):
            pipe.zremrangebyscore(name, "-inf", now)
            pipe.zadd(name, {session.key: end})
            pipe.pexpireat(name, int(end * 1000))

    def _memory_end(self, session: Session, touched_at: float) -> int:
        end = self._lifetimes.end(replace(session, touched_at=touched_at))
        return int((end + MEMORY_SLACK_SECONDS) * 1000)

    def _decode(self, key: str, data: bytes, version: bytes, touched_at: bytes) -> Session | None:
        try:
            return self._codec.decode_session(data, key=key, version=int(version), touched_at=float(touched_at))
        except UnreadableRecord:
            return None


def session_name(key: str) -> str:
    """Return the name in Redis of the session with this key."""
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
