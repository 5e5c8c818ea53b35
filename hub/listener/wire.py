"""Back-pressure of one connection, in both directions, on top of an asyncio transport."""

import asyncio
import socket
import struct
from typing import cast

from hub.listener.exchange import BytesReceiver

WAITING, RECEIVER, UPGRADE, TURN = 1, 2, 4, 8
"""Reasons to pause reading, as bits: pipelined requests wait; the receiver cannot keep up; an upgrade is not decided; the work of
this turn of the loop is done. Reading resumes when there is no reason left."""

ANYTHING = WAITING | RECEIVER | UPGRADE | TURN
AT_ONCE = struct.pack("ii", 1, 0)  # value of SO_LINGER: drop unsent bytes and reset the connection


class Wire(asyncio.Protocol):
    """A connection's transport, with back-pressure in both directions."""

    __slots__ = ("_holds", "_is_full", "_transport", "_writers")

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._holds = 0
        self._is_full = False
        self._writers: list[asyncio.Future[None]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        self._transport = cast(asyncio.Transport, transport)  # not a subclass of it in uvloop
        # The system's own buffer is large enough: writers wait once it is full. Those of TLS would wait for nothing at all at 0.
        self._transport.set_write_buffer_limits(0 if transport.get_extra_info("sslcontext") is None else 1, 0)

    # -- out ----------------------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Write bytes. Those that the socket does not accept wait in memory. Does nothing if the connection is closed."""
        if not self._transport.is_closing():
            self._transport.write(data)

    async def drain(self) -> None:
        """Wait until the write buffer is small enough. Returns at once if the connection is closed."""
        if self._is_full and not self._transport.is_closing():
            room = asyncio.get_running_loop().create_future()
            self._writers = [*(self._writers or ()), room]
            await room

    def buffered_bytes(self) -> int:
        """Return the number of bytes that wait for a slow client."""
        return self._transport.get_write_buffer_size()

    def pause_writing(self) -> None:
        """Pause writers, because the client does not read (back-pressure)."""
        self._is_full = True

    def resume_writing(self) -> None:
        """Resume writers."""
        self._is_full = False
        self._let_writers_go()

    def _let_writers_go(self) -> None:
        writers, self._writers = self._writers, None
        for writer in writers or ():
            if not writer.done():
                writer.set_result(None)

    # -- in -----------------------------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Pause reading, because the receiver cannot keep up (back-pressure)."""
        self._hold(RECEIVER)

    def release(self) -> None:
        """Resume reading."""
        self._release(RECEIVER)

    def _hold(self, reason: int) -> None:
        if not self._holds and not self._transport.is_closing():
            self._transport.pause_reading()
        self._holds |= reason

    def _release(self, reason: int) -> None:
        if self._holds & reason:
            self._holds &= ~reason
            if not self._holds and not self._transport.is_closing():
                self._transport.resume_reading()

    def take_over(self, receiver: BytesReceiver) -> None:
        """Pass all further bytes to `receiver`, beginning with those already received."""
        raise NotImplementedError

    # -- the end ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the connection after all written bytes were sent."""
        self._transport.close()

    def abort(self) -> None:
        """Abort the connection."""
        self._transport.abort()

    def reset(self) -> None:
        """Reset the connection, so that the client does not take an incomplete response for a complete one."""
        self.set_option(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.abort()

    def set_option(self, level: int, option: int, value: int | bytes) -> None:
        """Set an option of the socket."""
        found: socket.socket | None = self._transport.get_extra_info("socket")
        if found is not None:
            found.setsockopt(level, option, value)
