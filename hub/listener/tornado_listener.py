"""Tornado's own HTTP server behind the listener's seam, for operators who prefer the server that many others run.

Tornado parses requests and frames responses. The hub adds what it relies on: `hub.listener.strict_head` sees each head first, so
that no request gets in that the hub's own listener rejects; `hub.listener.guarded_stream` sets timeouts and ends connections.
docs/listeners.md lists what differs.
"""

import asyncio
import itertools
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

import structlog
from tornado import httputil
from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream, SSLIOStream
from tornado.netutil import ssl_wrap_socket

from hub.listener.acceptor import Acceptor, DescriptorLimits, close_oldest_idle, ignore_closed
from hub.listener.connection_delay import ConnectionDelay
from hub.listener.exchange import Exchange, Front, Receiver
from hub.listener.guarded_stream import GuardedStream
from hub.listener.head import PHRASES, BadHead, Headers, RequestHead, error_response, response_head
from hub.listener.listener import SWEEP_SECONDS
from hub.listener.messages import MessageReceiver, MessageSocket
from hub.listener.strict_head import read_head
from hub.listener.tornado_websocket import TornadoWebSocket
from hub.listener.work_budget import TOO_MUCH_WORK, WorkBudget, WorkLimits, too_many_refused
from hub.primitives.clock import Clock
from hub.primitives.task_supervisor import ServiceTask, TaskSupervisor

MAX_BODY_BYTES = 2**63 - 1  # each route sets its own limit

logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class TornadoConnections:
    """The state that all connections of one listener share.

    Attributes:
        error_headers: Additional headers of responses to invalid requests.
        open: All connections that speak HTTP.
        upgraded: Those that speak WebSocket.
        work_limits: Limits of the work of one connection.
        is_closing: Whether connections end with the response that they are giving.
        now: Seconds of a monotonic clock, moved once a sweep.
    """

    def __init__(
        self, front: Front, *, max_head_bytes: int, error_headers: Headers, clock: Clock, work_limits: WorkLimits
    ) -> None:
        self.front = front
        self.clock = clock
        self.work_limits = work_limits
        self.max_head_bytes = max_head_bytes
        self.error_headers = error_headers
        self.open: set[TornadoClientConnection] = set()
        self.upgraded: set[TornadoClientConnection] = set()
        self.on_closed: Callable[[], None] = ignore_closed
        self.numbers = itertools.count()
        self.is_closing = False
        self.now = clock.monotonic()

    def close_idle(self, count: int) -> int:
        """Close so many idle connections, the oldest first; return how many."""
        return close_oldest_idle(self.open, count)

    def forget(self, connection: "TornadoClientConnection") -> None:
        """Remove a closed connection."""
        self.open.discard(connection)
        self.upgraded.discard(connection)
        self.on_closed()


