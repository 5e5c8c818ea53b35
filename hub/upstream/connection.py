"""One connection to a resource server, plain or TLS. It carries one exchange at a time."""

import asyncio
from typing import Protocol, cast

from hub.upstream.exchange import UpstreamExchange
from hub.upstream.failure import ConnectionBroken, Disconnected, Failure
from hub.upstream.request import Request
from hub.upstream.response import NotHttp

READ_BYTES = 64 * 1024
"""Largest read of a socket. Together with what was read before, this is what an answer that nobody reads holds in memory."""
READ_AHEAD_BYTES = 4096  # then the socket is left alone until they are taken
KEEP_ALIVE_SECONDS = 4.0  # Apache httpd and Node close idle connections after 5 s: no request may cross that


class Home(Protocol):
    """What a connection asks of the pool that it belongs to. A callback upward: the pool imports connections."""

    def release(self, connection: "UpstreamConnection") -> None:
        """Take back a connection that may carry another request."""

    def drop(self, connection: "UpstreamConnection") -> None:
        """Forget a connection."""


class UpstreamConnection(asyncio.BufferedProtocol):
    """Feeds the exchange that runs over it, and goes back to the pool at the end of the answer.

    What comes while no exchange runs answers nobody's request: the connection is closed.

    Attributes:
        is_closed: Whether it can carry nothing any more.
        idle_since: When the last exchange ended, by the loop's clock.
    """

    def __init__(self, home: Home, buffer: memoryview, loop: asyncio.AbstractEventLoop) -> None:
        """Parameters:
        buffer: Where the system puts what it reads. All connections share it: between `get_buffer` and
            `buffer_updated` nobody else has a turn.
        """
        self.is_closed = False
        self.idle_since = loop.time()
        self._home = home
        self._buffer = buffer
        self._loop = loop
        self._exchange: UpstreamExchange | None = None
        self._room: asyncio.Future[None] | None = None
        self._is_paused = False

    def begin(self, request: Request, silence_seconds: float, head_by: float | None) -> UpstreamExchange:
        """Send a request and return the exchange that stands for it."""
        self._exchange = UpstreamExchange(self, request, silence_seconds, head_by)
        self._transport.write(request.wire)
        return self._exchange

    @property
    def is_breaking(self) -> bool:
        """Whether the transport is closed, and `connection_lost` is still to come: uvloop takes no bytes then."""
        return self._transport.is_closing()

    def look(self, now: float, awake: float) -> None:
        """Close a connection that was idle for too long, and end an exchange that is overdue."""
        exchange = self._exchange
        if exchange is None:
            if now - self.idle_since >= KEEP_ALIVE_SECONDS:
                self.abort()
        elif (failure := exchange.overdue(now, awake)) is not None:
            self.fail(failure)

    def abort(self) -> None:
        """Cut the connection at once: closing it politely would first wait until the peer has read what was written."""
        if not self.is_closed:
            self.is_closed = True
            self._transport.abort()
            self._home.drop(self)

    def fail(self, failure: Failure) -> None:
        """Abort the connection, and with it the exchange that runs over it."""
        self.abort()
        if self._exchange is not None:
            exchange, self._exchange = self._exchange, None
            exchange.fail(failure)

    # -- called by the exchange ---------------------------------------------------------------------------------------

    def write(self, *parts: bytes) -> None:
        """Hand bytes to the socket."""
        if not self._transport.is_closing():
            self._transport.writelines(parts)

    async def room(self) -> None:
        """Return when the socket takes more."""
        if self._room is not None:
            await self._room

    def read_on(self) -> None:
        """Read again, if reading had been stopped because nobody took what came."""
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    # -- called by the event loop -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
        if limit := getattr(transport, "set_read_buffer_limits", None):
            limit(high=READ_BYTES)  # TLS reads on its own; without this it holds 512 KiB that are still encrypted

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to put what comes."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Read on in the answer."""
        exchange = self._exchange
        if exchange is None:
            self.abort()
            return
        try:
            exchange.feed(self._buffer[:nbytes])
        except NotHttp as error:
            self.fail(ConnectionBroken(str(error)))
            return
        if exchange.answer.is_complete:
            self._finish(exchange)
        elif exchange.answer.unread_bytes > READ_AHEAD_BYTES:
            self._is_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """Take the end of the connection for that of the answer, if it may be one."""
        exchange = self._exchange
        if exchange is None:
            self.abort()
        elif not exchange.answer.has_begun:
            self.fail(Disconnected())
        else:
            self._end(exchange)

    def connection_lost(self, exc: Exception | None) -> None:
        """Break off what ran over the connection, unless it was ended from this side."""
        if not self.is_closed:
            has_begun = self._exchange is not None and self._exchange.answer.has_begun
            self.fail(ConnectionBroken(_reason(exc)) if has_begun else Disconnected())

    def pause_writing(self) -> None:
        """Let uploads wait."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """Let them go on."""
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)
        if self._exchange is not None:
            self._exchange.moved()

    # -----------------------------------------------------------------------------------------------------------------

    def _end(self, exchange: UpstreamExchange) -> None:
        try:
            exchange.answer.end()
        except NotHttp as error:
            self.fail(ConnectionBroken(str(error)))
        else:
            self._finish(exchange)

    def _finish(self, exchange: UpstreamExchange) -> None:
        self._exchange = None
        exchange.finish()
        if exchange.answer.keeps_connection and exchange.is_sent:
            self.idle_since = self._loop.time()
            self._home.release(self)
        else:
            self.abort()


def _reason(error: Exception | None) -> str:
    return type(error).__name__ if error is not None else "The connection ended before the answer."
