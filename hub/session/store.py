"""DOOR to Redis: sessions, tombstones and login attempts.

    hub:session:<key>   hash: data (sealed), version, touched_at; or, after the end: ended, ended_at
    hub:attempt:<key>   sealed login attempt, taken once;  hub:attempt-done:<key>  where it led
    hub:browser:<key>   sorted set of the attempts that one browser has begun
    hub:due             sorted set of session keys by the time of their next refresh

Every script touches one key, so the same code runs on a Redis Cluster. Expiry is decided by pure code from stored instants; the
TTLs only free memory.
"""

from dataclasses import dataclass, replace
from typing import Any, cast

from hub.clock import Clock
from hub.errors import Conflict
from hub.session.codec import Codec, UnreadableRecord
from hub.session.model import EndReason, Lifetimes, LoginAttempt, Session, Tombstone
from hub.session.redis_client import Redis, translated_errors

DUE = "hub:due"
TOMBSTONE_SECONDS = 600  # longer than any request that began before the end can last
MEMORY_SLACK_SECONDS = 600  # an idle session stays readable a little, so that its user learns the reason

Fields = dict[bytes, bytes]

REPLACE = """
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
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
redis.call('HSET', KEYS[1], 'ended', ARGV[1], 'ended_at', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return session
"""


@dataclass(frozen=True, slots=True)
class FinishedAttempt:
    """A `state` that was used already: where its login led."""

    return_to: str