class TornadoListener:
    """Listens on one or several sockets for one front. Has the parameters of `hub.listener.listener.HttpListener`."""

    def __init__(
        self,
        front: Front,
        clock: Clock,
        *,
        tls: ssl.SSLContext | None = None,
        error_headers: Headers | None = None,
        max_head_bytes: int = 32 * 1024,
        idle_seconds: float = 120.0,
        work_limits: WorkLimits | None = None,
        descriptors: DescriptorLimits | None = None,
        tasks: TaskSupervisor | None = None,
    ) -> None:
        self._connections = TornadoConnections(
            front,
            max_head_bytes=max_head_bytes,
            error_headers=error_headers or [],
            clock=clock,
            work_limits=work_limits or WorkLimits(),
        )
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._server = GuardedServer(
            _NoRequests(), ssl_options=tls, max_header_size=2 * max_head_bytes, max_body_size=MAX_BODY_BYTES, protocol="http"
        )
        self._server.guard(self._connections, is_tls=tls is not None)
        self._delay = ConnectionDelay(self._server.serve, self._connections.work_limits, clock)
        self._acceptor = Acceptor(self._delay.admit, self._connections.close_idle, descriptors or DescriptorLimits(), clock)
        self._connections.on_closed = self._delay.on_closed = self._acceptor.connection_closed
        self._tasks = tasks or TaskSupervisor(clock)
        self._sweeping: ServiceTask | None = None

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections on bound sockets."""
        self._sweeping = self._sweeping or self._tasks.start("listener sweep", self._sweep)
        self._acceptor.start(sockets)

    @property
    def has_connections(self) -> bool:
        """Whether a client may still send a request, or reads a response. WebSockets do not count."""
        return any(connection.stream.is_connected for connection in self._connections.open)

    def stop(self) -> None:
        """Stop accepting connections. Those that are open close after their next response, which says so."""
        self._acceptor.stop()
        self._delay.stop()
        self._server.stop()
        self._connections.is_closing = True
        for connection in self._connections.open:
            connection.announce_close()

    def close_idle(self) -> None:
        """Close the idle connections, except those on which a request has just arrived."""
        for connection in list(self._connections.open):
            connection.close_if_idle()

    async def close(self) -> None:
        """Close all connections, WebSockets too."""
        self.stop()
        if self._sweeping is not None:
            await self._sweeping.stop()
        for connection in [*self._connections.open, *self._connections.upgraded]:
            connection.stream.abort()
        await self._server.close_all_connections()
        while self._connections.open or self._connections.upgraded:
            await asyncio.wait([each.gone for each in [*self._connections.open, *self._connections.upgraded]])

    async def _sweep(self) -> None:
        while True:
            await self._clock.sleep(SWEEP_SECONDS)
            self.sweep()

    def sweep(self) -> None:
        """Abort the connections without progress, at the latest two sweeps after their timeout."""
        now = self._connections.now = self._clock.monotonic()
        for connection in list(self._connections.open):
            connection.stream.check_progress(now - SWEEP_SECONDS, self._idle_seconds)
        for connection in list(self._connections.upgraded):
            connection.check_upgraded(now - SWEEP_SECONDS, self._idle_seconds)


class _NoRequests(httputil.HTTPServerConnectionDelegate):
    """Placeholder for the delegate that Tornado requires. `GuardedServer` is its own delegate."""


class GuardedServer(HTTPServer):
    """Tornado's server, whose connections read and write through a `GuardedStream`."""

    def guard(self, connections: TornadoConnections, *, is_tls: bool) -> None:
        """Set the state that all connections share."""
        self._shared = connections
        self._is_tls = is_tls

    def serve(self, connection: socket.socket, address: object) -> None:
        """Serve an accepted connection, after its TLS handshake if there is one."""
        try:
            if self.ssl_options is None:
                stream = IOStream(connection, max_buffer_size=self.max_buffer_size, read_chunk_size=self.read_chunk_size)
            else:
                wrapped = ssl_wrap_socket(connection, self.ssl_options, server_side=True, do_handshake_on_connect=False)
                stream = SSLIOStream(wrapped, max_buffer_size=self.max_buffer_size, read_chunk_size=self.read_chunk_size)
        except OSError:  # the client is gone
            connection.close()
            return
        self.handle_stream(stream, cast("tuple[object, ...]", address))

    def handle_stream(self, stream: IOStream, address: tuple[object, ...]) -> None:
        """Serve a connection that was accepted."""
        remote_ip = address[0] if isinstance(address, tuple) and address else ""
        connection = TornadoClientConnection(self._shared, stream, str(remote_ip), is_tls=self._is_tls)
        super().handle_stream(cast(IOStream, connection.stream), address)

    def start_request(self, server_conn: object, request_conn: httputil.HTTPConnection) -> httputil.HTTPMessageDelegate:
        """Return the delegate of the next request of a connection."""
        http = cast(HTTP1Connection, request_conn)
        connection = cast(TornadoClientConnection, cast(GuardedStream, http.stream).owner)
        return connection.next_request(http)


