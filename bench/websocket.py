"""As much of WebSocket (RFC 6455) as a client of the systems needs: the handshake, masked text out, whole frames in. Pure."""

import struct
from collections.abc import Iterator, Mapping

from bench.rounds import WrongAnswer

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA  # opcodes, section 5.2
FINAL, MASKED = 0x80, 0x80
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # any 16 bytes; the server's proof of having read it is not checked here
ZERO_MASK = bytes(4)  # a legal masking key that leaves the payload as it is: the server unmasks all the same, we save the time


def build_handshake(path: str, headers: Mapping[str, str], subprotocol: str = "") -> bytes:
    """Return the upgrade request (section 4.1)."""
    fields = {
        **headers,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
        **({"Sec-WebSocket-Protocol": subprotocol} if subprotocol else {}),
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """Return a masked frame (section 5.2)."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", FINAL | opcode, MASKED | size)
    elif size <= 0xFFFF:
        head = struct.pack("!BBH", FINAL | opcode, MASKED | 126, size)
    else:
        head = struct.pack("!BBQ", FINAL | opcode, MASKED | 127, size)
    return head + ZERO_MASK + payload


class FrameReader:
    """Cuts what a server sends into frames."""

    def __init__(self) -> None:
        self._received = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Take what has arrived; yield opcode and payload of each frame that is whole.

        Raises:
            WrongAnswer: A frame is a fragment or masked, which no server here ever sends.
        """
        self._received += data
        start = 0
        while (found := _find_frame(self._received, start)) is not None:
            opcode, begin, end = found
            yield opcode, bytes(self._received[begin:end])
            start = end
        if start:
            del self._received[:start]


def _find_frame(received: bytearray, start: int) -> tuple[int, int, int] | None:
    """Return opcode of the frame at `start`, and where its payload begins and ends; None if it is not complete yet."""
    if len(received) < start + 2:
        return None
    first, size = received[start], received[start + 1]
    if not first & FINAL or size & MASKED:
        raise WrongAnswer("a fragment, or a masked frame")
    begin = start + 2
    if size == 126:
        begin, size = begin + 2, int.from_bytes(received[begin : begin + 2])
    elif size == 127:
        begin, size = begin + 8, int.from_bytes(received[begin : begin + 8])
    return (first & 0x0F, begin, begin + size) if len(received) >= begin + size else None
