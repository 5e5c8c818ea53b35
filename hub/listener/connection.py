"""One connection of a browser: its requests one after the other, their answers in the same order, and the way to its socket.

Requests that come before the last one was answered (pipelining) wait; while one waits, nothing more is read.
"""

import asyncio
import socket
import sys
from collections import deque
from typing import cast

from hub.listener.exchange import BytesReceiver, Exchange, Front, Receiver
from hub.listener.head import BadHead, Fields, Names, RequestHead, refusal
from hub.listener.reader import CRASHED, RequestReader, crashed

LINGER_BYTES = 1024 * 1024  # of a body that nobody wants any more, how much is dropped before the connection is cut


class Connections:
    """What the connections of one listener share.

    Attributes:
        refusal_fields: What an answer to what is no request says besides the problem.
        open: All of them that speak HTTP.
        upgraded: Those that do so no more.
        names: The names of fields that browsers send.
        is_closing: Whether connections end with the answer that they are giving.
        now: Seconds of a monotonic clock, moved once a sweep: exact enough to find idle connections.
    """

    def __init__(self, front: Front, *, max_head_bytes: int, refusal_fields: Fields, now: float) -> None:
        self.front = front
        self.refusal_fields = refusal_fields
        self.max_head_bytes = max_head_bytes
        self.open: set[Connection] = set()
        self.upgraded: set[Connection] = set()
        self.names = Names()
        self.is_closing = False
        self.now = now
        self._emptied: asyncio.Future[None] | None = None

    def forget(self, connection: "Connection") -> None:
        """Know that a connection is gone."""
        self.open.discard(connection)
        self.upgraded.discard(connection)
        if self._emptied is not None and not self.open and not self.upgraded:
            self._emptied.set_result(None)
            self._emptied = None

    async def emptied(self) -> None:
        """Return when all connections are gone."""
        if self.open or self.upgraded:
            self._emptied = asyncio.get_running_loop().create_future()
            await self._emptied


