"""DOOR to Redis: which requests with an idempotency key have begun, which worker runs them, and how they ended.

    hub:once:<name>      hash: state (running, done, withdrawn), fingerprint, owner, claim (random), outcome (sealed)
    hub:worker:<owner>   exists while that worker is alive; if it is missing, the outcome of the worker's requests is unknown

A record is written before its request is sent, so a request without a record was certainly not sent. When a client is told so,
the record becomes `withdrawn` and the request will never run, because it may still be in the buffer of a suspended worker.
"""

import secrets
from dataclasses import dataclass
from typing import Literal, cast

import msgspec

from hub.errors import OutcomeUnknown
from hub.idempotency.outcome import Outcome, decode, encode, failure
from hub.session.keyring import Keyring, KeyringError
from hub.session.redis_client import Redis, translated_errors

ALIVE_SECONDS = 10  # a worker that does not renew its key for so long counts as dead
RUNNING_SECONDS = 3600  # longer than any request takes
WITHDRAWN_SECONDS = 900  # longer than any request waits in a buffer

State = Literal["mine", "running", "done", "withdrawn", "unknown"]

CLAIM = """
local record = redis.call('HMGET', KEYS[1], 'state', 'fingerprint', 'owner', 'outcome', 'claim')
local is_repeated = record[1] == 'running' and record[5] == ARGV[4]
if record[1] and not is_repeated then return {record[1], record[2], record[3], record[4]} end
redis.call('HSET', KEYS[1], 'state', 'running', 'fingerprint', ARGV[1], 'owner', ARGV[2], 'claim', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {'mine', ARGV[1], ARGV[2], false}
"""

WITHDRAW = """
local record = redis.call('HMGET', KEYS[1], 'state', 'fingerprint', 'owner', 'outcome')
if record[1] then return record end
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
local record = redis.call('HMGET', KEYS[1], 'owner', 'state')
if record[1] ~= ARGV[1] or record[2] ~= 'running' then return 0 end
return redis.call('DEL', KEYS[1])
"""

REPLACE = """
if redis.call('HGET', KEYS[1], 'state') ~= 'done' then return 0 end
return redis.call('HSET', KEYS[1], 'outcome', ARGV[1])
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """The record of a request.

    Attributes:
        state: `mine`: the caller executes it now. `running`: another worker or an earlier call executes it. `done`: it ended
            with `outcome`. `withdrawn`: it was withdrawn before it was sent. `unknown`: its worker died while it ran.
        fingerprint: Fingerprint of the first request with this key; empty if withdrawn.
        owner: ID of the worker that executes it.
    """

    state: State
    fingerprint: str = ""
    owner: str = ""
    outcome: Outcome | None = None


class Ledger:
    """The records of all workers. All methods raise `StoreUnavailable` if Redis does not respond."""

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
        """Record the begin of a request, or return its existing record. Only one caller gets the state `mine`.

        If the response of Redis is lost, the client of Redis repeats the script, which recognizes its own claim.
        """
        arguments: list[str | int] = [fingerprint, self.owner, RUNNING_SECONDS, secrets.token_hex(8)]
        with translated_errors():
            return await self._entry(name, await self._claim(keys=[_record(name)], args=arguments))

    async def withdraw(self, name: str) -> Entry:
        """Withdraw a request if it has not begun; otherwise return its record."""
        with translated_errors():
            return await self._entry(name, await self._withdraw(keys=[_record(name)], args=[WITHDRAWN_SECONDS]))

    async def get(self, name: str) -> Entry | None:
        """Return the record of a request; None if there is none."""
        with translated_errors():
            record = await self._redis.hmget(_record(name), ["state", "fingerprint", "owner", "outcome"])
            return await self._entry(name, cast(list[bytes | None], record)) if record[0] else None

    async def finish(self, name: str, outcome: Outcome) -> None:
        """Store the outcome of a request of this worker."""
        with translated_errors():
            await self._finish(keys=[_record(name)], args=[self.owner, self._seal(name, outcome), self._keep_seconds])

    async def release(self, name: str) -> None:
        """Delete the record of a request of this worker that certainly was not executed. It may be sent again."""
        with translated_errors():
            await self._release(keys=[_record(name)], args=[self.owner])

    async def replace(self, name: str, outcome: Outcome) -> None:
        """Replace a stored outcome by a smaller one."""
        with translated_errors():
            await self._replace(keys=[_record(name)], args=[self._seal(name, outcome)])

    async def renew_liveness(self) -> None:
        """Renew the key that tells other workers that this one is alive."""
        with translated_errors():
            await self._redis.set(_worker(self.owner), b"1", ex=ALIVE_SECONDS)

    async def remove_liveness(self) -> None:
        """Delete the key that tells other workers that this one is alive."""
        with translated_errors():
            await self._redis.delete(_worker(self.owner))

    async def _entry(self, name: str, record: list[bytes | None]) -> Entry:
        state, fingerprint, owner, sealed = record
        entry = Entry(
            cast(State, _text(state)),
            _text(fingerprint),
            _text(owner),
            None if sealed is None else self._open(name, sealed),
        )
        if entry.state == "running" and not await self._redis.exists(_worker(entry.owner)):
            return Entry("unknown", entry.fingerprint, entry.owner)
        return entry

    def _seal(self, name: str, outcome: Outcome) -> bytes:
        return self._keyring.seal(encode(outcome), f"outcome:{name}")

    def _open(self, name: str, sealed: bytes) -> Outcome:
        """Return a stored outcome; "unknown" if its session key is gone, or if another version of the hub wrote it."""
        try:
            return decode(self._keyring.open(sealed, f"outcome:{name}"))
        except (KeyringError, msgspec.DecodeError):
            return failure(OutcomeUnknown())


def _text(field: bytes | None) -> str:
    return (field or b"").decode(errors="replace")  # another program may have written it


def _record(name: str) -> str:
    return f"hub:once:{name}"


def _worker(owner: str) -> str:
    return f"hub:worker:{owner}"
