"""Sessions and login attempts <-> encrypted, versioned bytes. The only place where tokens become bytes for the store."""

from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from hub.primitives.secret import Secret
from hub.session.jar import Jar
from hub.session.keyring import Keyring, KeyringError
from hub.session.model import LoginAttempt, Revocation, Session, TokenSet

Record = TypeVar("Record", Session, LoginAttempt, TokenSet, Revocation, Jar)


class UnreadableRecord(ValueError):
    """A stored value cannot be decrypted or decoded: written by another key or another version of the hub."""


class Codec:
    """Seals and opens the records of one hub."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def encode_session(self, session: Session) -> bytes:
        """Return `session` sealed for its key and version: an older record put back in its place does not open."""
        return self._keyring.seal(_encode(session), f"session:{session.key}:{session.version}")

    def decode_session(self, sealed: bytes, *, key: str, version: int, touched_at: float) -> Session:
        """Return the session that was stored under `key` as `version`.

        Raises:
            UnreadableRecord: The record is not what this hub wrote there.
        """
        session = self._open(sealed, f"session:{key}:{version}", Session)
        return replace(session, touched_at=touched_at)

    def encode_tokens(self, tokens: TokenSet, *, key: str, name: str) -> bytes:
        """Return a further token of the session `key`, sealed for that session and its name there."""
        return self._keyring.seal(_encode(tokens), f"token:{key}:{name}")

    def decode_tokens(self, sealed: bytes, *, key: str, name: str) -> TokenSet:
        """Return the token that was stored under `name` with the session `key`.

        Raises:
            UnreadableRecord: The record is not what this hub wrote there.
        """
        return self._open(sealed, f"token:{key}:{name}", TokenSet)

    def encode_attempt(self, attempt: LoginAttempt, state_key: str) -> bytes:
        """Return `attempt` sealed for the hash of its `state`."""
        return self._keyring.seal(_encode(attempt), f"attempt:{state_key}")

    def decode_attempt(self, sealed: bytes, state_key: str) -> LoginAttempt:
        """Return the attempt that was stored under the hash of its `state`.

        Raises:
            UnreadableRecord: The record is not what this hub wrote there.
        """
        return self._open(sealed, f"attempt:{state_key}", LoginAttempt)

    def encode_revocation(self, revocation: Revocation) -> bytes:
        """Return `revocation` sealed for its session."""
        return self._keyring.seal(_encode(revocation), f"revocation:{revocation.key}")

    def decode_revocation(self, sealed: bytes, key: str) -> Revocation:
        """Return what has to be revoked of the session `key`.

        Raises:
            UnreadableRecord: The record is not what this hub wrote there.
        """
        return self._open(sealed, f"revocation:{key}", Revocation)

    def encode_jar(self, jar: Jar, *, owner: str) -> bytes:
        """Return the cookies of `owner` at a resource server, sealed for that owner."""
        return self._keyring.seal(_encode(jar), f"jar:{owner}")

    def decode_jar(self, sealed: bytes, *, owner: str) -> Jar:
        """Return the cookies that were stored for `owner`.

        Raises:
            UnreadableRecord: The record is not what this hub wrote there.
        """
        return self._open(sealed, f"jar:{owner}", Jar)

    def _open(self, sealed: bytes, name: str, kind: type[Record]) -> Record:
        try:
            return msgspec.msgpack.decode(self._keyring.open(sealed, name), type=kind, dec_hook=_decode_secret)
        except (KeyringError, msgspec.DecodeError) as error:
            raise UnreadableRecord(str(error)) from error


def _encode(value: Session | LoginAttempt | TokenSet | Revocation | Jar) -> bytes:
    return msgspec.msgpack.encode(value, enc_hook=_encode_secret)


def _encode_secret(value: Any) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(type(value).__name__)


def _decode_secret(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise NotImplementedError(kind.__name__)
