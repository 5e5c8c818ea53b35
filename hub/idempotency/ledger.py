"""DOOR to Redis: which requests with a key have begun, where they run, and how they ended.

    hub:once:<name>      hash: state (running, done, withdrawn), fingerprint, owner, outcome (sealed)
    hub:worker:<owner>   exists as long as the worker says that it lives; how anything ends that ran on another one is unknown

A record is written before its request is sent. So a request without a record was certainly not sent; whoever is told so is also
promised that it never will be (`withdrawn`), for it may still lie in the buffer of a worker that was asleep.
"""

from dataclasses import dataclass
from typing import Literal, cast

import msgspec

from hub.errors import OutcomeUnknown
from hub.idempotency.outcome import Outcome, decode, encode, failure
from hub.session.keyring import Keyring, KeyringError
from hub.session.redis_client import Redis, translated_errors

ALIVE_SECONDS = 10  # a worker that was silent for longer counts as dead
RUNNING_SECONDS = 3600  # longer than any request takes
WITHDRAWN_SECONDS = 900  # longer than anything lies in a buffer

State = Literal["mine", "running", "done", "withdrawn", "unknown"]

CLAIM = """
local known = redis.call('HMGET', KEYS[1], 'state', 'fingerprint', 'owner', 'outcome')
if known[1] then return known end
redis.call('HSET', KEYS[1], 'state', 'running', 'fingerprint', ARGV[1], 'owner', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {'mine', ARGV[1], ARGV[2], false}
"""

WITHDRAW = """
local known = redis.call('HMGET', KEYS[1], 'state', 'fingerprint', 'owner', 'outcome')
if known[1] then return known end
redis.call('HSET', KEYS[1], 'state', 'withdrawn')
redis.call('EXPIRE', KEYS[1], ARGV[1])
return {'withdrawn', '', '', false}
"""

FINISH = """
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'state', 'done', 'outcome', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""

RELEASE = """
local known = redis.call('HMGET', KEYS[1], 'owner', 'state')
if known[1] ~= ARGV[1] or known[2] ~= 'running' then return 0 end
return redis.call('DEL', KEYS[1])
"""

REPLACE = """
if redis.call('HGET', KEYS[1], 'state') ~= 'done' then return 0 end
return redis.call('HSET', KEYS[1], 'outcome', ARGV[1])
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger knows about a request.

    Attributes:
        state: `mine`: it is ours to execute now. `running`: another worker, or an earlier call, does. `done`: it has ended as
            `outcome` says. `withdrawn`: it was given up before it was sent. `unknown`: its worker died with it.
        fingerprint: Of the request that came first; empty if it is withdrawn.
        owner: The worker that executes it.
    """

    state: State
    fingerprint: str = ""
    owner: str = ""
    outcome: Outcome | None = None


class Ledger:
    """The records of all workers. All methods raise `StoreUnavailable` when Redis does not answer."""

    def __init__(self, redis: Redis, keyring: Keyring, owner: str, keep_seconds: float) -> None:
        self.owner = owner
        self._redis = redis
        self._keyring = keyring
        self._keep_seconds = max(round(keep_seconds), 1)
        self._claim = redis.register_script(CLAIM)
        self._withdraw = redis.register_script(WITHDRAW)
        self._finish = redis.register_script(FINISH)
        self._release = redis.register_script(RELEASE)
        self._replace = redis.register_script(REPLACE)

    async def claim(self, name: str, fingerprint: str) -> Entry:
        """Begin a request, unless it has begun before: `mine` goes to one caller only."""
        with translated_errors():
            return await self._entry(
                name, await self._claim(keys=[_record(name)], args=[fingerprint, self.owner, RUNNING_SECONDS])
            )

    async def withdraw(self, name: str) -> Entry:
        """Give a request up if it has not begun; else say how it stands."""
        with translated_errors():
            return await self._entry(name, await self._withdraw(keys=[_record(name)], args=[WITHDRAWN_SECONDS]))

    async def look(self, name: str) -> Entry | None:
        """Say how a request stands; None: nothing is known of it (any more)."""
        with translated_errors():
            known = await self._redis.hmget(_record(name), ["state", "fingerprint", "owner", "outcome"])
            return await self._entry(name, cast(list[bytes | None], known)) if known[0] else None

    async def finish(self, name: str, outcome: Outcome) -> None:
        """Keep the outcome of a request of this worker."""
        with translated_errors():
            await self._finish(keys=[_record(name)], args=[self.owner, self._seal(name, outcome), self._keep_seconds])

    async def release(self, name: str) -> None:
        """Forget a request of this worker that certainly was not carried out: it may come again."""
        with translated_errors():
            await self._release(keys=[_record(name)], args=[self.owner])

    async def replace(self, name: str, outcome: Outcome) -> None:
        """Keep less of an outcome."""
        with translated_errors():
            await self._replace(keys=[_record(name)], args=[self._seal(name, outcome)])

    async def say_alive(self) -> None:
        """Let the others know that what runs here still runs."""
        with translated_errors():
            await self._redis.set(_worker(self.owner), b"1", ex=ALIVE_SECONDS)

    async def say_gone(self) -> None:
        """Let the others know that nothing runs here any more."""
        with translated_errors():
            await self._redis.delete(_worker(self.owner))

    async def _entry(self, name: str, known: list[bytes | None]) -> Entry:
        state, fingerprint, owner, sealed = known
        entry = Entry(
            cast(State, (state or b"").decode()),
            (fingerprint or b"").decode(),
            (owner or b"").decode(),
            None if sealed is None else self._open(name, sealed),
        )
        if entry.state == "running" and not await self._redis.exists(_worker(entry.owner)):
            return Entry("unknown", entry.fingerprint, entry.owner)
        return entry

    def _seal(self, name: str, outcome: Outcome) -> bytes:
        return self._keyring.seal(encode(outcome), f"outcome:{name}")

    def _open(self, name: str, sealed: bytes) -> Outcome:
        """Return a kept outcome; one that cannot be read any more, by its key or its version, is an unknown one."""
        try:
            return decode(self._keyring.open(sealed, f"outcome:{name}"))
        except (KeyringError, msgspec.DecodeError):
            return failure(OutcomeUnknown())


def _record(name: str) -> str:
    return f"hub:once:{name}"


def _worker(owner: str) -> str:
    return f"hub:worker:{owner}"
