"""One request and its response, as handlers see them."""

from typing import Protocol

from hub.listener.head import Headers, RequestHead
from hub.listener.messages import MessageReceiver, MessageSocket
from hub.primitives.http import HEADER_ONLY_STATUSES


class Receiver(Protocol):
    """The receiver of one request, implemented above this room.

    It gets `data_received` any number of times, then `finish`; `on_connection_close` if the browser goes.
    """

    def data_received(self, data: bytes) -> None:
        """Process a segment of the body."""

    def finish(self) -> None:
        """Handle the end of the request."""

    def on_connection_close(self) -> None:
        """Handle the end of the connection, before the request was complete or before the response was sent."""


class ExchangeConnection(Protocol):
    """The connection, as an exchange uses it. Both listeners implement it, and import this module."""

    remote_ip: str

    def send_head(self, status: int, reason: str, fields: Headers, body: bytes = b"") -> None:
        """Send the head of a response and the first part of its body. Bytes that the socket does not accept wait in memory.

        Raises:
            ValueError: A header contains a character that is not allowed. Nothing was sent.
        """

    def send_chunk(self, segment: bytes, *, is_chunked: bool) -> None:
        """Send a segment of the body."""

    def send_last_chunk(self) -> None:
        """Send the last chunk."""

    def send_continue(self) -> None:
        """Send `100 Continue`."""

    async def drain(self) -> None:
        """Wait until the write buffer is small enough. Returns at once if the connection is closed."""

    def buffered_bytes(self) -> int:
        """Return the number of bytes that wait for a slow client."""

    def exchange_ended(self, exchange: "Exchange") -> None:
        """Start the next pipelined request, or close the connection."""

    def reset(self) -> None:
        """Reset the connection, so that the client does not take an incomplete response for a complete one."""

    def hold(self) -> None:
        """Pause reading (back-pressure)."""

    def release(self) -> None:
        """Resume reading."""

    def charge(self, cost: float) -> None:
        """Charge the connection for work that has a cost."""

    def open_websocket(
        self, exchange: "Exchange", receiver: MessageReceiver, subprotocol: str | None, max_message_bytes: int
    ) -> MessageSocket:
        """Switch from HTTP to a WebSocket.

        Raises:
            HandshakeRefused: The request is not a WebSocket handshake, or one of another version.
        """


class BytesReceiver(Protocol):
    """The receiver of the bytes of an upgraded connection. A protocol, because WebSockets import this module."""

    def bytes_received(self, data: bytes) -> None:
        """Process received bytes."""

    def drained(self) -> None:
        """Handle that all waiting bytes were sent."""

    def connection_lost(self) -> None:
        """Handle the end of the connection."""


