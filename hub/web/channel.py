"""The channel's door: Tornado's WebSocket, the handshake in the order of docs/channel-protocol.md, and frames on the wire."""

import math
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketHandler, WebSocketProtocol

from hub import audit, log
from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.driver import Driver
from hub.channel.interfaces import Sessions
from hub.channel.messages import SUBPROTOCOL, message_bytes
from hub.channel.outbox import Frame
from hub.channel.registry import Registry
from hub.errors import NotAuthenticated, StoreUnavailable, TooManyRequests
from hub.limits import RateLimits
from hub.session.model import Session, SessionId
from hub.session.rate_limit import network_of
from hub.settings import ChannelSettings
from hub.web.base import Site
from hub.web.client_address import client_address
from hub.web.websocket_protocol import StrictWebSocketProtocol

logger = log.get(__name__)

RETRY_AFTER_SECONDS = 5
NOTSENT_LOWAT: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", 25 if sys.platform == "linux" else None)
UNSENT_BYTES = 131072
UNENTITLED = {CloseCode.LOG_IN, CloseCode.CSRF, CloseCode.SUBPROTOCOL, CloseCode.OTHER_USER, CloseCode.NO_HELLO}
TEXT, BINARY, FINAL = 0x1, 0x2, 0x80  # RFC 6455 section 5.2


class ChannelHandler(WebSocketHandler):
    """`GET /hub/channel`.

    Tornado's own origin check is not used: it accepts requests without an Origin, and compares no scheme. Its pings are off,
    because a late pong would close with 1000; the registry pings.
    """

    def initialize(self, site: Site, registry: Registry, sessions: Sessions, limits: ChannelSettings, rates: RateLimits) -> None:
        """Take the services that the route table names."""
        self._site = site
        self._registry = registry
        self._sessions = sessions
        self._limits = limits
        self._rates = rates
        self._driver: Driver | None = None
        self._gone = False

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Upgrade, if the page is ours and there is room."""
        if not self.check_origin(self.request.headers.get("Origin", "")):
            logger.info("channel.origin_refused", origin=self.request.headers.get("Origin", ""))
            self._audit_refusal("origin")
            self.set_status(403)
            await self.finish("The origin is not allowed.\n")
        elif (wait := self._wait()) > 0:
            self.set_status(429)
            self.set_header("Retry-After", str(math.ceil(wait)))
            await self.finish("Too many channels in a short time.\n")
        elif not self._registry.has_room:
            self.set_status(503)
            self.set_header("Retry-After", str(RETRY_AFTER_SECONDS))
            await self.finish("There is no room for another channel.\n")
        else:
            await super().get(*args, **kwargs)

    def _wait(self) -> float:
        """Count the dial; return 0, or how many seconds its address has to wait."""
        try:
            self._rates.dial(network_of(self._client_address()))
        except TooManyRequests as error:
            return error.retry_after_seconds or 1.0
        return 0.0

    def _audit_refusal(self, reason: str) -> None:
        audit.record(
            "audit.request_refused",
            outcome="failure",
            reason=reason,
            method="GET",
            path=self.request.path,
            address=self._client_address(),
        )

    def check_origin(self, origin: str) -> bool:
        """Stop cross-site WebSocket hijacking: browsers send cookies along, and CORS does not apply."""
        return origin == self._site.origin

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Choose `hub.v1` if the client speaks it."""
        return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        """Put a strict protocol in the place of Tornado's."""
        return StrictWebSocketProtocol.of(self, super().get_websocket_protocol())

    def get_compression_options(self) -> dict[str, Any] | None:
        """Never compress: 288 KiB a connection, and secrets beside what an attacker can choose (CRIME)."""
        return None

    @property
    def max_message_size(self) -> int:
        """Largest message that Tornado reads; larger ones close with 1009."""
        return message_bytes(self._limits)

    @property
    def ping_interval(self) -> float | None:
        """None: the registry pings."""
        return None

    async def open(self, *_: str, **__: str) -> None:
        """Go through the rest of the handshake; refusals are close codes now, which a page can read."""
        self.set_nodelay(True)
        self._keep_the_kernel_short()
        try:
            session_id, session = await self._authenticate()
            if not self._gone:
                self._driver = self._registry.open(self._socket(), session_id, session, self._client_address())
        except ChannelClosed as closed:
            self._note_refusal(closed.code)
            self.close(closed.code, closed.reason)

    def _note_refusal(self, code: int | None) -> None:
        """Count a dial that had no right to a channel: a page that dials in a loop is slowed down."""
        if code in UNENTITLED:
            self._rates.dial_was_refused(network_of(self._client_address()))

    async def _authenticate(self) -> tuple[SessionId, Session]:
        """Return whose channel this is.

        Raises:
            ChannelClosed: 4406, 4401, 4503.
        """
        if self.selected_subprotocol is None:
            raise ChannelClosed(CloseCode.SUBPROTOCOL, f"the subprotocol is {SUBPROTOCOL}")
        session_id = self._site.cookies.session_id(self.request.headers.get("Cookie", ""))
        if session_id is None:
            raise ChannelClosed(CloseCode.LOG_IN, "no session")
        try:
            session = await self._sessions.current(session_id, passive=True)
            self._rates.session_dial(session.key)
            return session_id, session
        except TooManyRequests as error:
            raise ChannelClosed(CloseCode.TOO_OFTEN, "too many channels in a short time") from error
        except NotAuthenticated as error:
            raise ChannelClosed(CloseCode.LOG_IN, "no session") from error
        except StoreUnavailable as error:
            raise ChannelClosed(CloseCode.UNAVAILABLE, "the session store does not answer") from error

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Hand a message to the driver. Tornado reads on when this returns, so no work is awaited here."""
        return self._driver.receive(message) if self._driver else None

    def _on_drained(self) -> None:
        if self._driver:
            self._driver.drained()

    def on_pong(self, data: bytes) -> None:
        """Note the sign of life."""
        if self._driver:
            self._driver.heard()

    def on_close(self) -> None:
        """Stop the channel's work."""
        self._gone = True
        if self._driver:
            self._note_refusal(self._driver.close_code if self._driver.close_code != CloseCode.LOG_IN else None)
            self._registry.release(self._driver, self.close_code)

    def _client_address(self) -> str:
        forwarded = self.request.headers.get_list("X-Forwarded-For")
        return client_address(self.request.remote_ip or "", forwarded, self._site.trusted_proxies)

    def _keep_the_kernel_short(self) -> None:
        """Let the operating system take little more than it can send: what it has taken nothing can overtake any more."""
        stream = self.ws_connection and self.ws_connection.stream
        if NOTSENT_LOWAT is not None and stream and stream.socket is not None:
            stream.socket.setsockopt(socket.IPPROTO_TCP, NOTSENT_LOWAT, UNSENT_BYTES)

    def _socket(self) -> "TornadoSocket":
        if self.ws_connection is None:  # pragma: no cover - `open` runs on an accepted connection
            raise ChannelClosed(CloseCode.UNAVAILABLE, "the socket is gone")
        return TornadoSocket(self, self.ws_connection, self._on_drained)


