"""One HTTP/1.1 connection of a client: requests in sequence, and responses in the same order.

Pipelined requests wait until the response before them was sent and read. While a request waits, reading pauses. After its work
of one turn of the event loop (`hub.listener.work_budget`), the rest waits for the next turn.
"""

import asyncio
import itertools
import sys
from collections import deque
from collections.abc import Callable

import structlog

from hub.listener.acceptor import close_oldest_idle, has_unread_bytes, ignore_closed
from hub.listener.exchange import BytesReceiver, Exchange, Front, Receiver
from hub.listener.handshake import accept
from hub.listener.head import BadHead, Headers, Names, RequestHead, error_response, response_head
from hub.listener.messages import MessageReceiver, MessageSocket
from hub.listener.reader import RequestReader
from hub.listener.websocket import WebSocket
from hub.listener.wire import ANYTHING, TURN, UPGRADE, WAITING, Wire
from hub.listener.work_budget import CLOSE, REQUEST_WORK, WorkBudget, WorkLimits, too_many_refused
from hub.primitives.clock import Clock

SLICE_BYTES = 4096  # parsed at a time, so that many small requests in one read of the socket do not take one turn of the loop
CHUNKED_SLICE_BYTES = 16 * 1024  # the same inside a chunked body
LINGER_BYTES = 1024 * 1024  # bytes that a lingering close drops before it aborts the connection
LINGER_SECONDS = 5.0

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"

logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class ClientConnections:
    """The state that all connections of one listener share.

    Attributes:
        error_headers: Additional headers of responses to invalid requests.
        open: Connections that speak HTTP.
        upgraded: Connections after an upgrade.
        names: Cache of header names.
        work_limits: Limits of the work of one connection.
        on_closed: Called when a connection has closed.
        numbers: Numbers the connections.
        is_closing: Whether connections close after their current response.
        now: Monotonic time in seconds, updated at each sweep.
    """

    def __init__(
        self, front: Front, *, max_head_bytes: int, error_headers: Headers, clock: Clock, work_limits: WorkLimits
    ) -> None:
        self.front = front
        self.clock = clock
        self.work_limits = work_limits
        self.error_headers = error_headers
        self.max_head_bytes = max_head_bytes
        self.open: set[ClientConnection] = set()
        self.upgraded: set[ClientConnection] = set()
        self.names = Names()
        self.is_closing = False
        self.now = clock.monotonic()
        self.on_closed: Callable[[], None] = ignore_closed
        self.numbers = itertools.count()
        self._emptied: asyncio.Future[None] | None = None

    def close_idle(self, count: int) -> int:
        """Close so many idle connections, the oldest first; return how many."""
        return close_oldest_idle(self.open, count)

    def forget(self, connection: "ClientConnection") -> None:
        """Remove a closed connection."""
        self.open.discard(connection)
        self.upgraded.discard(connection)
        self.on_closed()
        if self._emptied is not None and not self.open and not self.upgraded:
            self._emptied.set_result(None)
            self._emptied = None

    async def emptied(self) -> None:
        """Wait until all connections are closed."""
        if self.open or self.upgraded:
            self._emptied = asyncio.get_running_loop().create_future()
            await self._emptied


