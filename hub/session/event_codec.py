"""Messages on `hub:events`: a session event in JSON, with the publisher, its sequence, and a tag. Pure.

    {"type":"ended",...,"publisher":"9f86d081884c7d65","sequence":7,"mac":"..."}

The tag is that of the text before `,"mac"`. Former releases send none of the three members, and ignore them.
"""

import re
import secrets
from dataclasses import dataclass

import msgspec

from hub.primitives.json_decoder import JsonDecoder
from hub.session.events import SessionEvent
from hub.session.keyring import Keyring

MAX_BYTES = 4096  # the longest message of a hub has about 500
PUBLISHER_BYTES = 8

_MAC = re.compile(rb'(?P<signed>.*),"mac":"(?P<mac>(?:[0-9a-f]{2})+)"\}', re.DOTALL)


class _Origin(msgspec.Struct, frozen=True):
    """The members that say who has sent a message."""

    publisher: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event as it came.

    Attributes:
        publisher: ID of the process that has sent it; empty if the message has no valid tag. Then anybody may have sent it.
        sequence: Number of this message among those of the publisher, from 1.
    """

    event: SessionEvent
    publisher: str = ""
    sequence: int = 0


_encode = msgspec.json.Encoder().encode
_decode_event = JsonDecoder[SessionEvent](SessionEvent, max_bytes=MAX_BYTES).decode
_decode_origin = JsonDecoder[_Origin](_Origin, max_bytes=MAX_BYTES).decode


class EventCodec:
    """Makes and reads the messages of one process. `channel`: where they are published; a tag of another one is not valid."""

    def __init__(self, keyring: Keyring, channel: str) -> None:
        self._keyring = keyring
        self._channel = channel
        self._publisher = secrets.token_hex(PUBLISHER_BYTES)
        self._sequence = 0

    def encode(self, event: SessionEvent) -> bytes:
        """Return the next message of this process."""
        self._sequence += 1
        origin = _Origin(self._publisher, self._sequence)
        signed = _encode(event)[:-1] + b"," + _encode(origin)[1:-1]
        return signed + b',"mac":"' + self._keyring.mac(signed, self._channel).hex().encode() + b'"}'

    def decode(self, message: bytes) -> ReceivedEvent:
        """Return the event in a message.

        Raises:
            UnreadableJson: It is no message of any hub, or too large.
        """
        event = _decode_event(message)
        found = _MAC.fullmatch(message)
        if found is None or not self._keyring.verify(bytes.fromhex(found["mac"].decode()), found["signed"], self._channel):
            return ReceivedEvent(event)
        origin = _decode_origin(message)
        return ReceivedEvent(event, origin.publisher, origin.sequence)
