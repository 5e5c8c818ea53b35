"""The way to the socket of one connection: what is written, what waits to be, and whether there is to be more to read."""

import asyncio
import socket
import struct
from typing import cast

WAITING, RECEIVER, UPGRADE = 1, 2, 4
"""Why nothing is read, as bits: requests have come that nobody looks at yet; who takes what comes has enough for now; nobody has
taken the connection yet. It is read on when there is no reason left."""

ANYTHING = WAITING | RECEIVER | UPGRADE
AT_ONCE = struct.pack("ii", 1, 0)  # of SO_LINGER: what is not sent yet is dropped, and the other end is reset


class Wire(asyncio.Protocol):
    """A connection's transport, with back-pressure in both directions."""

    __slots__ = ("_holds", "_is_full", "_transport", "_writers")

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._holds = 0
        self._is_full = False
        self._writers: list[asyncio.Future[None]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
        # The system's own buffer is large enough: writers wait once it is full. Those of TLS would wait for nothing at all at 0.
        self._transport.set_write_buffer_limits(0 if transport.get_extra_info("sslcontext") is None else 1, 0)

    # -- out ----------------------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send bytes; those that the socket does not take wait in memory. To a browser that has gone nothing is sent."""
        if not self._transport.is_closing():
            self._transport.write(data)

    async def drain(self) -> None:
        """Return when little enough waits; at once when the connection is gone."""
        if self._is_full and not self._transport.is_closing():
            room = asyncio.get_running_loop().create_future()
            self._writers = [*(self._writers or ()), room]
            await room

    def buffered_bytes(self) -> int:
        """Return how many bytes wait because the browser does not take them."""
        return self._transport.get_write_buffer_size()

    def pause_writing(self) -> None:
        """Let writers wait: the browser does not take what it asked for."""
        self._is_full = True

    def resume_writing(self) -> None:
        """Let writers go on."""
        self._is_full = False
        self._let_writers_go()

    def _let_writers_go(self) -> None:
        writers, self._writers = self._writers, None
        for writer in writers or ():
            if not writer.done():
                writer.set_result(None)

    # -- in -----------------------------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Read no more for now: who takes it has enough."""
        self._hold(RECEIVER)

    def release(self) -> None:
        """Read on."""
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

    # -- the end ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close after what waits was sent."""
        self._transport.close()

    def abort(self) -> None:
        """Break the connection."""
        self._transport.abort()

    def reset(self) -> None:
        """Break the connection by a reset: nobody takes what was sent for whole, even if only the connection's end could tell."""
        self.set_option(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.abort()

    def set_option(self, level: int, option: int, value: int | bytes) -> None:
        """Set an option of the socket."""
        found: socket.socket | None = self._transport.get_extra_info("socket")
        if found is not None:
            found.setsockopt(level, option, value)
