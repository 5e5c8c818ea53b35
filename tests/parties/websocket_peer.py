"""A WebSocket client that breaks rules: it writes frames as a test says, and shows what comes back frame by frame."""

import asyncio
import base64
import os
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from tests.waiting import hang_timeout

MASK = b"\x5a\x01\xfe\x3c"

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN = 0x80


def frame(opcode: int, data: bytes = b"", *, fin: bool = True, reserved: int = 0, mask: bytes = MASK, size: int = -1) -> bytes:
    """Return a frame of a client; `mask` b"" leaves the mask out, `size` announces another length than that of `data`."""
    size = len(data) if size < 0 else size
    flag = 0x80 if mask else 0
    first = (FIN if fin else 0) | reserved | opcode
    if size < 126:
        head = struct.pack("!BB", first, flag | size)
    elif size < 0x10000:
        head = struct.pack("!BBH", first, flag | 126, size)
    else:
        head = struct.pack("!BBQ", first, flag | 127, size)
    if not mask:
        return head + data
    return head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))


def close_payload(code: int, reason: bytes = b"") -> bytes:
    """Return what a close frame carries."""
    return struct.pack("!H", code) + reason


@dataclass(frozen=True, slots=True)
class Received:
    """A frame of the server."""

    opcode: int
    data: bytes
    fin: bool = True

    @property
    def code(self) -> int | None:
        """The close code; None: it has none."""
        assert self.opcode == CLOSE, self
        return int(struct.unpack_from("!H", self.data)[0]) if self.data else None

    @property
    def reason(self) -> str:
        """Why the server closes."""
        return self.data[2:].decode("utf-8")


class WebSocketPeer:
    """One connection after its handshake."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    @asynccontextmanager
    async def dial(cls, port: int, path: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[Self]:
        """Open a WebSocket; it is cut off at the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        fields = {
            "Host": f"127.0.0.1:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            **(headers or {}),
        }
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        writer.write("\r\n".join(lines).encode("ascii"))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        try:
            yield cls(reader, writer)
        finally:
            writer.transport.abort()

    async def send(self, *frames: bytes) -> None:
        """Write bytes as they are."""
        self._writer.write(b"".join(frames))
        await self._writer.drain()

    async def receive(self) -> Received:
        """Return the next frame."""
        async with hang_timeout():
            first, size = await self._reader.readexactly(2)
            assert not size & 0x80, "a server does not mask"
            if size == 126:
                (size,) = struct.unpack("!H", await self._reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self._reader.readexactly(8))
            return Received(first & 0x0F, await self._reader.readexactly(size), bool(first & FIN))

    async def rest(self) -> bytes:
        """Return what comes until the server has ended the connection in an orderly way: no reset."""
        async with hang_timeout():
            return await self._reader.read()
