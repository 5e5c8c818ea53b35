"""The WebSocket protocol (RFC 6455) as the hub speaks it: Tornado's, with the endings that Tornado leaves out.

Tornado drops the connection without a word when a peer breaks the protocol, takes unmasked frames from clients, and sends
back whatever close code it gets. Here the frames are read and judged by ourselves; the handshake, the writing, the pings and
the closing timer stay Tornado's. What is used of its inside is named in `tests/web/test_websocket_protocol.py`.
"""

import asyncio
import codecs
import struct
from dataclasses import dataclass, field
from enum import IntEnum

from tornado.util import _websocket_mask
from tornado.websocket import WebSocketHandler, WebSocketProtocol, WebSocketProtocol13

SKIP_BYTES = 65_536  # of what a closing peer still sends, how much is held at once
MAX_CONTROL_BYTES = 125  # RFC 6455 section 5.5
FIN, RESERVED, OPCODE, CONTROL, MASKED, LENGTH = 0x80, 0x70, 0x0F, 0x08, 0x80, 0x7F  # RFC 6455 section 5.2

REGISTERED_CODES = frozenset({*range(1000, 1004), *range(1007, 1015)})  # those of IANA's registry that may be sent
FREE_CODES = range(3000, 5000)  # RFC 6455 section 7.4.2


class Opcode(IntEnum):
    """What a frame carries (RFC 6455 section 5.2)."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


OPCODES = frozenset(Opcode)


class Refusal(IntEnum):
    """The close codes with which a WebSocket fails (RFC 6455 section 7.4.1)."""

    PROTOCOL_ERROR = 1002
    INVALID_DATA = 1007
    TOO_BIG = 1009


@dataclass(frozen=True, slots=True)
class Frame:
    """The head of a frame: everything before its payload.

    Attributes:
        mask: The masking key; empty: the frame is not masked.
        size: Of the payload, in bytes.
    """

    first: int
    mask: bytes
    size: int

    @property
    def opcode(self) -> int:
        """What it carries, as the peer says."""
        return self.first & OPCODE

    @property
    def is_final(self) -> bool:
        """Whether it is the last frame of its message."""
        return bool(self.first & FIN)

    @property
    def is_control(self) -> bool:
        """Whether it may stand between the frames of a message."""
        return bool(self.first & CONTROL)

    def fault(self, *, inside_message: bool) -> str:
        """Say what is wrong with it by RFC 6455 sections 5.1 to 5.5; "": nothing."""
        if not self.mask:
            return "a client masks its frames"
        if self.first & RESERVED:
            return "no extension was negotiated"
        if self.opcode not in OPCODES:
            return "unknown opcode"
        if self.is_control:
            is_small = self.is_final and self.size <= MAX_CONTROL_BYTES
            return "" if is_small else "a control frame is small and in one piece"
        if inside_message != (self.opcode == Opcode.CONTINUATION):
            return "the fragments of a message follow each other" if inside_message else "nothing to continue"
        return ""


@dataclass(slots=True)
class Fragments:
    """A message that comes in several frames. Text is checked as it comes, so that a wrong one ends with its first wrong byte."""

    opcode: int
    data: bytearray = field(default_factory=bytearray)
    decoder: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def add(self, data: bytes) -> None:
        """Take the next frame.

        Raises:
            UnicodeDecodeError: The text is none.
        """
        self.data += data
        if self.opcode == Opcode.TEXT:
            self.decoder.decode(data)


class StrictWebSocketProtocol(WebSocketProtocol13):
    """A server's side of one WebSocket without extensions. Whoever breaks the protocol gets a close frame that says so.

    After a close frame of ours nothing of the peer counts but its close frame: the rest is read and dropped, so that the
    peer can read ours before the connection goes. Tornado's timer ends that after 5 s.
    """

    _fragments: Fragments | None = None

    @classmethod
    def of(cls, handler: WebSocketHandler, plain: WebSocketProtocol | None) -> "StrictWebSocketProtocol | None":
        """Return what takes the place of Tornado's own protocol for `handler`; None: a version that Tornado does not speak."""
        return cls(handler, False, plain.params) if isinstance(plain, WebSocketProtocol13) else None

    # -- frames ---------------------------------------------------------------------------------------------------

    async def _receive_frame(self) -> None:
        """Read one frame and do what it asks for; called by Tornado until one side has gone."""
        frame = await self._read_head()
        was_closing = self.server_terminated
        if self._refuses(frame) or (was_closing and frame.opcode != Opcode.CLOSE):
            await self._skip(frame)
            return
        data = _websocket_mask(frame.mask, await self._read_bytes(frame.size))
        handled = self._handle_message(frame.opcode, data) if frame.is_control else self._add(frame, data)
        if handled is not None:
            await handled

    async def _read_head(self) -> Frame:
        first, second = await self._read_bytes(2)
        size = second & LENGTH
        if size == 126:
            (size,) = struct.unpack("!H", await self._read_bytes(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self._read_bytes(8))
        return Frame(first, await self._read_bytes(4) if second & MASKED else b"", size)

    def _refuses(self, frame: Frame) -> bool:
        """Close because of the head of a frame, if there is reason to."""
        held = 0 if self._fragments is None else len(self._fragments.data)
        if fault := frame.fault(inside_message=self._fragments is not None):
            self._refuse(Refusal.PROTOCOL_ERROR, fault)
        elif not frame.is_control and held + frame.size > self.params.max_message_size:
            self._refuse(Refusal.TOO_BIG, "message too big")
        else:
            return False
        return True

    async def _skip(self, frame: Frame) -> None:
        """Drop the payload of a frame. A close frame is the peer's last one, even if it is malformed."""
        left = frame.size
        while left:
            left -= len(await self._read_bytes(min(left, SKIP_BYTES)))
        if frame.opcode == Opcode.CLOSE:
            self._end()

    # -- messages -------------------------------------------------------------------------------------------------

    def _add(self, frame: Frame, data: bytes) -> "asyncio.Future[None] | None":
        """Take a frame of data; hand on the message that it completes."""
        if self._fragments is None:
            if frame.is_final:
                return self._handle_message(frame.opcode, data)
            self._fragments = Fragments(frame.opcode)
        try:
            self._fragments.add(data)
        except UnicodeDecodeError:
            self._refuse(Refusal.INVALID_DATA, "text is UTF-8")
            return None
        if not frame.is_final:
            return None
        whole, self._fragments = self._fragments, None
        return self._handle_message(whole.opcode, bytes(whole.data))

    def _handle_message(self, opcode: int, data: bytes) -> "asyncio.Future[None] | None":
        """Do what a whole message or control frame asks for; Tornado knows how, once text and close frames are checked."""
        if opcode == Opcode.TEXT:
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:
                self._refuse(Refusal.INVALID_DATA, "text is UTF-8")
                return None
            return self._run_callback(self.handler.on_message, text)
        if opcode == Opcode.CLOSE and (refusal := close_fault(data)):
            self._refuse(refusal, "malformed close frame")
            self._end()
            return None
        return super()._handle_message(opcode, data)

    # -- closing --------------------------------------------------------------------------------------------------

    def _refuse(self, code: Refusal, reason: str) -> None:
        """Send a close frame, if none was sent before, and let the handler know the code."""
        if not self.server_terminated:
            self.close_code, self._fragments = int(code), None
            self.close(int(code), reason)

    def _end(self) -> None:
        """End the connection: both sides have said close."""
        self.client_terminated = True
        self.close()


def close_fault(data: bytes) -> Refusal | None:
    """Return how to answer the payload of a close frame that is malformed (RFC 6455 sections 5.5.1 and 7.4); None: it is not."""
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
