"""Encode records to encrypted bytes and back. No other module turns tokens into bytes for Redis or for a cookie.

Each record is encrypted for its name in Redis (associated data), so that it cannot be decrypted under another name.
"""

from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from hub.primitives.secret import Secret
from hub.session.jar import UpstreamCookieJar
from hub.session.keyring import Keyring, KeyringError
from hub.session.model import LoginAttempt, Revocation, Session, TokenSet

Record = TypeVar("Record", Session, TokenSet, Revocation, UpstreamCookieJar)
_AttemptMembers = tuple[str, str, str, str, float, str, dict[str, str], bytes]


class UnreadableRecord(ValueError):
    """A stored record cannot be decrypted or decoded: another key or another version of the hub wrote it."""


class RecordCodec:
    """Encrypts and decrypts the records of one hub."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def encode_session(self, session: Session) -> bytes:
        """Return `session` encrypted for its key and version, so that an older record put back in its place is rejected."""
        return self._keyring.seal(_encode(session), f"session:{session.key}:{session.version}")

    def decode_session(self, sealed: bytes, *, key: str, version: int, touched_at: float) -> Session:
        """Return the session that was stored under `key` as `version`.

        Parameters:
            touched_at: Last activity of the user, epoch seconds; stored unencrypted beside the record.

        Raises:
            UnreadableRecord: The record is not the one that this hub wrote there.
        """
        session = self._open(sealed, f"session:{key}:{version}", Session)
        return replace(session, touched_at=touched_at)

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

    def encode_revocation(self, revocation: Revocation) -> bytes:
        """Return `revocation` encrypted for its session."""
        return self._keyring.seal(_encode(revocation), f"revocation:{revocation.key}")

    def decode_revocation(self, sealed: bytes, key: str) -> Revocation:
        """Return the tokens of the ended session `key` that have to be revoked.

        Raises:
            UnreadableRecord: The record is not the one that this hub wrote there.
        """
        return self._open(sealed, f"revocation:{key}", Revocation)

    def encode_jar(self, jar: UpstreamCookieJar, *, owner: str) -> bytes:
        """Return the cookie jar of `owner` at an API, encrypted for that owner."""
        return self._keyring.seal(_encode(jar), f"jar:{owner}")

    def decode_jar(self, sealed: bytes, *, owner: str) -> UpstreamCookieJar:
        """Return the cookie jar that was stored for `owner`.

        Raises:
            UnreadableRecord: The record is not the one that this hub wrote there.
        """
        return self._open(sealed, f"jar:{owner}", UpstreamCookieJar)

    def _open(self, sealed: bytes, name: str, kind: type[Record]) -> Record:
        try:
            return msgspec.msgpack.decode(self._keyring.open(sealed, name), type=kind, dec_hook=_decode_secret)
        except (KeyringError, msgspec.DecodeError) as error:
            raise UnreadableRecord(str(error)) from error


def _encode(value: Session | TokenSet | Revocation | UpstreamCookieJar) -> bytes:
    return msgspec.msgpack.encode(value, enc_hook=_encode_secret)


def _encode_secret(value: Any) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(type(value).__name__)


def _decode_secret(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise NotImplementedError(kind.__name__)
