"""Encode records to encrypted bytes and back. No other module turns tokens into bytes for Redis or for a cookie.

Each record is encrypted for its name in Redis (associated data), so that it cannot be decrypted under another name.
"""

import math
from typing import Any, TypeVar

import msgspec

from hub.primitives.secret import Secret, digest
from hub.session.jar import UpstreamCookieJar
from hub.session.keyring import Keyring, KeyringError, UnknownSessionKey
from hub.session.model import LoginAttempt, Moved, Revocation, Session, TokenSet, Tombstone

Record = TypeVar("Record", Session, TokenSet, Revocation, UpstreamCookieJar, Tombstone, Moved)
CLOCKS_APART_SECONDS = 120.0  # by which the clock of another node may be ahead: each is right within a minute
LATEST = 253_402_300_800.0  # the year 10000
_AttemptMembers = tuple[str, str, str, str, float, str, dict[str, str], bytes]


class UnreadableRecord(ValueError):
    """A stored record is not what this hub wrote there: it was changed, moved, or written by another version of the hub."""


class KeyNotHeld(UnreadableRecord):
    """A stored record was made with a session key that this worker lacks. Another worker may be able to read it.

    Attributes:
        key_id: ID of this key, hexadecimal.
    """

    def __init__(self, cause: UnknownSessionKey) -> None:
        super().__init__(str(cause))
        self.key_id = cause.key_id


