"""As much of WebSocket (RFC 6455) as a client of the channel needs: the handshake, masked text out, whole frames in. Pure."""

import struct
from collections.abc import Mapping

from bench.rounds import WrongAnswer

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
    """Return a masked text frame (section 5.2)."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", FINAL | TEXT, MASKED | size)
    elif size <= 0xFFFF:
        head = struct.pack("!BBH", FINAL | TEXT, MASKED | 126, size)
    else:
        head = struct.pack("!BBQ", FINAL | TEXT, MASKED | 127, size)
    return head + ZERO_MASK + payload


def take_frame(received: bytes) -> tuple[int, bytes, bytes] | None:
    """Return opcode and payload of the first frame in `received`, and what follows it; None if it is not complete yet.

    Raises:
        WrongAnswer: The frame is a fragment or masked, which the hub never sends.
    """
    if len(received) < 2:
        return None
    first, size = received[0], received[1]
    if not first & FINAL or size & MASKED:
        raise WrongAnswer("a fragment, or a masked frame")
    start = 2
    if size == 126:
        start, size = 4, int.from_bytes(received[2:4])
    elif size == 127:
        start, size = 10, int.from_bytes(received[2:10])
    if len(received) < start + size:
        return None
    return first & 0x0F, received[start : start + size], received[start + size :]
