"""One connection of a browser: its requests one after the other, and their answers in the same order.

Requests that come before the last one was answered (pipelining), or before its answer was taken, wait; while one waits,
nothing more is read.
"""

import asyncio
import sys
from collections import deque

import structlog

from hub.listener.exchange import BytesReceiver, Exchange, Front, Receiver, Upgraded
from hub.listener.handshake import accept
from hub.listener.head import BadHead, Headers, Names, RequestHead, error_response, response_head
from hub.listener.messages import MessageReceiver, MessageSocket
from hub.listener.reader import RequestReader
from hub.listener.websocket import WebSocket
from hub.listener.wire import ANYTHING, UPGRADE, WAITING, Wire

LINGER_BYTES = 1024 * 1024  # of what nobody wants any more, how much is dropped before the connection is cut
LINGER_SECONDS = 5.0

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"

logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class ClientConnections:
    """What the connections of one listener share.

    Attributes:
        error_headers: What an answer to what is no request says besides the problem.
        open: All of them that speak HTTP.
        upgraded: Those that do so no more.
        names: The names of fields that browsers send.
        is_closing: Whether connections end with the answer that they are giving.
        now: Seconds of a monotonic clock, moved once a sweep: exact enough to find idle connections.
    """

    def __init__(self, front: Front, *, max_head_bytes: int, error_headers: Headers, now: float) -> None:
        self.front = front
        self.error_headers = error_headers
        self.max_head_bytes = max_head_bytes
        self.open: set[ClientConnection] = set()
        self.upgraded: set[ClientConnection] = set()
        self.names = Names()
        self.is_closing = False
        self.now = now
        self._emptied: asyncio.Future[None] | None = None

    def forget(self, connection: "ClientConnection") -> None:
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


