"""What release 0.1 writes to Redis and reads there about events: its definitions, and records that it made.

A new release runs beside it during an upgrade, so it has to read these records, and release 0.1 those of the new one.
"""

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

RECORDS = Path(__file__).parents[1] / "data" / "release_0_1.json"


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
