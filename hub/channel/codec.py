"""Decodes and encodes messages and body frames. Which message is allowed when is decided in `connection`. Pure."""

import struct
from dataclasses import dataclass

import msgspec

from hub.channel.close_codes import protocol_error
from hub.channel.messages import ClientMessage, Envelope, ServerMessage
from hub.primitives.json_decoder import JsonDecoder, UnexpectedJson, UnreadableJson

BODY_HEADER = struct.Struct("!BBHI")
BODY_KIND = 1
END = 1

# The WebSocket limits the size of a message, and the buffer of a body its size. Bodies stay encoded, whatever their depth.
_decode_known = JsonDecoder[ClientMessage | list[ClientMessage]](
    ClientMessage | list[ClientMessage], max_bytes=None, max_depth=None
).decode
_decode_message = JsonDecoder[ClientMessage](ClientMessage, max_bytes=None, max_depth=None).decode
_decode_batch = JsonDecoder[list[msgspec.Raw]](list[msgspec.Raw], max_bytes=None, max_depth=None).decode
_decode_raw = JsonDecoder[msgspec.Raw](msgspec.Raw, max_bytes=None, max_depth=None).decode
_encode = msgspec.json.Encoder().encode
_decode_envelopes = JsonDecoder[list[Envelope]](list[Envelope], max_bytes=None, max_depth=None).decode
_KNOWN_TYPES = frozenset(kind.__struct_config__.tag for kind in ClientMessage.__args__)


@dataclass(frozen=True, slots=True)
class BodyFrame:
    """A segment of the body of request `id`."""

    id: int
    data: bytes
    end: bool = False

    def parts(self) -> tuple[bytes, bytes]:
        """Return header and data separately; the socket joins them with a single copy."""
        return BODY_HEADER.pack(BODY_KIND, END if self.end else 0, 0, self.id), self.data


def decode_text(text: str) -> list[ClientMessage | None]:
    """Return the messages in a WebSocket text message: one object or an array. None: an unknown message that is optional.

    Raises:
        ChannelClosed: 4400; the text is not JSON, or a message is unknown or lacks a required member.
    """
    try:
        decoded: ClientMessage | list[ClientMessage] = _decode_known(text)
    except UnexpectedJson:
        return _decode_with_unknown(text)
    except UnreadableJson as error:
        raise protocol_error(f"bad message: {error}") from error
    return [*decoded] if isinstance(decoded, list) else [decoded]


def _decode_with_unknown(text: str) -> list[ClientMessage | None]:
    """Return the messages of a text that contains unknown ones. Raises as `decode_text`."""
    batch = text if text.lstrip(" \t\r\n").startswith("[") else f"[{text}]"
    try:
        return [_decode_one(*pair) for pair in zip(_decode_batch(batch), _decode_envelopes(batch), strict=True)]
    except UnreadableJson as error:
        raise protocol_error(f"bad message: {error}") from error


def _decode_one(item: msgspec.Raw, envelope: Envelope) -> ClientMessage | None:
    if envelope.type not in _KNOWN_TYPES and envelope.optional is True:
        return None
    message: ClientMessage = _decode_message(bytes(item))
    return message


def decode_body(data: bytes) -> BodyFrame:
    """Return the body frame in a WebSocket binary message.

    Raises:
        ChannelClosed: 4400; the header of the frame is not valid.
    """
    if len(data) < BODY_HEADER.size:
        raise protocol_error("bad body frame: shorter than its header")
    kind, flags, zero, request_id = BODY_HEADER.unpack_from(data)
    if kind != BODY_KIND or flags & ~END or zero:
        raise protocol_error("bad body frame: unknown kind or flags")
    return BodyFrame(request_id, data[BODY_HEADER.size :], end=bool(flags & END))


def encode(message: ServerMessage) -> bytes:
    """Return the JSON text of a message. A body of type `Raw` is inserted unchanged."""
    return _encode(message)


def is_json(data: bytes) -> bool:
    """Return whether `data` can be inserted into a text message: valid UTF-8, well-formed JSON, nesting not too deep.

    A response that is not JSON would break all messages of its batch, so each one is checked. msgspec checks the grammar while
    it skips over a value, without building objects; that takes a third of the time of decoding.
    """
    try:
        _decode_raw(data)
    except UnreadableJson:
        return False
    return True