class ClientConnection(Wire):
    """A connection, for as long as it speaks HTTP; after an upgrade the way to its socket."""

    __slots__ = (
        "_active_at",
        "_current",
        "_is_starting",
        "_lingers",
        "_mistake",
        "_reader",
        "_receiver",
        "_receiving",
        "_rest",
        "_shared",
        "_unsent",
        "_upgraded",
        "_waiting",
        "remote_ip",
    )

    def __init__(self, shared: ClientConnections) -> None:
        super().__init__()
        self._shared = shared
        self._reader: RequestReader | None = RequestReader(self, shared.names, shared.max_head_bytes)
        self._current: Exchange | None = None  # whose turn it is
        self._receiver: Receiver | None = None  # who answers it
        self._receiving: Exchange | None = None  # whose body is coming
        self._waiting: deque[Exchange] | None = None
        self._mistake: BadHead | None = None  # what is wrong with that which came behind those that wait
        self._is_starting = False
        self._lingers: int | None = None  # how many bytes were dropped; None: the connection does not wait for its end
        self._upgraded: BytesReceiver | None = None
        self._rest: bytes | None = None  # came behind a request for an upgrade that is still being looked at
        self._unsent = 0
        self._active_at = shared.now
        self.remote_ip = ""

    # -- from the transport -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to listen."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.remote_ip = peer[0] if isinstance(peer, tuple) else ""
        self._shared.open.add(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the browser."""
        if self._upgraded is not None:
            self._upgraded.bytes_received(data)
        elif self._reader is not None:
            self._read(data, self._reader)
        elif self._lingers is not None:
            self._lingers += len(data)
            if self._lingers > LINGER_BYTES:
                self.abort()
        elif self._rest is not None:
            self._hand_on_rest(self._rest + data)

    def eof_received(self) -> None:
        """Close: a browser that sends no more is gone."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who waits for the browser."""
        receiver, upgraded = self._receiver, self._upgraded
        self._shared.forget(self)
        self._stop_reading()
        self._current = self._receiver = self._receiving = self._waiting = self._upgraded = None
        self._let_writers_go()
        if receiver is not None:
            receiver.on_connection_close()
        if upgraded is not None:
            upgraded.connection_lost()

    def pause_writing(self) -> None:
        """Let writers wait: the browser does not take what it asked for."""
        super().pause_writing()
        self._active_at = self._shared.now

    def resume_writing(self) -> None:
        """Let writers go on, and requests that wait."""
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
        except BadHead as mistake:
            self._refuse(mistake)
        except Exception:
            self._crash()
        else:
            if rest is not None:
                self._hand_on_rest(rest)
            elif reader.is_in_head and not was_in_head:  # it has one time for all of it, so that it cannot trickle for ever
                self._active_at = self._shared.now

    def on_request(self, head: RequestHead) -> None:
        """Take a request: now, or behind those that came before it."""
        self._active_at = self._shared.now
        head.keep_alive = head.keep_alive and not self._shared.is_closing
        exchange = self._receiving = Exchange(self, head)
        if self._current is None and not self._waiting and not self._is_full:
            self._start(exchange)
            return
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(exchange)
        self._hold(WAITING)

    def on_body(self, data: bytes) -> None:
        """Hand on a piece of its body."""
        exchange = self._receiving
        self._active_at = self._shared.now
        if exchange is None or exchange.is_ended:
            return  # nobody wants it any more
        if exchange is self._current and self._receiver is not None:
            self._receiver.data_received(data)
        else:
            exchange.waiting_body.append(data)

    def on_complete(self) -> None:
        """Hand on its end."""
        exchange, self._receiving = self._receiving, None
        if exchange is not None:
            exchange.is_read = True
            self.release()
            self._finish(exchange)

    def _stop_reading(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    # -- one request after the other ----------------------------------------------------------------------------------

    def _start(self, exchange: Exchange) -> None:
        """Let somebody answer a request, whose turn it is."""
        self._current = exchange
        receiver = self._shared.front.open(exchange)
        if exchange is not self._current:
            return  # it was answered at once
        self._receiver = receiver
        pieces, exchange.waiting_body = exchange.waiting_body, []
        for piece in pieces:
            receiver.data_received(piece)

    def _finish(self, exchange: Exchange) -> None:
        if exchange is self._current and self._receiver is not None:
            self._receiver.finish()

    def send_head(self, status: int, reason: str, fields: Headers, body: bytes = b"") -> None:
        """Send the head of an answer, and what is there of its body, in one write.

        Raises:
            ValueError: A field holds what no field may hold; nothing was sent.
        """
        data = response_head(status, reason, fields) + body
        if not self._transport.is_closing():
            self._transport.write(data)

    def send_chunk(self, piece: bytes, *, is_chunked: bool) -> None:
        """Send a piece of the body."""
        self.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)

    def send_last_chunk(self) -> None:
        """Say that no chunk follows."""
        self.write(LAST_CHUNK)

    def send_continue(self) -> None:
        """Ask for the body."""
        self.write(CONTINUE)

    def exchange_ended(self, exchange: Exchange) -> None:
        """Go on with the request behind this one, or close."""
        if exchange is not self._current:
            return
        self._current = self._receiver = None
        self._active_at = self._shared.now
        if exchange.keep_alive:
            self._go_on()
        else:
            self._close_after(exchange)

    def _go_on(self) -> None:
        """Start the requests that wait, as far as they are answered at once and the answers are taken, and read on."""
        if self._is_starting or not (self._waiting or self._mistake):
            return
        self._is_starting = True
        try:
            while self._waiting and self._current is None and not self._is_full:
                exchange = self._waiting.popleft()
                self._start(exchange)
                if exchange.is_read:
                    self._finish(exchange)
        except Exception:
            self._crash()
        finally:
            self._is_starting = False
        self._after_those_that_waited()

    def _after_those_that_waited(self) -> None:
        if self._waiting:
            return
        if self._mistake is None:
            self._release(WAITING)
        elif self._current is None:
            self._say(self._mistake)

    # -- the end ------------------------------------------------------------------------------------------------------

    def _close_after(self, exchange: Exchange) -> None:
        """Close the connection, but not under the last words."""
        is_last = exchange.is_read and not self._waiting and not self._holds
        self._stop_reading()
        self._waiting = None
        if is_last:
            self._transport.close()
        else:
            self._linger()

    def _linger(self) -> None:
        """Drop what the browser still sends until it closes: it would reset the connection before the last words are read."""
        if self._lingers is not None or self._transport.is_closing():
            return
        self._lingers = 0
        self._release(ANYTHING)
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _refuse(self, mistake: BadHead) -> None:
        """Answer what is no request, behind the answers to those that came before it, and close."""
        self._stop_reading()
        broken, self._receiving = self._receiving, None
        if broken is not None and broken is self._current:
            self._break_off(broken, mistake)
            return
        if broken is not None and self._waiting:
            self._waiting.pop()
        if self._current is None and not self._waiting:
            self._say(mistake)
        else:
            self._mistake = mistake
            self._hold(WAITING)

    def _break_off(self, exchange: Exchange | None, mistake: BadHead) -> None:
        """End a request that cannot be finished."""
        receiver, self._receiver, self._current = self._receiver, None, None
        if receiver is not None:
            receiver.on_connection_close()
        if exchange is None:
            self._transport.close()
        elif exchange.is_begun:
            self.reset()
        else:
            exchange.is_ended = True
            self._say(mistake)

    def _say(self, mistake: BadHead) -> None:
        self._current = self._waiting = self._mistake = None
        self.write(error_response(mistake, self._shared.error_headers))
        self._linger()

    def _crash(self) -> None:
        """Log a defect of ours, and tell the browser of it if it still waits for an answer."""
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
        return WebSocket(self.upgrade(accept(exchange.head, subprotocol)), receiver, max_message_bytes=max_message_bytes)

    def upgrade(self, fields: Headers) -> Upgraded:
        """Answer 101 and return the connection, which speaks another protocol from here on."""
        self.write(response_head(101, "", fields))
        return self.detach()

    def detach(self) -> "ClientConnection":
        """Give up HTTP: whoever asked for the connection calls `take_over` next."""
        if self in self._shared.open:
            self._shared.open.discard(self)
            self._shared.upgraded.add(self)
        self._stop_reading()
        self._current = self._receiver = self._receiving = self._waiting = None
        return self

    def take_over(self, receiver: BytesReceiver) -> None:
        """Hand all bytes to `receiver` from now on, those that have come already first."""
        if self not in self._shared.upgraded:
            receiver.connection_lost()
            return
        self._upgraded = receiver
        rest, self._rest = self._rest, None
        self._release(ANYTHING)
        if rest:
            receiver.bytes_received(rest)

    def _hand_on_rest(self, rest: bytes) -> None:
        """Take what came behind a request for an upgrade. Until somebody takes the connection, nothing more is read than that."""
        if self._upgraded is not None:
            if rest:
                self._upgraded.bytes_received(rest)
        elif self._current is not None or self._waiting or self in self._shared.upgraded:
            self._stop_reading()
            self._rest = rest
            if rest:  # else it is read on, to see whether the browser goes
                self._hold(UPGRADE)

    # -- from the listener --------------------------------------------------------------------------------------------

    def look(self, now: float, patience: float) -> None:
        """Break the connection if its browser has let it wait for too long.

        Parameters:
            patience: Seconds for its next request, or for a sign of life within one, or until it takes more of an answer.
        """
        unsent = self._transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent = unsent
            self._active_at = now
        if self._waits_for_browser(unsent) and now - self._active_at > (patience if self._lingers is None else LINGER_SECONDS):
            self.abort()

    def _waits_for_browser(self, unsent: int) -> bool:
        current = self._current
        if unsent or current is None:
            return True
        return not (current.is_read or current.is_begun or self._holds)

    def close_when_idle(self) -> None:
        """Close now, or after the answer that is being given, or that to the request that is coming."""
        if self._current is not None:
            self._current.keep_alive = False
        elif self._lingers is None and not self._waiting and not (self._reader is not None and self._reader.is_in_head):
            self._transport.close()
