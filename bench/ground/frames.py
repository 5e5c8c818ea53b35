"""As much of WebSocket (RFC 6455) as a client of the channel needs: the handshake, masked text out, whole frames in. Pure."""

import struct
from collections.abc import Iterator, Mapping

from bench.ground.rounds import WrongAnswer

TEXT, CLOSE = 0x1, 0x8  # opcodes, section 5.2
FINAL, MASKED = 0x80, 0x80
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # any 16 bytes; the server's proof of having read it is not checked here
ZERO_MASK = bytes(4)  # a legal masking key that leaves the payload as it is: the server unmasks all the same, we save the time


def build_handshake(path: str, headers: Mapping[str, str], subprotocol: str) -> bytes:
    """Return the upgrade request (section 4.1)."""
    fields = {
        **headers,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Protocol": subprotocol,
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def text_frame(payload: bytes) -> bytes:
    """Return a masked text frame (section 5.2) of less than 64 KiB."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", FINAL | TEXT, MASKED | size)
    else:
        head = struct.pack("!BBH", FINAL | TEXT, MASKED | 126, size)
    return head + ZERO_MASK + payload


class FrameReader:
    """Cuts what the hub sends into frames."""

    def __init__(self) -> None:
        self._received = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Take what has arrived; yield opcode and payload of each frame that is whole.

        Raises:
            WrongAnswer: A frame is a fragment or masked, which the hub never sends.
        """
        received, start = self._received + data, 0
        while (found := _find_frame(received, start)) is not None:
            begin, end = found
            yield received[start] & 0x0F, received[begin:end]
            start = end
        self._received = received[start:]


def _find_frame(received: bytes, start: int) -> tuple[int, int] | None:
    """Return where the payload of the frame at `start` begins and ends; None if it is not complete yet."""
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
    return (begin, begin + size) if len(received) >= begin + size else None