class TornadoClientConnection:
    """One connection of a client.

    Attributes:
        stream: Its socket.
        gone: Done when the connection is gone.
    """

    def __init__(self, shared: TornadoConnections, stream: IOStream, remote_ip: str, *, is_tls: bool) -> None:
        self.shared = shared
        self.remote_ip = remote_ip
        self.head: RequestHead | None = None
        self.websocket: TornadoWebSocket | None = None
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closes = False  # after the current response
        self._request: TornadoRequestConnection | None = None
        self._number = next(shared.numbers)
        self._is_fresh = True  # nothing that is a request, or was rejected as one, has come
        work = WorkBudget(shared.work_limits)
        self.stream = GuardedStream(stream, lambda: shared.now, self._may_read, is_tls=is_tls, work=work, clock=shared.clock)
        self.stream.owner = self
        shared.open.add(self)

    def next_request(self, http: HTTP1Connection) -> "TornadoRequestConnection":
        """Return the delegate of the next request."""
        self._request = TornadoRequestConnection(self, http)
        return self._request

    @property
    def idle_since(self) -> tuple[float, int] | None:
        """When the connection became idle, and its number; None if it is not idle."""
        since = self.stream.idle_since
        return None if since is None else (since, self._number)

    def buffered_bytes(self) -> int:
        """Return the number of bytes that wait for a slow client."""
        return self.stream.unsent_bytes

    def check_upgraded(self, now: float, timeout_seconds: float) -> None:
        """Abort an upgraded connection that nobody has started, or whose client reads nothing for too long.

        One that is only silent stays open: whoever started it sends pings.
        """
        is_started = self.websocket is not None and self.websocket.is_open
        self.stream.check_upgraded(now, timeout_seconds, is_started=is_started)

    def announce_close(self) -> None:
        """Close the connection after the current response, unless that has begun and can no longer say so."""
        if self._request is not None:
            self._request.announce_close()

    def close_if_idle(self) -> None:
        """Close the connection if it waits for a request, and none has just arrived."""
        self.stream.close_if_idle()

    def reject(self, error: BadHead) -> None:
        """Send the problem and close the connection."""
        if not self.stream.closed():
            self.stream.write(error_response(error, self.shared.error_headers))
            self.stream.expects_more = True
            self.stream.close()

    def _may_read(self) -> bool:
        return not self.closes

    # -- for the stream -----------------------------------------------------------------------------------------------

    def check_head(self, data: bytes) -> bool:
        """Return whether Tornado gets a head."""
        self._is_fresh = False
        try:
            self.head = read_head(data.lstrip(b"\r\n"), self.shared.max_head_bytes)
        except BadHead as error:
            self.reject(self.shared.work_limits.judged(error, self.remote_ip))
            return False
        self.stream.expects_more = self.head.body_bytes != 0
        return True

    def malformed(self) -> None:
        """Reject a request that Tornado could not parse: by an error, or by a reset if the response has begun."""
        error = self.shared.work_limits.judged(BadHead("This is not an HTTP/1.1 request."), self.remote_ip)
        if self._request is None:
            self.reject(error)
        else:
            self._request.break_request(error)

    def drained(self) -> None:
        """Handle that all waiting bytes were sent."""
        if self.websocket is not None:
            self.websocket.drained()

    def abused(self) -> None:
        """Close the connection, because it has been throttled for too long."""
        if self.websocket is not None:
            self.websocket.close(self.shared.work_limits.close_code, TOO_MUCH_WORK)
        else:
            self.reject(too_many_refused())

    def connection_lost(self) -> None:
        """Handle the end of the connection."""
        self.shared.forget(self)
        if self._is_fresh and not self.shared.is_closing:
            self.shared.work_limits.on_refused(self.remote_ip, 0)
        if not self.gone.done():
            self.gone.set_result(None)
        request, self._request = self._request, None
        if request is not None:
            request.client_has_gone()


