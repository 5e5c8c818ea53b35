"""A WebSocket of Tornado's own implementation, behind the interface `MessageSocket`."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import structlog
from tornado import httputil
from tornado.http1connection import HTTP1Connection
from tornado.iostream import IOStream
from tornado.web import Application
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from hub.listener.guarded_stream import GuardedStream
from hub.listener.handshake import HandshakeRefused, accept
from hub.listener.head import RequestHead
from hub.listener.messages import MessageReceiver, OutgoingMessage
from hub.listener.tornado_requests import headers_of, start_line_of, take_note
from hub.primitives.tasks import start_waiting

READS_OF_FRAME = 3  # Tornado reads head, mask and payload one by one; each read is work

logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class TornadoWebSocket:
    """A WebSocket without extensions. Implements `MessageSocket`.

    Attributes:
        close_code: With which the peer has closed; None: it has said no code, or nothing at all.
        close_reason: What the peer said to it.
        is_closing: Whether a close frame was sent, or the connection is gone.

    Raises:
        HandshakeRefused: The request is no handshake, or one of another version.
    """

    def __init__(
        self,
        http: HTTP1Connection,
        stream: GuardedStream,
        head: RequestHead,
        receiver: MessageReceiver,
        *,
        subprotocol: str | None,
        max_message_bytes: int,
    ) -> None:
        accept(head, subprotocol)
        try:
            self._request = httputil.HTTPServerRequest(connection=http, start_line=start_line_of(head), headers=headers_of(head))
        except httputil.HTTPInputError as error:
            raise HandshakeRefused(400, str(error)) from error
        self.subprotocol = subprotocol
        self.max_message_bytes = max_message_bytes
        self.close_code: int | None = None
        self.close_reason = ""
        self.is_closing = False
        stream.work.charge_work(1 / READS_OF_FRAME, READS_OF_FRAME)
        self._stream = stream
        self._receiver = receiver
        self._handler: SocketHandler | None = None
        self._waiting: list[Callable[[SocketHandler], None]] = []  # actions for the moment when Tornado has opened the WebSocket
        self._waiting_bytes = 0
        self._may_read: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._is_gone = False

    @property
    def is_open(self) -> bool:
        """Whether Tornado has completed the handshake."""
        return self._handler is not None

    def start(self, *, reading: bool = True) -> None:
        """Let Tornado accept the handshake. With `reading=False`, messages wait until `read_on`."""
        if reading:
            self._may_read.set_result(None)
        if self._stream.closed():
            self.gone(None, None)
            return
        delegate = Application().get_handler_delegate(self._request, SocketHandler, {"socket": self})
        delegate.finish()

    def read_on(self) -> None:
        """Start passing messages to the receiver."""
        if not self._may_read.done():
            self._may_read.set_result(None)

    # -- out ----------------------------------------------------------------------------------------------------------

    def write_messages(self, messages: Iterable[OutgoingMessage], *, ping: bool = False) -> None:
        """Send messages; with `ping`, followed by a ping. Does nothing if the socket is closing."""
        for message in messages:
            self._write(b"".join(message.parts), binary=message.binary)
        if ping:
            self.ping()

    async def send(self, message: str | bytes) -> None:
        """Send a message. Returns when the next one can be sent, or when the connection is closed."""
        self._write(message, binary=isinstance(message, bytes))
        await self._stream.drain()

    def buffered_bytes(self) -> int:
        """Return the number of bytes that wait for a slow client."""
        return self._stream.unsent_bytes + self._waiting_bytes

    def charge(self, cost: float) -> None:
        """Charge the connection for work that a message has caused, in addition to the cost of its frame."""
        self._stream.work.charge(cost)

    async def next_turn(self) -> bool:
        """Return when more of the work of a message may be done. False: the WebSocket is closing."""
        if not await self._stream.next_turn():
            self._stream.owner.abused()
        return not self.is_closing

    def ping(self) -> None:
        """Send a ping."""
        if not self.is_closing:
            self._do(lambda handler: handler.ping())

    def set_option(self, level: int, option: int, value: int | bytes) -> None:
        """Set an option of the socket."""
        self._stream.set_option(level, option, value)

    def close(self, code: int | None = None, reason: str = "") -> None:
        """Send the written messages, then a close frame. The connection ends with the peer's close frame, or after 5 s."""
        if self.is_closing:
            return
        self.is_closing = True
        self._do(lambda handler: handler.close(code, reason if code is not None else None))
        self.read_on()

    def _write(self, message: str | bytes, *, binary: bool) -> None:
        if self.is_closing:
            return
        if self._handler is None:
            self._waiting_bytes += len(message)
        self._do(lambda handler: handler.write_message(message, binary=binary).add_done_callback(take_note))

    def _do(self, work: "Callable[[SocketHandler], None]") -> None:
        if self._handler is None:
            self._waiting.append(work)
            return
        try:
            work(self._handler)
        except WebSocketClosedError:
            self.is_closing = True

    # -- from Tornado -------------------------------------------------------------------------------------------------

    async def opened(self, handler: "SocketHandler") -> None:
        """Run the delayed actions. Return when messages may be read."""
        self._handler = handler
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        for work in waiting:
            self._do(work)
        await self._may_read

    def received(self, message: str | bytes) -> Awaitable[None] | None:
        """Pass a message on. Tornado reads the next one when the result is done: after the work, or when we close."""
        work = None if self.is_closing else self._receiver.on_message(message)
        if work is None:
            return None
        if not self.is_closing:
            self._may_read = asyncio.get_running_loop().create_future()
        start_waiting(work, "WebSocket receiver", self._worked)
        return self._may_read

    def _worked(self, work: "asyncio.Future[None]") -> None:
        if work.cancelled():  # the message is lost, so the next one must not follow
            self._stream.abort()
        error = None if work.cancelled() else work.exception()
        if error is not None and not self._may_read.done():
            self._may_read.set_exception(error)
        self.read_on()

    def heard(self) -> None:
        """Pass a pong on."""
        self._receiver.on_pong()

    def drained(self) -> None:
        """Handle that all waiting bytes were sent."""
        if not self._is_gone:
            self._receiver.on_drained()

    def gone(self, code: int | None, reason: str | None) -> None:
        """Handle the end of the connection."""
        if self._is_gone:
            return
        self._is_gone = self.is_closing = True
        self.close_code, self.close_reason = code, reason or ""
        self.read_on()
        self._receiver.on_close()


