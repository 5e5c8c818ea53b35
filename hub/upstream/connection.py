"""One connection to an API, plain or TLS. It carries one exchange at a time."""

import asyncio
from typing import Protocol, cast

from hub.upstream.exchange import UpstreamExchange
from hub.upstream.failure import ConnectionBroken, Disconnected, Failure
from hub.upstream.request import Request
from hub.upstream.response import NotHttp

READ_BYTES = 64 * 1024
"""Largest read from a socket. A response that nobody reads holds this plus `READ_AHEAD_BYTES` in memory."""
READ_AHEAD_BYTES = 4096  # with more unread bytes, reading from the socket pauses (back-pressure)
KEEP_ALIVE_SECONDS = 4.0  # Apache httpd and Node close idle connections after 5 s; no request may be sent at that moment


class ConnectionOwner(Protocol):
    """The pool, as a connection uses it. A protocol, because the pool imports this module."""

    def release(self, connection: "UpstreamConnection") -> None:
        """Return a connection to the pool for another request."""

    def drop(self, connection: "UpstreamConnection") -> None:
        """Remove a closed connection from the pool."""


class UpstreamConnection(asyncio.BufferedProtocol):
    """Passes the received bytes to the current exchange, and returns to the pool at the end of the response.

    Bytes that arrive without an exchange belong to no request: the connection is closed.

    Attributes:
        is_closed: Whether the connection was aborted or lost.
        idle_since: Time of the loop's clock when the last exchange ended.
    """

    def __init__(self, owner: ConnectionOwner, buffer: memoryview, loop: asyncio.AbstractEventLoop) -> None:
        """Parameters:
        buffer: Buffer for reads. All connections share it, because no other connection runs between `get_buffer` and
            `buffer_updated`.
        """
        self.is_closed = False
        self.idle_since = loop.time()
        self._owner = owner
        self._buffer = buffer
        self._loop = loop
        self._exchange: UpstreamExchange | None = None
        self._writable: asyncio.Future[None] | None = None
        self._is_paused = False

    def begin(self, request: Request, stall_seconds: float, head_by: float | None) -> UpstreamExchange:
        """Send a request and return its exchange."""
        self._exchange = UpstreamExchange(self, request, stall_seconds, head_by)
        self._transport.write(request.wire)
        return self._exchange

    @property
    def is_breaking(self) -> bool:
        """Whether the transport is closing, before `connection_lost`. uvloop accepts no bytes then."""
        return self._transport.is_closing()

    def check_timeouts(self, now: float, running_seconds: float) -> None:
        """Close the connection if it was idle for too long, or fail its exchange if a timeout has expired."""
        exchange = self._exchange
        if exchange is None:
            if now - self.idle_since >= KEEP_ALIVE_SECONDS:
                self.abort()
        elif (failure := exchange.overdue(now, running_seconds)) is not None:
            self.fail(failure)

    def abort(self) -> None:
        """Abort the connection at once. A normal close would wait until the peer has read all written bytes."""
        if not self.is_closed:
            self.is_closed = True
            self._transport.abort()
            self._owner.drop(self)

    def fail(self, failure: Failure) -> None:
        """Abort the connection and fail its exchange."""
        self.abort()
        if self._exchange is not None:
            exchange, self._exchange = self._exchange, None
            exchange.fail(failure)

    # -- called by the exchange ---------------------------------------------------------------------------------------

    def write(self, *parts: bytes) -> None:
        """Write bytes to the socket."""
        if not self._transport.is_closing():
            self._transport.writelines(parts)

    async def writable(self) -> None:
        """Wait until the socket accepts more bytes."""
        if self._writable is not None:
            await self._writable

    def resume_reading(self) -> None:
        """Resume reading from the socket, if back-pressure had paused it."""
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    # -- called by the event loop -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        self._transport = cast(asyncio.Transport, transport)  # not a subclass of it in uvloop
        if limit := getattr(transport, "set_read_buffer_limits", None):
            limit(high=READ_BYTES)  # otherwise TLS buffers up to 512 KiB of encrypted bytes

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer for the next read."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Pass the received bytes to the exchange."""
        exchange = self._exchange
        if exchange is None:
            self.abort()
            return
        try:
            exchange.feed(self._buffer[:nbytes])
        except NotHttp as error:
            self.fail(ConnectionBroken(str(error)))
            return
        if exchange.response.is_complete:
            self._finish(exchange)
        elif exchange.response.unread_bytes > READ_AHEAD_BYTES:
            self._is_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """Treat the end of the connection as the end of the response, if the response is delimited that way."""
        exchange = self._exchange
        if exchange is None:
            self.abort()
        elif not exchange.response.has_begun:
            self.fail(Disconnected())
        else:
            self._end(exchange)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the exchange, unless this side has closed the connection."""
        if not self.is_closed:
            has_begun = self._exchange is not None and self._exchange.response.has_begun
            self.fail(ConnectionBroken(_reason(exc)) if has_begun else Disconnected())

    def pause_writing(self) -> None:
        """Pause uploads."""
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        """Resume uploads."""
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)
        if self._exchange is not None:
            self._exchange.upload_progressed()

    # -----------------------------------------------------------------------------------------------------------------

    def _end(self, exchange: UpstreamExchange) -> None:
        try:
            exchange.response.end()
        except NotHttp as error:
            self.fail(ConnectionBroken(str(error)))
        else:
            self._finish(exchange)

    def _finish(self, exchange: UpstreamExchange) -> None:
        self._exchange = None
        exchange.finish()
        if exchange.response.keeps_connection and exchange.is_sent:
            self.idle_since = self._loop.time()
            self._owner.release(self)
        else:
            self.abort()


def _reason(error: Exception | None) -> str:
    return type(error).__name__ if error is not None else "The connection ended before the response."