class SessionStore:
    """Sessions and login attempts in Redis. All methods raise `StoreUnavailable` when Redis does not answer."""

    def __init__(self, redis: Redis, codec: Codec, lifetimes: Lifetimes, clock: Clock) -> None:
        self._redis = redis
        self._codec = codec
        self._lifetimes = lifetimes
        self._clock = clock
        self._replace = redis.register_script(REPLACE)
        self._touch = redis.register_script(TOUCH)
        self._end = redis.register_script(END)

    async def ping(self) -> None:
        """Return if Redis answers."""
        with translated_errors():
            await self._redis.ping()

    async def create(self, session: Session) -> None:
        """Store a new session and put it on the refresh schedule."""
        name = _session_name(session.key)
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
                await pipe.execute()

    async def load(self, key: str) -> Session | Tombstone | None:
        """Return the session, its tombstone if it has ended, or None if nothing is known under `key`.

        A record that this hub cannot open (its key was taken out of the keyring) counts as unknown: its user logs in again.
        """
        with translated_errors():
            fields = cast(Fields, await self._redis.hgetall(_session_name(key)))
        if b"ended" in fields:
            return Tombstone(cast(EndReason, fields[b"ended"].decode()), float(fields[b"ended_at"]))
        if b"data" not in fields:
            return None
        return self._decode(key, fields[b"data"], fields[b"version"], fields[b"touched_at"])

    async def touch(self, session: Session, now: float) -> bool:
        """Write down activity of the user at `now`. Returns False if the session has ended meanwhile."""
        with translated_errors():
            answer = await self._touch(keys=[_session_name(session.key)], args=[now, self._memory_end(session, now)])
        return bool(answer)

    async def replace_if_unchanged(self, session: Session) -> Session:
        """Store `session` in place of the version it was made from, and return it with its new version.

        Raises:
            Conflict: Somebody else has written meanwhile, or the session has ended: a late writer never revives it.
        """
        successor = replace(session, version=session.version + 1)
        name = _session_name(session.key)
        arguments: list[int | bytes] = [session.version, successor.version, self._codec.encode_session(successor)]
        with translated_errors():
            if not await self._replace(keys=[name], args=arguments):
                raise Conflict
            async with self._redis.pipeline(transaction=False) as pipe:
                self._schedule(pipe, successor)
                await pipe.execute()
        return successor

    async def end(self, key: str, reason: EndReason) -> Session | None:
        """Replace the session by a tombstone and return it as it last was; None if there was no living one."""
        now = self._clock.now()
        with translated_errors():
            fields = await self._end(keys=[_session_name(key)], args=[reason, now, TOMBSTONE_SECONDS])
            await self._redis.zrem(DUE, key)
        return self._decode(key, *fields) if fields else None

    async def due_for_refresh(self, now: float, limit: int) -> list[str]:
        """Return the keys of at most `limit` sessions whose refresh is due, the most urgent first."""
        with translated_errors():
            keys = await self._redis.zrangebyscore(DUE, "-inf", now, start=0, num=limit)
        return [key.decode() for key in cast(list[bytes], keys)]

    async def reschedule(self, key: str, due_at: float | None) -> None:
        """Look at the session's tokens again at `due_at`, or, with None, when its user comes back."""
        with translated_errors():
            if due_at is None:
                await self._redis.zrem(DUE, key)
            else:
                await self._redis.zadd(DUE, {key: due_at})

    async def put_attempt(self, state_key: str, attempt: LoginAttempt, lifetime_seconds: float, limit: int) -> None:
        """Store a login attempt for `lifetime_seconds`; of more than `limit` of one browser the oldest give way."""
        browser = f"hub:browser:{attempt.browser_key}"
        lifetime = int(lifetime_seconds * 1000)
        with translated_errors():
            await self._redis.set(_attempt_name(state_key), self._codec.encode_attempt(attempt, state_key), px=lifetime)
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.zadd(browser, {state_key: attempt.created_at})
                pipe.pexpire(browser, lifetime)
                pipe.zrange(browser, 0, -limit - 1)
                pipe.zremrangebyrank(browser, 0, -limit - 1)
                oldest = (await pipe.execute())[2]
            for stale in oldest:
                await self._redis.delete(_attempt_name(stale.decode()))

    async def take_attempt(self, state_key: str) -> LoginAttempt | FinishedAttempt | None:
        """Return a login attempt and delete it: a `state` works once. A used one tells where it led."""
        with translated_errors():
            sealed = cast(bytes | None, await self._redis.getdel(_attempt_name(state_key)))
            if sealed is None:
                return_to = cast(bytes | None, await self._redis.get(_finished_name(state_key)))
                return None if return_to is None else FinishedAttempt(return_to.decode())
        try:
            return self._codec.decode_attempt(sealed, state_key)
        except UnreadableRecord:
            return None

    async def finish_attempt(self, state_key: str, return_to: str, lifetime_seconds: float) -> None:
        """Remember where the login of this `state` led, for a callback that is loaded a second time."""
        with translated_errors():
            await self._redis.set(_finished_name(state_key), return_to, px=int(lifetime_seconds * 1000))

    async def may_restart(self, browser_key: str, within_seconds: float) -> bool:
        """Tell whether a failed login of this browser may begin anew by itself: once in `within_seconds`."""
        with translated_errors():
            return bool(await self._redis.set(f"hub:restart:{browser_key}", 1, nx=True, px=int(within_seconds * 1000)))

    def _schedule(self, pipe: Redis, session: Session) -> None:
        """Put the next refresh on the schedule. The caller executes `pipe`."""
        if session.tokens.due_at is None:
            pipe.zrem(DUE, session.key)
        else:
            pipe.zadd(DUE, {session.key: session.tokens.due_at})

    def _memory_end(self, session: Session, touched_at: float) -> int:
        end = self._lifetimes.end(replace(session, touched_at=touched_at))
        return int((end + MEMORY_SLACK_SECONDS) * 1000)

    def _decode(self, key: str, data: bytes, version: bytes, touched_at: bytes) -> Session | None:
        try:
            return self._codec.decode_session(data, key=key, version=int(version), touched_at=float(touched_at))
        except UnreadableRecord:
            return None


def _session_name(key: str) -> str:
    return f"hub:session:{key}"


def _attempt_name(state_key: str) -> str:
    return f"hub:attempt:{state_key}"


def _finished_name(state_key: str) -> str:
    return f"hub:attempt-done:{state_key}"