class TornadoSocket:
    """A socket as the driver wants it. Writes frames itself: `write_message` copies each twice and makes a task for it."""

    def __init__(self, handler: WebSocketHandler, connection: WebSocketProtocol, on_drained: Callable[[], None]) -> None:
        self._handler = handler
        self._connection = connection
        self._on_drained = on_drained

    def write_frames(self, frames: Sequence[Frame]) -> None:
        """Send frames in one write, unless the socket is gone."""
        stream = self._connection.stream
        if stream is None or self._connection.is_closing():
            return
        try:
            written = stream.write(b"".join(_on_the_wire(frames)))
        except StreamClosedError:
            return
        if not written.done():
            written.add_done_callback(lambda _: self._on_drained())

    def buffered_bytes(self) -> int:
        """Return the bytes in the stream's write buffer, which Tornado does not bound."""
        stream = self._connection.stream
        return 0 if stream is None or stream.closed() else len(stream._write_buffer)

    def ping(self) -> None:
        """Send a ping, unless the socket is closing."""
        try:
            self._handler.ping()
        except (WebSocketClosedError, StreamClosedError):
            return

    def close(self, code: CloseCode, reason: str) -> None:
        """Begin the close handshake; Tornado ends the connection after 5 s if the client does not answer."""
        self._handler.close(code, reason)


def _on_the_wire(frames: Sequence[Frame]) -> list[bytes]:
    """Return the bytes of unmasked, unfragmented frames (RFC 6455 section 5.2)."""
    parts: list[bytes] = []
    for frame in frames:
        parts.append(_frame_header(FINAL | (BINARY if frame.binary else TEXT), len(frame)))
        parts.extend(frame.parts)
    return parts


def _frame_header(first: int, size: int) -> bytes:
    if size < 126:
        return struct.pack("!BB", first, size)
    if size <= 0xFFFF:
        return struct.pack("!BBH", first, 126, size)
    return struct.pack("!BBQ", first, 127, size)