class TornadoRequestConnection(httputil.HTTPMessageDelegate):
    """One request: passes what Tornado reads to the handler, and what the exchange sends to Tornado."""

    def __init__(self, connection: TornadoClientConnection, http: HTTP1Connection) -> None:
        self.remote_ip = connection.remote_ip
        self._connection = connection
        self._stream = connection.stream
        self._http = http
        self._headers = httputil.HTTPHeaders()
        self._exchange: Exchange | None = None
        self._receiver: Receiver | None = None
        self._left: int | None = None  # bytes of the body still to arrive; None: it is chunked
        self._reads_on: asyncio.Future[None] | None = None
        self._is_gone = False

    # -- from Tornado -------------------------------------------------------------------------------------------------

    def headers_received(
        self, start_line: httputil.RequestStartLine | httputil.ResponseStartLine, headers: httputil.HTTPHeaders
    ) -> Awaitable[None] | None:
        """Process the head. A request without a body starts in `finish`, because Tornado closes after an earlier response."""
        head = self._connection.head
        if head is None:
            raise RuntimeError("Tornado has read a head that was not checked")
        head.keep_alive = head.keep_alive and not self._connection.shared.is_closing
        self._headers = headers
        self._left = head.body_bytes
        exchange = self._exchange = Exchange(self, head)
        expects = exchange.wants_continue
        if exchange.has_body:
            self._open(exchange)
        if not expects or exchange.is_ended:
            headers.pop("Expect", None)
        else:
            headers["Expect"] = "100-continue"  # Tornado asks for the body when it reads on
            if exchange.wants_continue:
                self.hold()
        return self._reads_on

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Process a segment of the body. Tornado reads the next one when the returned future is done."""
        if self._left is not None:
            self._left -= len(chunk)
        receiver, exchange = self._receiver, self._exchange
        if receiver is None or exchange is None or exchange.is_ended:
            return None
        self._guard(lambda: receiver.data_received(chunk))
        return None if self._left == 0 else self._reads_on

    def finish(self) -> None:
        """Handle the end of the request."""
        exchange = self._exchange
        if exchange is None:
            return
        exchange.is_read = True
        self._stream.expects_more = False
        self.release()
        if not exchange.has_body:
            self._open(exchange)
        if (receiver := self._receiver) is not None and not exchange.is_ended:
            self._guard(receiver.finish)
        if self._is_gone or self._stream.closed():
            self.client_has_gone()

    def on_connection_close(self) -> None:
        """Handle the end of the connection before the request was complete."""
        self.client_has_gone()

    def _open(self, exchange: Exchange) -> None:
        def begin() -> None:
            self._receiver = self._connection.shared.front.open(exchange)

        self._guard(begin)

    def _guard(self, work: Callable[[], object]) -> None:
        """Run a handler. An outer loop of the hub: unexpected exceptions are logged, and the client gets a 500."""
        try:
            work()
        except Exception:
            path = None if self._exchange is None else self._exchange.head.path
            logger.error("request.crashed", path=path, exc_info=sys.exc_info())
            self.break_request(BadHead("Something went wrong.", 500))

    # -- the end ------------------------------------------------------------------------------------------------------

    def client_has_gone(self) -> None:
        """Tell the handler, once, that the client is gone."""
        self._is_gone = True
        self.release()
        exchange, receiver, self._receiver = self._exchange, self._receiver, None
        if receiver is not None and exchange is not None and not exchange.is_ended:
            receiver.on_connection_close()

    def break_request(self, error: BadHead) -> None:
        """End a request that cannot be completed: send a problem, or reset if the response has begun."""
        exchange = self._exchange
        is_begun, is_ended = (False, False) if exchange is None else (exchange.is_begun, exchange.is_ended)
        self.client_has_gone()
        if is_ended:
            self._connection.closes = True
        elif is_begun:
            self._stream.reset()
        else:
            if exchange is not None:
                exchange.is_ended = True
            self._connection.reject(error)

    def announce_close(self) -> None:
        """Close the connection after the response, if that has not begun."""
        if self._exchange is not None and not self._exchange.is_begun:
            self._exchange.keep_alive = False

    # -- from the exchange --------------------------------------------------------------------------------------------

    def send_head(self, status: int, reason: str, fields: Headers, body: bytes = b"") -> None:
        """Send the head of a response and the first part of its body.

        Raises:
            ValueError: A header holds what no header may hold; nothing was sent.
        """
        response_head(status, reason, fields)
        if self._stream.closed():
            return
        headers = httputil.HTTPHeaders()
        try:
            for name, value in fields:
                headers.add(name, value)
        except httputil.HTTPInputError as error:
            raise ValueError(str(error)) from error
        if self._exchange is not None and self._exchange.head.is_http10:
            self._headers.pop("Connection", None)  # otherwise Tornado would add a value that the exchange did not set
        start_line = httputil.ResponseStartLine("HTTP/1.1", status, reason or PHRASES.get(status, "Unknown"))
        self._http.write_headers(start_line, headers, body or None)

    def send_chunk(self, piece: bytes, *, is_chunked: bool) -> None:
        """Send a segment of the body. Tornado frames it."""
        if not self._stream.closed():
            self._http.write(piece)

    def send_last_chunk(self) -> None:
        """Do nothing: Tornado ends the chunks when the exchange ends."""

    def send_continue(self) -> None:
        """Let Tornado send `100 Continue`. It does so when it reads the body."""
        self.release()

    async def drain(self) -> None:
        """Wait until all bytes were sent. Returns at once if the connection is closed."""
        await self._stream.drain()

    def buffered_bytes(self) -> int:
        """Return the number of bytes that wait for a slow client."""
        return self._stream.unsent_bytes

    def exchange_ended(self, exchange: Exchange) -> None:
        """Start the next request, or close the connection."""
        self._receiver = None
        if not exchange.keep_alive:
            self._connection.closes = True
            self._stream.expects_more = self._stream.expects_more or exchange.head.keep_alive or exchange.head.upgrade
        if not self._stream.closed():
            self._http.finish()
        self.release()

    def reset(self) -> None:
        """Reset the connection, so that the client does not take an incomplete response for a complete one."""
        self._stream.reset()

    def hold(self) -> None:
        """Pause reading (back-pressure)."""
        if self._reads_on is None and not self._is_gone:
            self._reads_on = asyncio.get_running_loop().create_future()

    def charge(self, cost: float) -> None:
        """Charge the connection for a rejected request."""
        self._stream.work.charge(cost)

    def release(self) -> None:
        """Resume reading."""
        reads_on, self._reads_on = self._reads_on, None
        if reads_on is not None and not reads_on.done():
            reads_on.set_result(None)

    def open_websocket(
        self, exchange: Exchange, receiver: MessageReceiver, subprotocol: str | None, max_message_bytes: int
    ) -> MessageSocket:
        """Switch from HTTP to a WebSocket.

        Raises:
            HandshakeRefused: The request is no handshake, or one of another version.
        """
        connection = self._connection
        websocket = TornadoWebSocket(
            self._http, self._stream, exchange.head, receiver, subprotocol=subprotocol, max_message_bytes=max_message_bytes
        )
        connection.websocket = websocket
        if connection in connection.shared.open:
            connection.shared.open.discard(connection)
            connection.shared.upgraded.add(connection)
        self._receiver = None
        return websocket
