"""Decodes and encodes messages and body frames. Which message is allowed when is decided in `connection`. Pure."""

import struct
from dataclasses import dataclass

import msgspec

from hub.channel.close_codes import ChannelClosed, protocol_error
from hub.channel.messages import ClientMessage, ServerMessage

BODY_HEADER = struct.Struct("!BBHI")
BODY_KIND = 1
END = 1

_decode_known = msgspec.json.Decoder(ClientMessage | list[ClientMessage]).decode
_decode_message = msgspec.json.Decoder(ClientMessage).decode
_decode_batch = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_raw = msgspec.json.Decoder(msgspec.Raw).decode
_encode = msgspec.json.Encoder().encode


class _Envelope(msgspec.Struct):
    type: str
    optional: bool = False


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
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


def decode_text(text: str) -> list[ClientMessage]:
    """Return the messages in a WebSocket text message: one object or an array. Unknown messages marked optional are dropped.

    Raises:
        ChannelClosed: 4400; the text is not JSON, or a message is unknown or lacks a required member.
    """
    try:
        decoded: ClientMessage | list[ClientMessage] = _decode_known(text)
    except msgspec.ValidationError:
        return _decode_with_unknown(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _unreadable(error) from error
    return decoded if isinstance(decoded, list) else [decoded]


def _decode_with_unknown(text: str) -> list[ClientMessage]:
    """Return the messages of a text that contains unknown ones. Raises as `decode_text`."""
    try:
        items: list[msgspec.Raw | str] = [*_decode_batch(text)] if text.lstrip(" \t\r\n").startswith("[") else [text]
        return [message for item in items if (message := _decode_one(item)) is not None]
    except (msgspec.DecodeError, RecursionError) as error:
        raise _unreadable(error) from error


def _decode_one(item: msgspec.Raw | str) -> ClientMessage | None:
    try:
        message: ClientMessage = _decode_message(item)
    except msgspec.ValidationError:
        envelope = _decode_envelope(item)
        if envelope.type in _KNOWN_TYPES or not envelope.optional:
            raise
        return None
    return message


def _unreadable(error: Exception) -> ChannelClosed:
    return protocol_error("bad message: nested too deeply" if isinstance(error, RecursionError) else f"bad message: {error}")


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
        if not data.isascii():  # msgspec does not check the UTF-8 of strings that it skips
            data.decode("utf-8")
        _decode_raw(data)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        return False
    return True
