"""One request and its answer on a connection, as whoever answers it sees them."""

from typing import Protocol

from hub.listener.head import Headers, RequestHead
from hub.listener.messages import MessageReceiver, MessageSocket
from hub.primitives.http import HEADER_ONLY_STATUSES


class Receiver(Protocol):
    """The receiver of one request, implemented above this room.

    It gets `data_received` any number of times, then `finish`; `on_connection_close` if the browser goes.
    """

    def data_received(self, data: bytes) -> None:
        """Take a piece of the body."""

    def finish(self) -> None:
        """Know that the request has come whole."""

    def on_connection_close(self) -> None:
        """Know that the browser has gone: before the request was whole, or before it was answered."""


class ExchangeConnection(Protocol):
    """The connection, as an exchange uses it. Both listeners implement it, and import this module."""

    remote_ip: str

    def send_head(self, status: int, reason: str, fields: Headers, body: bytes = b"") -> None:
        """Send the head of an answer, and what is there of its body; what the socket does not take waits in memory.

        Raises:
            ValueError: A field holds what no field may hold; nothing was sent.
        """

    def send_chunk(self, piece: bytes, *, is_chunked: bool) -> None:
        """Send a piece of the body."""

    def send_last_chunk(self) -> None:
        """Say that no chunk follows."""

    def send_continue(self) -> None:
        """Ask for the body."""

    async def drain(self) -> None:
        """Return when little enough waits; at once when the connection is gone."""

    def exchange_ended(self, exchange: "Exchange") -> None:
        """Go on with the request behind this one, or close."""

    def reset(self) -> None:
        """Break the connection, so that nobody takes what was sent for whole."""

    def hold(self) -> None:
        """Read no more of the body for now."""

    def release(self) -> None:
        """Read on."""

    def open_websocket(
        self, exchange: "Exchange", receiver: MessageReceiver, subprotocol: str | None, max_message_bytes: int
    ) -> MessageSocket:
        """Give up HTTP for a WebSocket.

        Raises:
            HandshakeRefused: The request is no handshake, or one of another version.
        """


class Upgraded(Protocol):
    """The connection after an upgrade, which imports this module. Its receiver calls `take_over` at once."""

    remote_ip: str

    def take_over(self, receiver: "BytesReceiver") -> None:
        """Hand all bytes to `receiver` from now on, those that have come already first."""

    def write(self, data: bytes) -> None:
        """Send bytes."""

    async def drain(self) -> None:
        """Return when little enough waits; at once when the connection is gone."""

    def buffered_bytes(self) -> int:
        """Return how many bytes wait because the client does not take them."""

    def hold(self) -> None:
        """Read no more for now."""

    def release(self) -> None:
        """Read on."""

    def set_option(self, level: int, option: int, value: int | bytes) -> None:
        """Set an option of the socket."""

    def close(self) -> None:
        """Close after what waits was sent."""

    def abort(self) -> None:
        """Break the connection."""


class BytesReceiver(Protocol):
    """The receiver of the bytes of an upgraded connection. A protocol, because WebSockets import this module."""

    def bytes_received(self, data: bytes) -> None:
        """Take what came."""

    def drained(self) -> None:
        """Know that nothing waits to be sent any more, after something had."""

    def connection_lost(self) -> None:
        """Know that the connection is gone."""


