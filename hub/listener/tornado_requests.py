"""Runs requests in a Tornado application, through Tornado's own interface of connections (`tornado.httputil.HTTPConnection`)."""

import asyncio
from collections.abc import Callable

from tornado import httputil
from tornado.iostream import StreamClosedError

from hub.listener.discard_body import DiscardBody
from hub.listener.exchange import Exchange, Receiver
from hub.listener.head import Headers, RequestHead
from hub.primitives.tasks import start_task


class TornadoFront:
    """Passes requests to a Tornado application.

    Parameters:
        scheme: `http` or `https`: the scheme of the listener.
        max_body_bytes: Requests with larger bodies are rejected before the body is read. The application accepts no streams.
    """

    def __init__(self, application: httputil.HTTPServerConnectionDelegate, *, scheme: str, max_body_bytes: int) -> None:
        self._application = application
        self._scheme = scheme
        self._max_body_bytes = max_body_bytes

    def open(self, exchange: Exchange) -> Receiver:
        """Start a request of the application."""
        body_bytes = exchange.head.body_bytes
        if body_bytes is not None and body_bytes > self._max_body_bytes:
            _refuse(exchange, 413, f"The body may have at most {self._max_body_bytes} bytes.")
            return DiscardBody()
        connection = TornadoConnection(exchange, self._scheme)
        delegate = self._application.start_request(self, connection)
        try:
            delegate.headers_received(start_line_of(exchange.head), headers_of(exchange.head))
        except httputil.HTTPInputError as error:
            _refuse(exchange, 400, str(error))
            return DiscardBody()
        exchange.send_continue()
        return TornadoRequest(exchange, connection, delegate, self._max_body_bytes)


class TornadoRequest:
    """Passes the body of a request to the application."""

    def __init__(
        self, exchange: Exchange, connection: "TornadoConnection", delegate: httputil.HTTPMessageDelegate, max_body_bytes: int
    ) -> None:
        self._exchange = exchange
        self._connection = connection
        self._delegate = delegate
        self._left = max_body_bytes
        self._is_whole = False

    def data_received(self, data: bytes) -> None:
        """Pass a segment of the body on, or reject a chunked body that has become too large."""
        self._left -= len(data)
        if self._left >= 0:
            self._delegate.data_received(data)
        elif not self._exchange.is_ended:
            self._delegate.on_connection_close()
            _refuse(self._exchange, 413, "The body is too large.")

    def finish(self) -> None:
        """Run the handler of the application."""
        if self._left >= 0:
            self._is_whole = True
            self._delegate.finish()

    def on_connection_close(self) -> None:
        """Tell the handler of the application that the client is gone."""
        if self._is_whole:
            self._connection.browser_has_gone()
        else:
            self._delegate.on_connection_close()


class _Context:
    """Address and scheme of a request, as `HTTPServerRequest` reads them."""

    def __init__(self, remote_ip: str, protocol: str) -> None:
        self.remote_ip = remote_ip
        self.protocol = protocol


class TornadoConnection(httputil.HTTPConnection):
    """The connection to which the application writes its response."""

    def __init__(self, exchange: Exchange, scheme: str) -> None:
        self.context = _Context(exchange.remote_ip, scheme)
        self._exchange = exchange
        self._close_callback: Callable[[], None] | None = None
        self._has_gone = False

    @property
    def remote_ip(self) -> str:
        """IP address of the peer."""
        return self._exchange.remote_ip

    def charge(self, cost: float) -> None:
        """Charge the connection for this rejected request."""
        self._exchange.charge(cost)

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        """Set the callback for a client that disconnects before the response."""
        self._close_callback = callback

    def browser_has_gone(self) -> None:
        """Call that callback."""
        self._has_gone = True
        callback, self._close_callback = self._close_callback, None
        if callback is not None:
            callback()

    def write_headers(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
        chunk: bytes | None = None,
    ) -> "asyncio.Future[None]":
        """Send the head of the response and the first segment of its body."""
        if not isinstance(start_line, httputil.ResponseStartLine):
            raise TypeError("a server sends responses")
        length = headers.get("Content-Length")
        if headers.get("Connection") == "close":
            self._exchange.keep_alive = False
        is_head = self._exchange.head.method == "HEAD"
        own = {"connection", "transfer-encoding"} | (set() if is_head else {"content-length"})
        fields: Headers = [(name, value) for name, value in headers.get_all() if name.lower() not in own]
        self._exchange.begin(start_line.code, start_line.reason, fields, None if length is None else int(length))
        return self.write(chunk or b"")

    def write(self, chunk: bytes) -> "asyncio.Future[None]":
        """Send a segment of the body. The result is done when the next one can be sent.

        Raises:
            StreamClosedError: (From the future.) The browser has gone, so that nobody reads on for it.
        """
        self._exchange.write(chunk)
        return start_task(self._room(), "page", take_note)

    async def _room(self) -> None:
        await self._exchange.drain()
        if self._has_gone:
            raise StreamClosedError

    def finish(self) -> None:
        """End the response."""
        self._exchange.end()


def take_note(written: "asyncio.Future[None]") -> None:
    """Retrieve the result, because many handlers do not wait for their writes."""
    if not written.cancelled():
        written.exception()


def _refuse(exchange: Exchange, status: int, detail: str) -> None:
    exchange.send(status, "", [("Content-Type", "text/plain")], f"{detail}\n".encode())


def start_line_of(head: RequestHead) -> httputil.RequestStartLine:
    """Return the request line in the form of Tornado's parser."""
    target = f"{head.path}?{head.query}" if head.query else head.path
    return httputil.RequestStartLine(head.method, target, "HTTP/1.0" if head.is_http10 else "HTTP/1.1")


def headers_of(head: RequestHead) -> httputil.HTTPHeaders:
    """Return the request headers as Tornado stores them. Cookies are joined here, because Tornado would use a comma."""
    headers = httputil.HTTPHeaders()
    for name, value in head.headers:
        if name != "cookie":
            headers.add(name, value)
    if (cookies := head.headers_by_name.get("cookie")) is not None:
        headers.add("cookie", cookies)
    return headers