class SocketHandler(WebSocketHandler):
    """The handler that Tornado runs for the WebSocket."""

    def initialize(self, socket: TornadoWebSocket) -> None:
        """Store the hub's WebSocket object."""
        self._socket = socket

    def set_default_headers(self) -> None:
        """Remove all headers that the handshake does not need."""
        for name in ("Server", "Date", "Content-Type"):
            self.clear_header(name)

    @property
    def max_message_size(self) -> int:
        """The maximum size of a message in bytes."""
        return self._socket.max_message_bytes

    def check_origin(self, origin: str) -> bool:
        """Return True: the handler has already checked the origin."""
        return True

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Return the subprotocol that the handler has chosen."""
        return self._socket.subprotocol if self._socket.subprotocol in subprotocols else None

    def get_compression_options(self) -> dict[str, Any] | None:
        """Return None: compression is disabled."""
        return None

    def detach(self) -> IOStream:
        """Start the connection. Its end is noticed even while reading is paused."""
        stream = super().detach()
        stream.set_close_callback(self.on_connection_close)
        return stream

    async def open(self) -> None:
        """Start the WebSocket."""
        self.set_nodelay(True)
        await self._socket.opened(self)

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Pass a message on."""
        return self._socket.received(message)

    def on_pong(self, data: bytes) -> None:
        """Pass a pong on."""
        self._socket.heard()

    def on_close(self) -> None:
        """Pass the end of the connection on."""
        self._socket.gone(self.close_code, self.close_reason)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Log an unexpected exception as the hub's own listener does."""
        logger.error("websocket.handler_crashed", exc_info=(typ, value, tb))