class RecordCodec:
    """Encrypts and decrypts the records of one hub."""

    def __init__(self, keyring: Keyring, *, accepts_unauthenticated: bool = False) -> None:
        """Parameters:
        accepts_unauthenticated: Accept what the former release wrote without authentication (`decode_touched`, `decode_end`).
        """
        self._keyring = keyring
        self._accepts_unauthenticated = accepts_unauthenticated

    def encode_session(self, session: Session) -> bytes:
        """Return `session` encrypted for its key and version, so that an older record put back in its place is rejected."""
        return self._keyring.seal(_encode(session), f"session:{session.key}:{session.version}")

    def decode_session(self, sealed: bytes, *, key: str, version: int) -> Session:
        """Return the session that was stored under `key` as `version`. The caller sets `touched_at`.

        Raises:
            UnreadableRecord: The record is not the one that this hub wrote there.
        """
        return self._open(sealed, f"session:{key}:{version}", Session)

    def encode_touched(self, touched_at: float, key: str) -> tuple[bytes, bytes]:
        """Return the last activity of a session's user as readable text, and its tag. Scripts in Redis compare the text."""
        text = repr(float(touched_at)).encode()
        return text, self._keyring.mac(text, f"touched:{key}")

    def decode_touched(self, text: bytes, tag: bytes | None, key: str, now: float) -> float:
        """Return the last activity of a session's user. All times are epoch seconds.

        Raises:
            UnreadableRecord: This hub did not write it there, and unauthenticated records are rejected.
        """
        try:
            if self._keyring.verify(tag or b"", text, f"touched:{key}"):
                return _instant(text)
            if self._accepts_unauthenticated:
                return _past(text, now)
            self._keyring.require_key_of(tag or b"")
        except UnknownSessionKey as error:
            raise KeyNotHeld(error) from error
        except KeyringError as error:
            raise UnreadableRecord("the time of the last activity has no tag") from error
        raise UnreadableRecord("the time of the last activity was changed")

    def encode_end(self, tombstone: Tombstone, key: str) -> bytes:
        """Return `tombstone` encrypted for the session `key`."""
        return self._keyring.seal(_encode(tombstone), f"end:{key}")

    def decode_end(self, sealed: bytes, key: str) -> Tombstone:
        """Return the tombstone that was stored under `key`.

        Raises:
            UnreadableRecord: The record is not the one that this hub wrote there.
        """
        return self._open(sealed, f"end:{key}", Tombstone)

    def decode_unsealed_end(self, reason: bytes, ended_at: bytes, now: float) -> Tombstone:
        """Return a tombstone of the former release, which did not seal it.

        Raises:
            UnreadableRecord: It is none, or unauthenticated records are rejected.
        """
        if not self._accepts_unauthenticated:
            raise UnreadableRecord("the tombstone is not sealed")
        try:
            return msgspec.convert({"reason": reason.decode(), "ended_at": _past(ended_at, now)}, Tombstone)
        except (UnicodeDecodeError, msgspec.ValidationError) as error:
            raise UnreadableRecord("the tombstone is malformed") from error

    def encode_move(self, moved: Moved, key: str) -> bytes:
        """Return `moved` encrypted for the session `key`, which it replaces."""
        return self._keyring.seal(_encode(moved), f"move:{key}")

    def decode_move(self, sealed: bytes, key: str) -> Moved:
        """Return what replaced the session `key`.

        Raises:
            UnreadableRecord: The record is not the one that this hub wrote there.
        """
        return self._open(sealed, f"move:{key}", Moved)

    def encode_tokens(self, tokens: TokenSet, *, key: str, name: str) -> bytes:
        """Return an audience-restricted token, encrypted for the session `key` and the `name` of the token there."""
        return self._keyring.seal(_encode(tokens), f"token:{key}:{name}")

    def decode_tokens(self, sealed: bytes, *, key: str, name: str) -> TokenSet:
        """Return the audience-restricted token that was stored as `name` with the session `key`.

        Raises:
            UnreadableRecord: The record is not the one that this hub wrote there.
        """
        return self._open(sealed, f"token:{key}:{name}", TokenSet)

    def encode_attempt(self, attempt: LoginAttempt, state_key: str) -> bytes:
        """Return `attempt` encrypted for the hash of its `state`. The browser stores it, so it has no names of members."""
        members = (
            attempt.issuer,
            attempt.nonce,
            attempt.code_verifier.reveal(),
            attempt.return_to,
            attempt.created_at,
            attempt.provider,
            attempt.parameters,
            bytes.fromhex(attempt.present),
        )
        return self._keyring.seal(msgspec.msgpack.encode(members), f"attempt:{state_key}")

    def decode_attempt(self, sealed: bytes, state_key: str) -> LoginAttempt:
        """Return the attempt that was encrypted for the hash of its `state`.

        Raises:
            UnreadableRecord: This hub did not encrypt it for this `state`, or its session key is gone.
        """
        try:
            members = msgspec.msgpack.decode(self._keyring.open(sealed, f"attempt:{state_key}"), type=_AttemptMembers)
        except (KeyringError, msgspec.DecodeError) as error:
            raise UnreadableRecord(str(error)) from error
        issuer, nonce, code_verifier, return_to, created_at, provider, parameters, present = members
        return LoginAttempt(
            issuer=issuer,
            nonce=nonce,
            code_verifier=Secret(code_verifier),
            return_to=return_to,
            created_at=created_at,
            provider=provider,
            parameters=parameters,
            present=present.hex(),
        )

    def encode_revocation(self, revocation: Revocation, key_id: bytes = b"") -> bytes:
        """Return `revocation` encrypted for its session, with this session key if this worker has it, else with the usual one."""
        return self._keyring.seal(_encode(revocation), f"revocation:{revocation.key}", key_id)

    def decode_revocation(self, sealed: bytes, key: str) -> Revocation:
        """Return the tokens of the ended session `key` that have to be revoked.

        Raises:
            UnreadableRecord: The record is not the one that this hub wrote there.
        """
        return self._open(sealed, f"revocation:{key}", Revocation)

    def encode_jar(self, jar: UpstreamCookieJar, *, owner: str) -> bytes:
        """Return the cookie jar of `owner` at an API, encrypted for that owner."""
        return self._keyring.seal(_encode(jar), f"jar:{owner}")

    def decode_jar(self, sealed: bytes, *, owner: str, place: str) -> UpstreamCookieJar:
        """Return the cookie jar that was stored for `owner`.

        Parameters:
            place: Digest of the target under which it was stored.

        Raises:
            UnreadableRecord: The record is not the one that this hub wrote there.
        """
        jar = self._open(sealed, f"jar:{owner}", UpstreamCookieJar)
        if digest(jar.target) != place:
            raise UnreadableRecord("the cookie jar belongs to another target")
        return jar

    def _open(self, sealed: bytes, name: str, kind: type[Record]) -> Record:
        try:
            return msgspec.msgpack.decode(self._keyring.open(sealed, name), type=kind, dec_hook=_decode_secret)
        except UnknownSessionKey as error:
            raise KeyNotHeld(error) from error
        except (KeyringError, msgspec.DecodeError) as error:
            raise UnreadableRecord(str(error)) from error


def _instant(text: bytes) -> float:
    """Return an instant; epoch seconds.

    Raises:
        UnreadableRecord: It is no number, or none of our time.
    """
    try:
        instant = float(text)
    except ValueError as error:
        raise UnreadableRecord("a time is no number") from error
    if not (math.isfinite(instant) and 0 <= instant <= LATEST):
        raise UnreadableRecord("a time is out of range")
    return instant


def _past(text: bytes, now: float) -> float:
    """Return an instant that nothing authenticates; epoch seconds.

    Raises:
        UnreadableRecord: It is no number, or lies in the future, so that no hub can have written it.
    """
    instant = _instant(text)
    if instant > now + CLOCKS_APART_SECONDS:
        raise UnreadableRecord("a time lies in the future")
    return instant


def _encode(value: Session | TokenSet | Revocation | UpstreamCookieJar | Tombstone | Moved) -> bytes:
    return msgspec.msgpack.encode(value, enc_hook=_encode_secret)


def _encode_secret(value: Any) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(type(value).__name__)


def _decode_secret(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise NotImplementedError(kind.__name__)
