"""WebSocket frames (RFC 6455 section 5): decodes messages, reports protocol errors, encodes frames. Pure."""

import codecs
import struct
from dataclasses import dataclass, field
from enum import IntEnum

from hub.listener.mask import apply_mask

MAX_CONTROL_BYTES = 125  # RFC 6455 section 5.5
FIN, RESERVED, OPCODE, CONTROL, MASKED, LENGTH = 0x80, 0x70, 0x0F, 0x08, 0x80, 0x7F  # RFC 6455 section 5.2

REGISTERED_CODES = frozenset({*range(1000, 1004), *range(1007, 1015)})  # registered at IANA and allowed in close frames
FREE_CODES = range(3000, 5000)  # RFC 6455 section 7.4.2


class Opcode(IntEnum):
    """Opcodes of frames (RFC 6455 section 5.2)."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = (int(opcode) for opcode in Opcode)
OPCODES = frozenset(map(int, Opcode))
BARE_CLOSE = bytes((FIN | CLOSE, 0))
ENDLESS_BYTES = 1 << 64


class Refusal(IntEnum):
    """Close codes for protocol errors (RFC 6455 section 7.4.1)."""

    PROTOCOL_ERROR = 1002
    INVALID_DATA = 1007
    TOO_BIG = 1009


class Broken(Exception):
    """The peer has violated the protocol. It gets a close frame with `code`; only its own close frame counts afterwards."""

    def __init__(self, code: Refusal, reason: str) -> None:
        super().__init__(reason)
        self.code = code


Message = tuple[int, str | bytes]
"""An opcode and its payload: text for TEXT, bytes for all others. CONTINUATION: see `NO_MESSAGE`."""

NO_MESSAGE: Message = (CONTINUATION, b"")
"""A frame that completes no message: a fragment, or one that is dropped. It comes out so that callers can count frames."""


@dataclass(slots=True)
class _Fragments:
    """A fragmented message. Text is decoded frame by frame, so that invalid UTF-8 fails at its first wrong byte."""

    opcode: int
    data: bytearray = field(default_factory=bytearray)
    decoder: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def add(self, data: bytes) -> None:
        """Append the next frame.

        Raises:
            UnicodeDecodeError: The text is none.
        """
        self.data += data
        if self.opcode == TEXT:
            self.decoder.decode(data)


class FrameReader:
    """Decodes frames of a client. Call `feed`, then `next` until it returns None."""

    __slots__ = ("_fragments", "_held", "_max_bytes", "_only_close", "_skipping")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held = bytearray()
        self._fragments: _Fragments | None = None
        self._only_close = False
        self._skipping = 0

    def feed(self, data: bytes) -> None:
        """Append received bytes. Callers must not feed more before `next` has returned None, which bounds the memory."""
        if self._skipping:
            skipped = min(self._skipping, len(data))
            self._skipping -= skipped
            data = data[skipped:]
        self._held += data

    def want_only_close(self) -> None:
        """Drop all further frames but a close frame, because ours was sent."""
        self._only_close = True
        self._fragments = None

    def next(self) -> Message | None:
        """Handle the next frame. Return the message that it completes, or `NO_MESSAGE`; None if the frame is incomplete.

        After `want_only_close` a close frame comes out without what it says.

        Raises:
            Broken: The peer breaks RFC 6455. Only a close frame comes out after that.
        """
        head = self._head()
        if head is None:
            return None
        first, at, size = head
        if self._only_close:
            if first & OPCODE == CLOSE:
                self._skip(ENDLESS_BYTES)  # nothing follows a close frame
                return CLOSE, b""
            self._skip(at + size)
            return NO_MESSAGE
        self._judge(first, at, size)
        if len(self._held) < at + size:
            return None
        return self._take(first, at, size) or NO_MESSAGE

    def _head(self) -> tuple[int, int, int] | None:
        """Return the first byte of the next frame, and offset and length of its payload; None if the head is incomplete."""
        held = self._held
        if len(held) < 2:
            return None
        second = held[1]
        size, at = second & LENGTH, 2
        if size == 126:
            if len(held) < 4:
                return None
            size, at = (held[2] << 8) | held[3], 4
        elif size == 127:
            if len(held) < 10:
                return None
            size, at = int.from_bytes(held[2:10], "big"), 10
        if second & MASKED:
            at += 4
        return held[0], at, size

    def _judge(self, first: int, at: int, size: int) -> None:
        """Reject an invalid frame by its head, before its payload is stored."""
        fault = ""
        if self._held[1] & MASKED == 0:
            fault = "a client masks its frames"
        elif first & RESERVED:
            fault = "no extension was negotiated"
        elif (first & OPCODE) not in OPCODES:
            fault = "unknown opcode"
        elif first & CONTROL:
            if not first & FIN or size > MAX_CONTROL_BYTES:
                fault = "a control frame is small and in one piece"
        elif self._fragments is None:
            if first & OPCODE == CONTINUATION:
                fault = "nothing to continue"
        elif first & OPCODE != CONTINUATION:
            fault = "the fragments of a message follow each other"
        if fault:
            raise self._broken(first, at, size, Refusal.PROTOCOL_ERROR, fault)
        held = 0 if self._fragments is None else len(self._fragments.data)
        if not first & CONTROL and held + size > self._max_bytes:
            raise self._broken(first, at, size, Refusal.TOO_BIG, "message too big")

    def _broken(self, first: int, at: int, size: int, code: Refusal, reason: str) -> Broken:
        """Return the error of a frame, and drop the frame. A close frame is the last frame of the peer, even if malformed."""
        self.want_only_close()
        if first & OPCODE != CLOSE:
            self._skip(at + size)
        else:
            self._held = bytearray(BARE_CLOSE)
        return Broken(code, reason)

    def _skip(self, size: int) -> None:
        self._skipping = max(size - len(self._held), 0)
        del self._held[:size]

    def _take(self, first: int, at: int, size: int) -> Message | None:
        """Return the message that a frame completes; None if the message is incomplete."""
        held = self._held
        payload = apply_mask(bytes(held[at - 4 : at]), bytes(held[at : at + size]))
        del held[: at + size]
        opcode = first & OPCODE
        if first & CONTROL:
            return self._control(opcode, payload)
        try:
            if self._fragments is None and first & FIN:
                return opcode, payload.decode("utf-8") if opcode == TEXT else payload
            return self._add(first, payload)
        except UnicodeDecodeError:
            self.want_only_close()
            raise Broken(Refusal.INVALID_DATA, "text is UTF-8") from None

    def _control(self, opcode: int, payload: bytes) -> Message:
        if opcode == CLOSE and (refusal := close_fault(payload)):
            self._held[:0] = BARE_CLOSE  # a malformed close frame still closes
            self.want_only_close()
            raise Broken(refusal, "malformed close frame")
        return opcode, payload

    def _add(self, first: int, payload: bytes) -> Message | None:
        if self._fragments is None:
            self._fragments = _Fragments(first & OPCODE)
        self._fragments.add(payload)
        if not first & FIN:
            return None
        whole, self._fragments = self._fragments, None
        data = bytes(whole.data)
        return whole.opcode, data.decode("utf-8") if whole.opcode == TEXT else data


def close_fault(data: bytes) -> Refusal | None:
    """Return the close code for a malformed close frame (RFC 6455 sections 5.5.1 and 7.4); None if it is well-formed."""
    if not data:
        return None
    if len(data) == 1:
        return Refusal.PROTOCOL_ERROR
    (code,) = struct.unpack_from("!H", data)
    if code not in REGISTERED_CODES and code not in FREE_CODES:
        return Refusal.PROTOCOL_ERROR
    try:
        data[2:].decode("utf-8")
    except UnicodeDecodeError:
        return Refusal.INVALID_DATA
    return None


def frame_head(opcode: int, size: int) -> bytes:
    """Return the head of an unmasked, unfragmented frame (RFC 6455 section 5.2)."""
    first = FIN | opcode
    if size < 126:
        return bytes((first, size))
    if size <= 0xFFFF:
        return struct.pack("!BBH", first, 126, size)
    return struct.pack("!BBQ", first, 127, size)


def close_payload(code: int | None, reason: str) -> bytes:
    """Return the payload of a close frame. A long reason is cut at a character boundary."""
    if code is None:
        return b""
    text = reason.encode()[: MAX_CONTROL_BYTES - 2].decode("utf-8", "ignore").encode()
    return struct.pack("!H", code) + text