class Exchange:
    """One request and its response.

    Attributes:
        head: The head of the request.
        is_read: Whether the whole body has arrived.
        is_begun: Whether the head of the response was sent.
        is_ended: Whether the response was sent completely, or was aborted.
        keep_alive: Whether the connection stays open after the response.
    """

    __slots__ = (
        "_is_bodiless",
        "_is_chunked",
        "_is_wanted",
        "_left",
        "_line",
        "head",
        "is_begun",
        "is_ended",
        "is_read",
        "keep_alive",
        "waiting_body",
    )

    def __init__(self, line: ExchangeConnection, head: RequestHead) -> None:
        self._line = line
        self.head = head
        self.is_read = head.body_bytes == 0
        self.is_begun = False
        self.is_ended = False
        self.keep_alive = head.keep_alive and not head.upgrade
        self.waiting_body: list[bytes] = []  # of a pipelined request that has not started
        self._is_bodiless = False
        self._is_chunked = False
        self._is_wanted = False
        self._left: int | None = None

    @property
    def remote_ip(self) -> str:
        """IP address of the peer."""
        return self._line.remote_ip

    @property
    def has_body(self) -> bool:
        """Whether a body follows the head."""
        return self.head.body_bytes != 0

    @property
    def wants_continue(self) -> bool:
        """Whether the client waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1)."""
        if self.is_read or self._is_wanted or self.head.is_http10:
            return False
        return self.head.headers_by_name.get("expect", "").lower() == "100-continue"

    def send_continue(self) -> None:
        """Send `100 Continue` if the client waits for it."""
        if self.wants_continue and not self.is_begun:
            self._is_wanted = True
            self._line.send_continue()

    def hold(self) -> None:
        """Pause reading of the body (back-pressure). Does nothing once the whole body has arrived."""
        if not self.is_read:
            self._line.hold()

    def release(self) -> None:
        """Resume reading."""
        if not self.is_read:
            self._line.release()

    def charge(self, cost: float) -> None:
        """Charge the connection for this rejected request. Too many of them are throttled (`work_budget`)."""
        self._line.charge(cost)

    def send(self, status: int, reason: str, fields: Headers, body: bytes) -> None:
        """Send a complete response in one write. `Content-Length` is added, unless there is no body (HEAD, 204, 304).

        Raises:
            ValueError: A header contains a character that is not allowed. Nothing was sent.
            RuntimeError: There is already a response.
        """
        if not self._may_begin():
            return
        if self._sends_body(status):
            fields.append(("Content-Length", str(len(body))))
        else:
            body = b""
        self._add_connection_header(fields)
        self._line.send_head(status, reason, fields, body)
        self.is_begun = self.is_ended = True
        self._line.exchange_ended(self)

    def begin(self, status: int, reason: str, fields: Headers, length: int | None) -> None:
        """Send the head of a response. The body follows by `write` and `end`.

        A body of unknown length (None) is sent in chunks, or to HTTP/1.0 clients until the close.

        Raises:
            ValueError, RuntimeError: As `send`.
        """
        if not self._may_begin():
            return
        if not self._sends_body(status):
            self._is_bodiless, length = True, None
        elif length is not None:
            fields.append(("Content-Length", str(length)))
        elif self.head.is_http10:
            self.keep_alive = False
        else:
            fields.append(("Transfer-Encoding", "chunked"))
            self._is_chunked = True
        self._left = length
        self._add_connection_header(fields)
        self._line.send_head(status, reason, fields)
        self.is_begun = True

    def write(self, segment: bytes) -> None:
        """Send a segment of the body. If the body becomes longer than announced, the connection is reset."""
        if self.is_ended or self._is_bodiless or not segment:
            return
        if self._left is not None:
            self._left -= len(segment)
        if not self.is_begun or (self._left or 0) < 0:
            self.abort()
            return
        self._line.send_chunk(segment, is_chunked=self._is_chunked)

    async def drain(self) -> None:
        """Wait until the client has read enough for another segment. Returns at once if the connection is closed."""
        await self._line.drain()

    def buffered_bytes(self) -> int:
        """Return the number of bytes of this and earlier responses that wait for a slow client."""
        return self._line.buffered_bytes()

    def end(self) -> None:
        """End the body. If it is shorter than announced, the connection is reset."""
        if self.is_ended:
            return
        if self._left or not self.is_begun:
            self.abort()
            return
        self.is_ended = True
        if self._is_chunked:
            self._line.send_last_chunk()
        self._line.exchange_ended(self)

    def abort(self) -> None:
        """Reset the connection: the only way to tell the client that a response is incomplete."""
        self.is_ended = True
        self._line.reset()

    def open_websocket(
        self, receiver: MessageReceiver, *, subprotocol: str | None = None, max_message_bytes: int
    ) -> MessageSocket:
        """Accept the WebSocket handshake and return the WebSocket. The caller must call `start`.

        Raises:
            HandshakeRefused: The request is not a WebSocket handshake, or one of another version. Nothing was sent.
        """
        socket = self._line.open_websocket(self, receiver, subprotocol, max_message_bytes)
        self.is_begun = self.is_ended = True
        return socket

    def _may_begin(self) -> bool:
        """Return whether a response can be sent; False if the exchange was aborted. A second response is a defect."""
        if self.is_begun and not self.is_ended:
            raise RuntimeError("a request has one response")
        return not self.is_ended

    def _add_connection_header(self, fields: Headers) -> None:
        """Add the header `Connection`. The connection closes if either side wants that, or if the body was not read."""
        if not self.is_read:
            self.keep_alive = False
        if not self.keep_alive:
            fields.append(("Connection", "close"))
        elif self.head.is_http10:
            fields.append(("Connection", "keep-alive"))

    def _sends_body(self, status: int) -> bool:
        return self.head.method != "HEAD" and status >= 200 and status not in HEADER_ONLY_STATUSES


class Front(Protocol):
    """Chooses the handler of each request. Implemented outside this package."""

    def open(self, exchange: Exchange) -> Receiver:
        """Return the handler of a request. Called with the head, when it is the turn of this request."""
