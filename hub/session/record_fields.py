"""The fields of a session's record in Redis: what is written, and what is believed of what is found.

Each field that decides something is encrypted for the session, or has a tag. The fields of the former release stand beside them,
so that it can read the records during an upgrade. Here they are believed only if `session.unauthenticated_records` is `accept`.
"""

from dataclasses import replace

from hub.primitives.clock import Clock
from hub.session.codec import KeyNotHeld, RecordCodec, UnreadableRecord
from hub.session.keyring import Keyring
from hub.session.model import Moved, Session, Tombstone, UnopenedRecord
from hub.session.record_faults import RecordFaults

RedisHash = dict[bytes, bytes]
MAX_VERSION_DIGITS = 15
Found = Session | Tombstone | Moved | UnopenedRecord | None


class RecordFields:
    """Turns sessions, tombstones and moves into fields and back."""

    def __init__(self, codec: RecordCodec, faults: RecordFaults, clock: Clock) -> None:
        self._codec = codec
        self._clock = clock
        self._faults = faults

    def of_session(self, session: Session) -> RedisHash:
        """Return the fields of a session."""
        return {
            b"version": str(session.version).encode(),
            b"data": self._codec.encode_session(session),
            **self.of_activity(session.key, session.touched_at),
        }

    def of_activity(self, key: str, touched_at: float) -> RedisHash:
        """Return the fields of the last activity of a session's user (epoch seconds)."""
        text, tag = self._codec.encode_touched(touched_at, key)
        return {b"touched_at": text, b"touched_tag": tag}

    def of_end(self, key: str, end: Tombstone | Moved) -> RedisHash:
        """Return the fields that replace a session that has ended or moved."""
        if isinstance(end, Tombstone):
            former = {b"ended": end.reason.encode(), b"ended_at": repr(end.ended_at).encode()}
            return {b"sealed_end": self._codec.encode_end(end, key), **former}
        former = {b"moved_to": end.successor.encode(), b"moved_until": repr(end.until).encode()}
        return {b"sealed_move": self._codec.encode_move(end, key), **former}

    def read(self, key: str, fields: RedisHash) -> Found:
        """Return what the record of the session `key` says; None if it says nothing that this hub wrote there."""
        try:
            return self._read(key, fields) if fields else None
        except UnreadableRecord as error:
            self._faults.report("session", key[:12], error)
            return UnopenedRecord(error.key_id) if isinstance(error, KeyNotHeld) else None

    def _read(self, key: str, fields: RedisHash) -> Found:
        if b"sealed_end" in fields:
            return self._codec.decode_end(fields[b"sealed_end"], key)
        if b"sealed_move" in fields:
            return self._codec.decode_move(fields[b"sealed_move"], key)
        if b"data" in fields:
            return self._session(key, fields)
        if b"ended" in fields:
            return self._codec.decode_unsealed_end(fields[b"ended"], fields.get(b"ended_at", b""), self._clock.now())
        raise UnreadableRecord("the record has no field of a session")

    def _session(self, key: str, fields: RedisHash) -> Session:
        version = fields.get(b"version", b"")
        if not version.isdigit() or len(version) > MAX_VERSION_DIGITS:
            raise UnreadableRecord("the version is no number")
        session = self._codec.decode_session(fields[b"data"], key=key, version=int(version))
        text, tag = fields.get(b"touched_at", b""), fields.get(b"touched_tag")
        touched_at = self._codec.decode_touched(text, tag, key, self._clock.now())
        return replace(session, touched_at=touched_at).read_from(Keyring.key_of(fields[b"data"]))