class Exchange:
    """One request and its answer.

    Attributes:
        head: What is asked.
        is_read: Whether the body has come whole.
        is_begun: Whether the head of the answer was sent; then nothing else can be said.
        is_ended: Whether the answer was sent whole, or never will be.
        keep_alive: Whether the connection is to go on after the answer.
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
        self.waiting_body: list[bytes] = []  # of a request whose turn has not come
        self._is_bodiless = False
        self._is_chunked = False
        self._is_wanted = False
        self._left: int | None = None

    @property
    def remote_ip(self) -> str:
        """Address of the other end of the connection."""
        return self._line.remote_ip

    @property
    def has_body(self) -> bool:
        """Whether a body follows the head."""
        return self.head.body_bytes != 0

    @property
    def wants_continue(self) -> bool:
        """Whether the browser waits for a word before it sends the body (RFC 9110 section 10.1.1)."""
        if self.is_read or self._is_wanted or self.head.is_http10:
            return False
        return self.head.headers_by_name.get("expect", "").lower() == "100-continue"

    def send_continue(self) -> None:
        """Ask for the body, if the browser waits for that."""
        if self.wants_continue and not self.is_begun:
            self._is_wanted = True
            self._line.send_continue()

    def hold(self) -> None:
        """Read no more of the body for now. Once it has come whole, what follows is no business of this request."""
        if not self.is_read:
            self._line.hold()

    def release(self) -> None:
        """Read on."""
        if not self.is_read:
            self._line.release()

    def send(self, status: int, reason: str, fields: Headers, body: bytes) -> None:
        """Answer whole, head and body in one write. `Content-Length` is added, unless the answer has no body (HEAD, 204, 304).

        Raises:
            ValueError: A field holds what no field may hold; nothing was sent.
            RuntimeError: There is an answer already.
        """
        if not self._may_begin():
            return
        if self._sends_body(status):
            fields.append(("Content-Length", str(len(body))))
        else:
            body = b""
        self._say_if_it_closes(fields)
        self._line.send_head(status, reason, fields, body)
        self.is_begun = self.is_ended = True
        self._line.exchange_ended(self)

    def begin(self, status: int, reason: str, fields: Headers, length: int | None) -> None:
        """Send the head; the body follows with `write`, and `end`.

        Parameters:
            length: Of the body; None: it is not known, and goes out in chunks, or until the connection closes.

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
        self._say_if_it_closes(fields)
        self._line.send_head(status, reason, fields)
        self.is_begun = True

    def write(self, piece: bytes) -> None:
        """Send a piece of the body. The connection breaks instead if the body becomes longer than announced, or has no head."""
        if self.is_ended or self._is_bodiless or not piece:
            return
        if self._left is not None:
            self._left -= len(piece)
        if not self.is_begun or (self._left or 0) < 0:
            self.abort()
            return
        self._line.send_chunk(piece, is_chunked=self._is_chunked)

    async def drain(self) -> None:
        """Return when the browser has taken enough for another piece; at once when it has gone."""
        await self._line.drain()

    def end(self) -> None:
        """End the body. One that is shorter than announced breaks the connection, so that nobody takes it for whole."""
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
        """Break the connection: the only way to say that an answer is not whole."""
        self.is_ended = True
        self._line.reset()

    def open_websocket(
        self, receiver: MessageReceiver, *, subprotocol: str | None = None, max_message_bytes: int
    ) -> MessageSocket:
        """Answer the handshake of a WebSocket and return it; whoever asked for it calls `start`.

        Raises:
            HandshakeRefused: The request is no handshake, or one of another version; something else can be answered.
        """
        socket = self._line.open_websocket(self, receiver, subprotocol, max_message_bytes)
        self.is_begun = self.is_ended = True
        return socket

    def _may_begin(self) -> bool:
        """Tell whether there is somebody to answer; an answer in the middle of another one would be read as part of it."""
        if self.is_begun and not self.is_ended:
            raise RuntimeError("a request has one answer")
        return not self.is_ended

    def _say_if_it_closes(self, fields: Headers) -> None:
        """Say when the connection ends with this answer: because somebody wants it, or because a body is not read."""
        if not self.is_read:
            self.keep_alive = False
        if not self.keep_alive:
            fields.append(("Connection", "close"))
        elif self.head.is_http10:
            fields.append(("Connection", "keep-alive"))

    def _sends_body(self, status: int) -> bool:
        return self.head.method != "HEAD" and status >= 200 and status not in HEADER_ONLY_STATUSES


class Front(Protocol):
    """Chooses the receiver of each request; implemented above this room."""

    def open(self, exchange: Exchange) -> Receiver:
        """Return who answers; called when the head has come and it is this request's turn."""
