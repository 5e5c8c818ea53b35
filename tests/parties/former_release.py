"""What release 0.1 writes to Redis and reads there: its definitions, and records that it made.

A new release runs beside it during an upgrade, so it has to read these records, and release 0.1 those of the new one.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from hub.session.keyring import Keyring

RECORDS = Path(__file__).parents[1] / "data" / "release_0_1.json"
STORED = Path(__file__).parents[1] / "data" / "release_0_1_records.json"


class SessionHasEnded(msgspec.Struct, frozen=True, tag="ended"):
    """A session has ended."""

    key: str
    reason: str
    at: float
    identity: str = ""


class SessionWasRefreshed(msgspec.Struct, frozen=True, tag="refreshed"):
    """A session has a new access token."""

    key: str
    expires_at: float | None
    version: int = 0


class SessionWasReplaced(msgspec.Struct, frozen=True, tag="replaced"):
    """The user has logged in again."""

    key: str
    until: float


class TopicHasNews(msgspec.Struct, frozen=True, tag="topic"):
    """A topic has new events."""

    name: str


class Recipient(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """For whom an event of a topic is."""

    subject: str = ""
    issuer: str = ""
    session: str = ""
    scope: str = ""


class Publication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event of a topic, as it is sealed."""

    name: str
    data: msgspec.Raw = msgspec.Raw(b"{}")
    to: Recipient = Recipient()


@dataclass(frozen=True, kw_only=True)
class FormerTokens:
    """The tokens of a session, as they are sealed."""

    access_token: str
    obtained_at: float
    expires_at: float | None = None
    due_at: float | None = None
    refresh_token: str | None = None
    refresh_expires_at: float | None = None
    id_token: str | None = None
    scope: str = ""


@dataclass(frozen=True, kw_only=True)
class FormerSession:
    """A session, as it is sealed."""

    key: str
    version: int
    issuer: str
    subject: str
    name: str | None
    claims: dict[str, Any]
    tokens: FormerTokens
    created_at: float
    touched_at: float
    provider: str = "main"
    provider_session_id: str | None = None
    nonce: str | None = None
    auth_time: float | None = None
    clock_difference: float = 0.0
    acr: str | None = None
    client: str = ""
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class FormerRevocation:
    """The tokens to revoke, as they are sealed."""

    key: str
    provider: str
    issuer: str
    provider_session_id: str | None
    give_up_at: float
    access_token: str
    refresh_token: str | None
    failures: int = 0


@dataclass(frozen=True, kw_only=True)
class FormerJar:
    """A cookie jar, as it is sealed."""

    target: str
    cookies: dict[str, str]
    used_at: float


FormerEvent = SessionHasEnded | SessionWasRefreshed | SessionWasReplaced | TopicHasNews

encode_event = msgspec.json.Encoder().encode
decode_event = msgspec.json.Decoder(FormerEvent).decode
decode_publication = msgspec.json.Decoder(Publication).decode


@cache
def records() -> dict[str, Any]:
    """Return what release 0.1 has written, by key or channel."""
    return dict(json.loads(RECORDS.read_text(encoding="utf-8")))


def session_key() -> bytes:
    """Return the session key with which it has sealed."""
    return base64.urlsafe_b64decode(records()["key"] + "=")


def events() -> list[bytes]:
    """Return messages of `hub:events`."""
    return [message.encode() for message in records()["hub:events"]]


def topic_entries() -> list[dict[bytes, bytes]]:
    """Return entries of the topic `ward-7`."""
    return [{name.encode(): bytes.fromhex(value) for name, value in entry.items()} for entry in records()["hub:topic:ward-7"]]


def look_up(fields: Mapping[bytes, bytes], key: str, keyring: Keyring) -> object:
    """Return what release 0.1 finds in the record of a session: an end, a move, or a session and its activity."""
    if b"ended" in fields:
        return "ended", fields[b"ended"].decode(), float(fields[b"ended_at"])
    if b"moved_to" in fields:
        return "moved", fields[b"moved_to"].decode(), float(fields[b"moved_until"])
    opened = keyring.open(fields[b"data"], f"session:{key}:{int(fields[b'version'])}")
    return msgspec.msgpack.decode(opened, type=FormerSession), float(fields[b"touched_at"])


def open_tokens(sealed: bytes, key: str, name: str, keyring: Keyring) -> FormerTokens:
    """Return an audience-restricted token."""
    return msgspec.msgpack.decode(keyring.open(sealed, f"token:{key}:{name}"), type=FormerTokens)


def open_revocation(sealed: bytes, key: str, keyring: Keyring) -> FormerRevocation:
    """Return the tokens to revoke."""
    return msgspec.msgpack.decode(keyring.open(sealed, f"revocation:{key}"), type=FormerRevocation)


def open_jar(sealed: bytes, owner: str, keyring: Keyring) -> FormerJar:
    """Return a cookie jar."""
    return msgspec.msgpack.decode(keyring.open(sealed, f"jar:{owner}"), type=FormerJar)


@cache
def stored() -> dict[str, Any]:
    """Return what release 0.1 has stored about sessions, and the names of those sessions."""
    return dict(json.loads(STORED.read_text(encoding="utf-8")))


def stored_commands() -> list[tuple[bytes | str | float, ...]]:
    """Return the commands that put these records into Redis."""
    return [_command(name, kind, value) for name, record in stored()["redis"].items() for kind, value in record.items()]


def _command(name: str, kind: str, value: Any) -> tuple[bytes | str | float, ...]:
    match kind:
        case "hash":
            return "HSET", name, *(item for field, text in value.items() for item in (field, base64.b64decode(text)))
        case "zset":
            return "ZADD", name, *(item for member, score in value.items() for item in (score, member))
        case "stream":
            return (
                "XADD",
                name,
                value[0][0],
                *(item for field, text in value[0][1].items() for item in (field, base64.b64decode(text))),
            )
        case _:
            return "SET", name, base64.b64decode(value)