class ClientConnection(Wire):
    """One connection: parses requests, runs them in order, and sends their responses."""

    __slots__ = (
        "_active_at",
        "_body_left",
        "_current",
        "_error",
        "_is_fresh",
        "_is_paused",
        "_is_starting",
        "_lingers",
        "_number",
        "_reader",
        "_receiver",
        "_receiving",
        "_rest",
        "_shared",
        "_unparsed",
        "_unsent",
        "_upgraded",
        "_waiting",
        "_work",
        "remote_ip",
    )

    def __init__(self, shared: ClientConnections) -> None:
        super().__init__()
        self._shared = shared
        self._reader: RequestReader | None = RequestReader(self, shared.names, shared.max_head_bytes)
        self._current: Exchange | None = None  # the running request
        self._receiver: Receiver | None = None  # its handler
        self._receiving: Exchange | None = None  # the request whose body is arriving
        self._waiting: deque[Exchange] | None = None
        self._error: BadHead | None = None  # the error of an invalid request behind waiting ones
        self._is_starting = False
        self._is_fresh = True  # nothing that is a request, or was rejected as one, has come
        self._lingers: int | None = None  # bytes dropped by the lingering close; None: it has not begun
        self._upgraded: BytesReceiver | None = None
        self._number = next(shared.numbers)
        self._work = WorkBudget(shared.work_limits)
        self._is_paused = False  # until the next turn
        self._unparsed: bytes | None = None  # bytes that wait for the next turn, or behind waiting requests
        self._body_left: int | None = 0  # bytes of the arriving body; None: it is chunked
        self._rest: bytes | None = None  # bytes after an upgrade request that is not decided yet
        self._unsent = 0
        self._active_at = shared.now
        self.remote_ip = ""

    # -- from the transport -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start reading."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.remote_ip = peer[0] if isinstance(peer, tuple) else ""
        self._shared.open.add(self)

    def data_received(self, data: bytes) -> None:
        """Process received bytes."""
        if self._upgraded is not None:
            self._upgraded.bytes_received(data)
        elif self._reader is not None:
            work = self._work
            if not work.cost and not self._is_paused:
                work.left = work.per_turn  # a new portion: the loop reads a socket once a turn
            if len(data) > SLICE_BYTES or self._unparsed is not None:
                self._read_slices(data if self._unparsed is None else self._unparsed + data)
            else:
                self._read(data, self._reader)
        elif self._lingers is not None:
            self._lingers += len(data)
            if self._lingers > LINGER_BYTES:
                self.abort()
        elif self._rest is not None:
            self._hand_on_rest(self._rest + data)

    def eof_received(self) -> None:
        """Close the connection: a client that has closed its side is gone."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the handler and all waiting requests that the client is gone."""
        receiver, upgraded = self._receiver, self._upgraded
        self._shared.forget(self)
        if self._is_fresh and not self._shared.is_closing:
            self._shared.work_limits.on_refused(self.remote_ip, 0)
        self._stop_reading()
        self._current = self._receiver = self._receiving = self._waiting = self._upgraded = None
        self._let_writers_go()
        if receiver is not None:
            receiver.on_connection_close()
        if upgraded is not None:
            upgraded.connection_lost()

    def pause_writing(self) -> None:
        """Pause writers, because the client does not read (back-pressure)."""
        super().pause_writing()
        self._active_at = self._shared.now

    def resume_writing(self) -> None:
        """Resume writers and waiting requests."""
        super().resume_writing()
        if self._upgraded is not None:
            self._upgraded.drained()
        elif self._current is None:
            self._go_on()

    # -- from the reader ----------------------------------------------------------------------------------------------

    def _read(self, data: bytes, reader: RequestReader) -> None:
        was_in_head = reader.is_in_head
        try:
            rest = reader.feed(data)
        except BadHead as error:
            self._is_fresh = False
            self._refuse(self._shared.work_limits.judged(error, self.remote_ip))
        except Exception:
            self._crash()
        else:
            if rest is not None:
                self._hand_on_rest(rest)
            elif reader.is_in_head and not was_in_head:  # the timeout covers the whole head, against slow senders
                self._active_at = self._shared.now

    def _read_slices(self, data: bytes) -> None:
        """Parse many bytes bit by bit, until a request has to wait or the work of this turn is done. The rest waits."""
        self._unparsed = None
        at = 0
        while at < len(data):
            if self._reader is None:  # an upgrade, or the end
                self.data_received(data[at:])
                return
            if self._waiting or self._work.left <= 0:
                self._unparsed = data[at:]
                self._hold(WAITING)
                if not self._waiting:
                    self._pause()
                return
            segment = data[at : at + self._slice_size()]
            at += len(segment)
            self._read(segment, self._reader)

    def _slice_size(self) -> int:
        if self._receiving is None:
            return SLICE_BYTES
        return CHUNKED_SLICE_BYTES if self._body_left is None else max(self._body_left, SLICE_BYTES)

    def on_request(self, head: RequestHead) -> None:
        """Start a request, or let it wait behind earlier ones."""
        self._active_at = self._shared.now
        self._is_fresh = False
        self._body_left = head.body_bytes
        exchange = self._receiving = Exchange(self, head)
        if self._current is None and not self._waiting and not self._is_full and self._work.left > 0:
            self._start(exchange)
            return
        self._work.left -= 1
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(exchange)
        self._hold(WAITING)
        if self._current is None and not self._is_full:
            self._pause()

    def on_body(self, data: bytes) -> None:
        """Pass a segment of its body to the receiver."""
        exchange = self._receiving
        self._active_at = self._shared.now
        self._work.left -= 1
        if self._body_left is not None:
            self._body_left -= len(data)
        if exchange is None or exchange.is_ended:
            return  # the response was already sent
        if exchange is self._current and self._receiver is not None:
            self._receiver.data_received(data)
        else:
            exchange.waiting_body.append(data)

    def on_complete(self) -> None:
        """Tell the receiver that the request is complete."""
        exchange, self._receiving = self._receiving, None
        if exchange is not None:
            exchange.is_read = True
            self.release()
            self._finish(exchange)

    def _stop_reading(self) -> None:
        self._unparsed = None
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    # -- one request after the other ----------------------------------------------------------------------------------

    def _start(self, exchange: Exchange) -> None:
        """Pass a request to its handler."""
        self._work.left -= REQUEST_WORK
        self._current = exchange
        if self._shared.is_closing:
            exchange.keep_alive = False
        receiver = self._shared.front.open(exchange)
        if exchange is not self._current:
            return  # the response was sent at once
        self._receiver = receiver
        pieces, exchange.waiting_body = exchange.waiting_body, []
        for segment in pieces:
            receiver.data_received(segment)

    def _finish(self, exchange: Exchange) -> None:
        if exchange is self._current and self._receiver is not None:
            self._receiver.finish()

    def send_head(self, status: int, reason: str, fields: Headers, body: bytes = b"") -> None:
        """Send the head of a response and the first part of its body in one write.

        Raises:
            ValueError: A header contains a character that is not allowed. Nothing was sent.
        """
        data = response_head(status, reason, fields) + body
        if not self._transport.is_closing():
            self._transport.write(data)

    def send_chunk(self, segment: bytes, *, is_chunked: bool) -> None:
        """Send a segment of the body."""
        self.write(b"%x\r\n%b\r\n" % (len(segment), segment) if is_chunked else segment)

    def send_last_chunk(self) -> None:
        """Send the last chunk."""
        self.write(LAST_CHUNK)

    def send_continue(self) -> None:
        """Send `100 Continue`."""
        self.write(CONTINUE)

    def exchange_ended(self, exchange: Exchange) -> None:
        """Start the next pipelined request, or close the connection."""
        if exchange is not self._current:
            return
        self._current = self._receiver = None
        self._active_at = self._shared.now
        if exchange.keep_alive:
            self._go_on()
        else:
            self._close_after(exchange)

    def _go_on(self) -> None:
        """Start waiting requests in order until one does not end at once, then resume reading if none waits."""
        if self._is_starting or self._is_paused or not (self._waiting or self._error or self._unparsed):
            return
        self._is_starting = True
        try:
            while self._waiting and self._current is None and not self._is_full and self._work.left > 0:
                exchange = self._waiting.popleft()
                self._start(exchange)
                if exchange.is_read:
                    self._finish(exchange)
        except Exception:
            self._crash()
        finally:
            self._is_starting = False
        self._after_waiting_requests()

    def _after_waiting_requests(self) -> None:
        if self._waiting:
            if self._current is None and not self._is_full:
                self._pause()
        elif self._error is not None:
            if self._current is None:
                self._send_error(self._error)
        elif self._unparsed is not None:
            self._read_slices(self._unparsed)
            self._release_unless_waiting()
        else:
            self._release(WAITING)

    def _release_unless_waiting(self) -> None:
        if self._unparsed is None and not self._waiting:
            self._release(WAITING)

    # -- the turn of this connection ----------------------------------------------------------------------------------

    def charge(self, cost: float) -> None:
        """Charge the connection for a rejected request."""
        self._work.charge(cost)

    def _pause(self) -> None:
        """Let other connections have their turn: the rest waits for the next one, or longer if the client is throttled."""
        if self._is_paused or self._transport.is_closing():
            return
        shared = self._shared
        wait = self._work.pause(shared.clock.monotonic())
        if wait == CLOSE:
            self._waiting = None
            self._receiving = None
            self._refuse(too_many_refused())
            return
        self._is_paused = True
        self._hold(TURN)
        if wait:
            shared.clock.call_later(wait, self._end_pause)
        else:
            asyncio.get_running_loop().call_soon(self._end_pause)

    def _end_pause(self) -> None:
        self._is_paused = False
        self._work.refill()
        if self._transport.is_closing():
            return
        if self._current is None:
            self._go_on()
        elif self._unparsed is not None and not self._waiting:
            self._after_waiting_requests()  # more of the body of the current request
        if not self._is_paused:
            self._release(TURN)

    # -- the end ------------------------------------------------------------------------------------------------------

    def _close_after(self, exchange: Exchange) -> None:
        """Close the connection after a response. If the client may still be sending, use a lingering close."""
        is_last = exchange.is_read and not self._waiting and not self._holds
        self._stop_reading()
        self._waiting = None
        if is_last:
            self._transport.close()
        else:
            self._linger()

    def _linger(self) -> None:
        """Lingering close: close the write side, and drop further input, so that the client can read the response."""
        if self._lingers is not None or self._transport.is_closing():
            return
        self._lingers = 0
        self._release(ANYTHING)
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _refuse(self, error: BadHead) -> None:
        """Send an error for an invalid request after all earlier responses, then close."""
        self._stop_reading()
        broken, self._receiving = self._receiving, None
        if broken is not None and broken is self._current:
            self._break_off(broken, error)
            return
        if broken is not None and self._waiting:
            self._waiting.pop()
        if self._current is None and not self._waiting:
            self._send_error(error)
        else:
            self._error = error
            self._hold(WAITING)

    def _break_off(self, exchange: Exchange | None, error: BadHead) -> None:
        """End a request that cannot be completed: send an error, or reset if the response has begun."""
        receiver, self._receiver, self._current = self._receiver, None, None
        if receiver is not None:
            receiver.on_connection_close()
        if exchange is None:
            self._transport.close()
        elif exchange.is_begun:
            self.reset()
        else:
            exchange.is_ended = True
            self._send_error(error)

    def _send_error(self, error: BadHead) -> None:
        self._current = self._waiting = self._error = None
        self.write(error_response(error, self._shared.error_headers))
        self._linger()

    def _crash(self) -> None:
        """Log an unexpected exception, and respond with 500 if no response has begun."""
        current = self._current
        logger.error("request.crashed", path=None if current is None else current.head.path, exc_info=sys.exc_info())
        self._stop_reading()
        self._receiving = self._waiting = None
        self._break_off(current, BadHead("Something went wrong.", 500))

    # -- an upgrade ---------------------------------------------------------------------------------------------------

    def open_websocket(
        self, exchange: Exchange, receiver: MessageReceiver, subprotocol: str | None, max_message_bytes: int
    ) -> MessageSocket:
        """Give up HTTP for a WebSocket.

        Raises:
            HandshakeRefused: The request is no handshake, or one of another version.
        """
        fields = accept(exchange.head, subprotocol)
        websocket = WebSocket(
            self,
            receiver,
            max_message_bytes=max_message_bytes,
            work=self._work,
            clock=self._shared.clock,
            abuse_code=self._shared.work_limits.close_code,
        )
        self.upgrade(fields)
        return websocket

    def upgrade(self, fields: Headers) -> Wire:
        """Send 101 and return the upgraded connection. Whatever can fail comes before the first byte of the 101.

        Raises:
            ValueError: A header contains a character that is not allowed. Nothing was sent.
        """
        data = response_head(101, "", fields)
        upgraded = self.detach()
        self.write(data)
        return upgraded

    def detach(self) -> "ClientConnection":
        """Stop parsing HTTP. The caller calls `take_over` next."""
        if self in self._shared.open:
            self._shared.open.discard(self)
            self._shared.upgraded.add(self)
        self._stop_reading()
        self._current = self._receiver = self._receiving = self._waiting = None
        self._active_at = self._shared.now
        return self

    def take_over(self, receiver: BytesReceiver) -> None:
        """Pass all further bytes to `receiver`, beginning with those already received."""
        if self not in self._shared.upgraded:
            receiver.connection_lost()
            return
        self._upgraded = receiver
        rest, self._rest = self._rest, None
        self._release(ANYTHING)
        if rest:
            receiver.bytes_received(rest)

    def _hand_on_rest(self, rest: bytes) -> None:
        """Store the bytes after an upgrade request. Reading pauses until the upgrade is decided."""
        if self._upgraded is not None:
            if rest:
                self._upgraded.bytes_received(rest)
        elif self._current is not None or self._waiting or self in self._shared.upgraded:
            self._stop_reading()
            self._rest = rest
            if rest:  # otherwise reading continues, to notice the end of the connection
                self._hold(UPGRADE)

    # -- from the listener --------------------------------------------------------------------------------------------

    def check_progress(self, now: float, timeout_seconds: float) -> None:
        """Abort the connection if its client made no progress for too long.

        Parameters:
            timeout_seconds: Longest time without a next request, without progress of a request, or without progress of a
                response.
        """
        unsent = self._progress(now)
        if self._waits_for_client(unsent) and now - self._active_at > (
            timeout_seconds if self._lingers is None else LINGER_SECONDS
        ):
            self.abort()

    def check_upgraded(self, now: float, timeout_seconds: float) -> None:
        """Abort an upgraded connection that nobody has taken over, or whose client reads nothing for too long.

        One that is only silent stays open: whoever took it over sends pings.
        """
        unsent = self._progress(now)
        if (unsent or self._upgraded is None) and now - self._active_at > timeout_seconds:
            self.abort()

    def _progress(self, now: float) -> int:
        """Return the number of unsent bytes, and record a change of it as progress of the client."""
        unsent = self._transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent = unsent
            self._active_at = now
        return unsent

    def _waits_for_client(self, unsent: int) -> bool:
        current = self._current
        if unsent or current is None:
            return True
        return not (current.is_read or current.is_begun or self._holds)

    @property
    def idle_since(self) -> tuple[float, int] | None:
        """When the connection became idle, as of the last sweep, and its number; None if it is not idle."""
        return (self._active_at, self._number) if self._is_idle and not self._transport.get_write_buffer_size() else None

    @property
    def _is_idle(self) -> bool:
        """Whether the connection waits for a request of which no byte has arrived."""
        reader = self._reader
        return self._current is None and not self._waiting and not self._unparsed and reader is not None and not reader.is_in_head

    @property
    def is_connected(self) -> bool:
        """Whether the socket is open, be it for a lingering close."""
        return not self._transport.is_closing()

    def announce_close(self) -> None:
        """Close the connection after the current response, unless that has begun and can no longer say so."""
        if self._current is not None and not self._current.is_begun:
            self._current.keep_alive = False

    def close_if_idle(self) -> None:
        """Close the connection if it waits for a request, and none has just arrived."""
        if self._is_idle and not has_unread_bytes(self._transport.get_extra_info("socket")):
            self._transport.close()