class Connection(asyncio.Protocol):
    """A connection, for as long as it speaks HTTP; after an upgrade the way to its socket."""

    __slots__ = (
        "_current",
        "_drained",
        "_is_full",
        "_is_held",
        "_lingered",
        "_queue",
        "_reader",
        "_receiver",
        "_receives_bytes",
        "_receiving",
        "_rest",
        "_shared",
        "_starting",
        "_transport",
        "active_at",
        "is_lingering",
        "remote_ip",
    )

    def __init__(self, shared: Connections) -> None:
        self._shared = shared
        self._reader: RequestReader | None = RequestReader(self, shared.names, shared.max_head_bytes)
        self._current: Exchange | None = None  # whose turn it is
        self._receiver: Receiver | None = None  # who answers it
        self._receiving: Exchange | None = None  # whose body is coming
        self._queue: deque[Exchange] | None = None
        self._starting = False
        self.is_lingering = False
        self._lingered = 0
        self._is_full = False
        self._is_held = False
        self._drained: asyncio.Future[None] | None = None
        self._receives_bytes: BytesReceiver | None = None  # after an upgrade
        self._rest = b""  # came behind a request for an upgrade that is still being looked at
        self.remote_ip = ""
        self.active_at = shared.now

    # -- from the transport -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to listen."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
        self._transport.set_write_buffer_limits(0)  # the system's own buffer is large enough: writers wait once it is full
        peer = transport.get_extra_info("peername")
        self.remote_ip = peer[0] if isinstance(peer, tuple) else ""
        self._shared.open.add(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the browser."""
        if self._receives_bytes is not None:
            self._receives_bytes.bytes_received(data)
        elif self._reader is not None:
            if not self._reader.is_in_head:  # a head has one time for all of it, so that it cannot trickle for ever
                self.active_at = self._shared.now
            self._read(data, self._reader)
        elif self.is_lingering:
            self._linger(len(data))
        else:
            self._rest += data

    def eof_received(self) -> None:
        """Close: a browser that sends no more is gone."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who waits for the browser."""
        self._reader = self._queue = self._current = None
        self._shared.forget(self)
        self._let_writers_go()
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.on_connection_close()
        if self._receives_bytes is not None:
            self._receives_bytes.connection_lost()

    def pause_writing(self) -> None:
        """Let writers wait: the browser does not take what it asked for."""
        self._is_full = True

    def resume_writing(self) -> None:
        """Let writers go on."""
        self._is_full = False
        self._let_writers_go()
        if self._receives_bytes is not None:
            self._receives_bytes.drained()

    # -- from the reader ----------------------------------------------------------------------------------------------

    def _read(self, data: bytes, reader: RequestReader) -> None:
        try:
            rest = reader.feed(data)
        except BadHead as error:
            self._reader = None
            self._refuse(error)
            return
        if rest is not None:
            self._reader = None
            self._hand_on_rest(rest)

    def begin(self, head: RequestHead) -> None:
        """Take a request: now, or behind those that came before it."""
        exchange = self._receiving = Exchange(self, head)
        if self._current is not None or self._queue:
            self._enqueue(exchange)
        else:
            self._start(exchange)

    def take(self, data: bytes) -> None:
        """Hand on a piece of its body."""
        exchange = self._receiving
        if exchange is None or exchange.is_ended:
            return  # nobody wants it any more
        if exchange is self._current and self._receiver is not None:
            self._receiver.data_received(data)
        else:
            exchange.waiting_body.append(data)

    def end(self) -> None:
        """Hand on its end."""
        exchange, self._receiving = self._receiving, None
        if exchange is not None:
            exchange.is_read = True
            self._finish_reading(exchange)

    # -- one request after the other ----------------------------------------------------------------------------------

    def _start(self, exchange: Exchange) -> None:
        """Let somebody answer a request, whose turn it is."""
        self._current = exchange
        receiver = self._shared.front.open(exchange)
        if exchange.is_ended:
            return
        self._receiver = receiver
        pieces, exchange.waiting_body = exchange.waiting_body, []
        for piece in pieces:
            receiver.data_received(piece)

    def _finish_reading(self, exchange: Exchange) -> None:
        if exchange is self._current and self._receiver is not None:
            self._receiver.finish()

    def _enqueue(self, exchange: Exchange) -> None:
        if self._queue is None:
            self._queue = deque()
        self._queue.append(exchange)
        self.hold()

    def exchange_ended(self) -> None:
        """Go on with the next request, or close."""
        exchange, self._current, self._receiver = self._current, None, None
        self.active_at = self._shared.now
        if exchange is None:
            return
        if not exchange.keep_alive or self._shared.is_closing:
            self._close_after(exchange)
        elif self._queue and not self._starting:
            self._start_waiting()

    def _start_waiting(self) -> None:
        """Start the requests that wait, as far as they are answered at once."""
        self._starting = True
        try:
            while self._queue and self._current is None:
                exchange = self._queue.popleft()
                self._start(exchange)
                if exchange.is_read:
                    self._finish_reading(exchange)
        except Exception:
            self._refuse(crashed(sys.exc_info()))
        self._starting = False
        if not self._queue:
            self.release()

    def _close_after(self, exchange: Exchange) -> None:
        """Close the connection, but not under the last words: what a browser still sends would reset it before it reads them."""
        self._queue = self._reader = None
        if exchange.is_read or self._transport.is_closing():
            self._transport.close()
            return
        self.is_lingering = True
        self.release()
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _linger(self, size: int) -> None:
        self._lingered += size
        if self._lingered > LINGER_BYTES:
            self.abort()

    def _refuse(self, error: BadHead) -> None:
        """Answer what is no request, and close. An answer that is being given is finished first, unless we are at fault."""
        current = self._current
        if current is not None and current.is_read and error.status != CRASHED:
            current.keep_alive = False
            return
        receiver, self._receiver, self._current = self._receiver, None, None
        if receiver is not None:
            receiver.on_connection_close()
        if current is None or not current.is_begun:
            self._transport.write(refusal(error, self._shared.refusal_fields))
        self._transport.close()

    # -- an upgrade ---------------------------------------------------------------------------------------------------

    def detach(self) -> "Connection":
        """Give up HTTP: whoever asked for the connection calls `take_over` next."""
        self._shared.open.discard(self)
        self._shared.upgraded.add(self)
        self._current = self._receiver = self._receiving = self._queue = None
        return self

    def take_over(self, receiver: BytesReceiver) -> None:
        """Hand all bytes to `receiver` from now on, those that have come already first."""
        self._receives_bytes = receiver
        rest, self._rest = self._rest, b""
        if self._transport.is_closing():
            receiver.connection_lost()
        elif self._reader is None:  # else the reader is still at the head, and hands on the rest afterwards
            self.release()
            if rest:
                receiver.bytes_received(rest)

    def _hand_on_rest(self, rest: bytes) -> None:
        """Take what came behind a request for an upgrade. Until somebody takes the connection, nothing more is read."""
        if self._receives_bytes is None:
            self._rest = rest
            self.hold()
        elif rest:
            self._receives_bytes.bytes_received(rest)

    # -- the way out --------------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send bytes; those that the socket does not take wait in memory. To a browser that has gone nothing is sent."""
        if not self._transport.is_closing():
            self._transport.write(data)

    async def drain(self) -> None:
        """Return when little enough waits; at once when the connection is gone."""
        if self._is_full and not self._transport.is_closing():
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def buffered_bytes(self) -> int:
        """Return how many bytes wait because the browser does not take them."""
        return self._transport.get_write_buffer_size()

    def hold(self) -> None:
        """Read no more for now."""
        if not self._is_held and not self._transport.is_closing():
            self._is_held = True
            self._transport.pause_reading()

    def release(self) -> None:
        """Read on."""
        if self._is_held and not self._transport.is_closing():
            self._is_held = False
            self._transport.resume_reading()

    def set_option(self, level: int, option: int, value: int) -> None:
        """Set an option of the socket."""
        found: socket.socket | None = self._transport.get_extra_info("socket")
        if found is not None:
            found.setsockopt(level, option, value)

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for anything of this connection but the browser itself."""
        return self._current is None or not self._current.is_read

    def close(self) -> None:
        """Close after what waits was sent."""
        self._transport.close()

    def abort(self) -> None:
        """Break the connection."""
        self._transport.abort()

    def close_when_idle(self) -> None:
        """Close now, or after the answer that is being given."""
        if self._current is None:
            self._transport.close()
        else:
            self._current.keep_alive = False

    def _let_writers_go(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)
