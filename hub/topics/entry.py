"""The entries in the history of a topic: sealed publications, each with its time and a tag. Pure.

    p    the publication, sealed for its topic. Its first bytes are random; they are the ID of the event
    at   when it was published, in milliseconds since the epoch
    mac  the tag of `at` and `p` for this topic

Anybody who can write to Redis can add an entry again, which gets another position. `hub.topics.first_positions` recognizes it
by its ID, or its time does: an event stands in the history when it is published, and not long after.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from hub.primitives.json_decoder import JsonDecoder, UnreadableJson
from hub.session.keyring import SEALED_HEADER_BYTES, Keyring, KeyringError
from hub.topics.model import Position, Publication, PublishedEvent, order

LATE_SECONDS = 600.0  # more than clocks differ, and than a publication takes

Fields = Mapping[bytes, bytes]
DropReason = Literal["incomplete", "unauthenticated", "late", "unreadable", "repeated"]

_encode = msgspec.json.Encoder().encode
_decode = JsonDecoder[Publication](Publication).decode


class UnusableEntry(ValueError):
    """An entry is not delivered.

    Attributes:
        reason: `incomplete`: a field is missing; `unauthenticated`: the tag is not that of the entry; `late`: added again long
            after it was published; `unreadable`: sealed with a key that is gone, or written by another version of the hub;
            `repeated`: the event stands at an earlier position already.
    """

    def __init__(self, reason: DropReason) -> None:
        super().__init__(reason)
        self.reason = reason


class EntryCodec:
    """Makes and reads entries.

    Parameters:
        accepts_untagged: Whether entries without a tag are read, as former releases write them.
    """

    def __init__(self, keyring: Keyring, *, accepts_untagged: bool = False) -> None:
        self._keyring = keyring
        self._accepts_untagged = accepts_untagged

    def encode(self, topic: str, publication: Publication, now: float) -> dict[bytes, bytes]:
        """Return the fields of a new entry. `now`: epoch seconds."""
        name = _name(topic)
        sealed, at = self._keyring.seal(_encode(publication), name), b"%d" % int(now * 1000)
        return {b"p": sealed, b"at": at, b"mac": self._keyring.mac(_tagged(at, sealed), name)}

    def decode(self, topic: str, position: Position, fields: Fields, now: float) -> PublishedEvent:
        """Return the event of an entry at `position`. `now`: epoch seconds.

        Raises:
            UnusableEntry: The entry must not be delivered.
        """
        sealed = fields.get(b"p")
        if sealed is None:
            raise UnusableEntry("incomplete")
        published_at = self._published_at(topic, sealed, fields)
        if published_at is not None and published_at < min(order(position)[0] / 1000, now) - LATE_SECONDS:
            raise UnusableEntry("late")
        try:
            publication = _decode(self._keyring.open(sealed, _name(topic)))
        except (KeyringError, UnreadableJson) as error:
            raise UnusableEntry("unreadable") from error
        return PublishedEvent(position, publication, sealed[:SEALED_HEADER_BYTES])

    def _published_at(self, topic: str, sealed: bytes, fields: Fields) -> float | None:
        """Return when the event was published, epoch seconds; None if the entry has no tag and needs none."""
        at, tag = fields.get(b"at"), fields.get(b"mac")
        if at is None or tag is None:
            if self._accepts_untagged:
                return None
            raise UnusableEntry("unauthenticated")
        if not self._keyring.verify(tag, _tagged(at, sealed), _name(topic)):
            raise UnusableEntry("unauthenticated")
        return int(at) / 1000


def _tagged(at: bytes, sealed: bytes) -> bytes:
    return at + b" " + sealed


def _name(topic: str) -> str:
    return f"topic:{topic}"
