"""The channel's door: the handshake in the order of docs/channel-protocol.md, and frames on the wire."""

import asyncio
import math
import socket
import sys
from collections.abc import Awaitable, Sequence

from hub.channel.browser_headers import browser_headers
from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.driver import Driver
from hub.channel.messages import SUBPROTOCOL, message_bytes
from hub.channel.outbox import Frame
from hub.channel.registry import Registry
from hub.config.settings import ChannelSettings
from hub.errors import NotAuthenticated, StoreUnavailable, TooManyRequests
from hub.gateway.rate_limits import RateLimits
from hub.listener.discard_body import DiscardBody
from hub.listener.exchange import Exchange, Receiver
from hub.listener.handshake import HandshakeRefused, offered_subprotocols
from hub.primitives.tasks import OwnedTasks, unforeseen_error
from hub.session.ends import require_own_id
from hub.session.failure_limit import network_of
from hub.session.model import Session, SessionId
from hub.session.sessions import Sessions
from hub.telemetry import log
from hub.web.failures import note_refusal
from hub.web.site import Site

logger = log.get(__name__)

RETRY_AFTER_SECONDS = 5
NOTSENT_LOWAT: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", 25 if sys.platform == "linux" else None)
UNSENT_BYTES = 131072
TEXT_HEADER = ("Content-Type", "text/plain; charset=utf-8")
UNENTITLED = {CloseCode.LOG_IN, CloseCode.CSRF, CloseCode.SUBPROTOCOL, CloseCode.OTHER_USER, CloseCode.NO_HELLO}


class ChannelDoor:
    """`GET /hub/channel`."""

    def __init__(self, site: Site, registry: Registry, sessions: Sessions, limits: ChannelSettings, rates: RateLimits) -> None:
        self.registry = registry
        self.rates = rates
        self._site = site
        self._sessions = sessions
        self._max_message_bytes = message_bytes(limits)
        self._opening = OwnedTasks("channel handshake")

    def open(self, exchange: Exchange) -> Receiver:
        """Upgrade the request to a channel, if it comes from our origin and the limits allow it."""
        address = self._site.client_address(exchange)
        refusal = self._refusal(exchange, address)
        if refusal is None:
            try:
                self._upgrade(exchange, address)
            except HandshakeRefused as refused:
                refusal = refused
        if refusal is None:
            self._site.access_log.request(exchange.head.method, exchange.head.path, 101, 0.0)
        else:
            self._refuse(exchange, refusal, address)
        return DiscardBody()

    def _refuse(self, exchange: Exchange, refusal: HandshakeRefused, address: str) -> None:
        """Respond that there is no channel. Refusals have a cost, and only some of many are logged."""
        head, counted = exchange.head, self._site.refusals.count(exchange, address)
        if counted.is_logged and refusal.status == 403:
            logger.info("channel.origin_rejected", origin=head.headers_by_name.get("origin", ""))
            note_refusal("origin", method=head.method, path=head.path, address=address)
        if counted.limited is not None:
            exchange.keep_alive = exchange.keep_alive and not counted.closes
            refusal = HandshakeRefused(429, counted.limited.detail, ("Retry-After", str(RETRY_AFTER_SECONDS)))
        if counted.is_logged:
            self._site.access_log.request(head.method, head.path, refusal.status, 0.0)
        fields = [*self._site.response_headers.isolated(), TEXT_HEADER, *refusal.headers]
        exchange.send(refusal.status, "", fields, f"{refusal}\n".encode())

    def _refusal(self, exchange: Exchange, address: str) -> HandshakeRefused | None:
        """Return why to reject the upgrade; None to allow it."""
        origin = exchange.head.headers_by_name.get("origin", "")
        if origin != self._site.origin:  # prevents cross-site WebSocket hijacking: browsers send cookies, and CORS does not apply
            return HandshakeRefused(403, "The origin is not allowed.")
        if (wait := self._wait(address)) > 0:
            return HandshakeRefused(429, "Too many channels in a short time.", ("Retry-After", str(math.ceil(wait))))
        if not self.registry.has_capacity:
            return HandshakeRefused(503, "This worker accepts no more channels.", ("Retry-After", str(RETRY_AFTER_SECONDS)))
        return None

    def _wait(self, address: str) -> float:
        """Count the attempt. Return 0, or the seconds that its address has to wait."""
        try:
            self.rates.dial(network_of(address))
        except TooManyRequests as error:
            return error.retry_after_seconds or 1.0
        return 0.0

    def _upgrade(self, exchange: Exchange, address: str) -> None:
        head = exchange.head
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in offered_subprotocols(head) else None
        channel = ChannelWebSocket(self, exchange, subprotocol, address, self._max_message_bytes)
        session_id = self._site.session_id(head)
        opening = self._opening.start(self._open(channel, session_id, speaks=subprotocol is not None))
        opening.add_done_callback(channel.on_opened)

    async def _open(self, channel: "ChannelWebSocket", session_id: SessionId | None, *, speaks: bool) -> None:
        """Complete the handshake. Rejections are close codes now, which a page can read."""
        try:
            if not speaks:
                raise ChannelClosed(CloseCode.SUBPROTOCOL, f"the subprotocol is {SUBPROTOCOL}")
            if session_id is None:
                raise ChannelClosed(CloseCode.LOG_IN, "no session")
            session = await self._authenticated(session_id)
            channel.begin(session_id, session)
        except ChannelClosed as closed:
            channel.refuse(closed)

    async def _authenticated(self, session_id: SessionId) -> Session:
        """Return the session of the channel.

        Raises:
            ChannelClosed: Close code 4401, 4429 or 4503.
        """
        try:
            session = await self._sessions.current(session_id, passive=True)
            require_own_id(session)
            self.rates.session_dial(session.key)
        except TooManyRequests as error:
            raise ChannelClosed(CloseCode.TOO_OFTEN, "too many channels in a short time") from error
        except NotAuthenticated as error:
            raise ChannelClosed(CloseCode.LOG_IN, "no session") from error
        except StoreUnavailable as error:
            raise ChannelClosed(CloseCode.UNAVAILABLE, "the session store does not respond") from error
        return session


class ChannelWebSocket:
    """Connects the WebSocket of one channel with its driver. Reading starts when there is a driver."""

    __slots__ = ("_address", "_browser_headers", "_door", "_driver", "_is_gone", "_socket")

    def __init__(
        self, door: ChannelDoor, exchange: Exchange, subprotocol: str | None, address: str, max_message_bytes: int
    ) -> None:
        self._door = door
        self._address = address
        self._browser_headers = browser_headers(exchange.head.headers_by_name)
        self._driver: Driver | None = None
        self._is_gone = False
        self._socket = exchange.open_websocket(self, subprotocol=subprotocol, max_message_bytes=max_message_bytes)
        if NOTSENT_LOWAT is not None:  # keeps little data in the kernel, where urgent frames cannot overtake it
            self._socket.set_option(socket.IPPROTO_TCP, NOTSENT_LOWAT, UNSENT_BYTES)
        self._socket.start(reading=False)

    def begin(self, session_id: SessionId, session: Session) -> None:
        """Let the driver work.

        Raises:
            ChannelClosed: The worker or the session has its largest number of channels.
        """
        if not self._is_gone:
            self._driver = self._door.registry.open(self, session_id, session, self._address, self._browser_headers)
            self._socket.read_on()

    def refuse(self, closed: ChannelClosed) -> None:
        """Reject the channel with a close code."""
        self._count_refusal(closed.code)
        self._socket.close(closed.code, closed.reason)

    def on_opened(self, opening: asyncio.Task[None]) -> None:
        """Close after a handshake that met a defect."""
        if unforeseen_error(opening) is not None:
            self._socket.close(1011, "")

    def _count_refusal(self, code: int | None) -> None:
        """Count a rejected attempt, which slows down pages that connect in a loop."""
        if code in UNENTITLED:
            self._door.rates.dial_was_refused(network_of(self._address))

    # -- for the WebSocket --------------------------------------------------------------------------------------------

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Pass a message to the driver. Do not wait for work here: the next message is read when this returns."""
        return self._driver.receive(message) if self._driver else None

    def on_pong(self) -> None:
        """Tell the driver that the client is alive."""
        if self._driver:
            self._driver.heard()

    def on_drained(self) -> None:
        """Tell the driver to resume sending."""
        if self._driver:
            self._driver.drained()

    def on_close(self) -> None:
        """Release the driver of the channel."""
        self._is_gone = True
        if self._driver:
            self._count_refusal(self._driver.close_code if self._driver.close_code != CloseCode.LOG_IN else None)
            self._door.registry.release(self._driver, self._socket.close_code)

    # -- for the driver -----------------------------------------------------------------------------------------------

    def write_frames(self, frames: Sequence[Frame], *, ping: bool = False) -> None:
        """Send frames in one write; with `ping`, followed by a WebSocket ping."""
        self._socket.write_messages(frames, ping=ping)

    def buffered_bytes(self) -> int:
        """Return the number of bytes in this process that wait for a slow client."""
        return self._socket.buffered_bytes()

    def charge(self, cost: float) -> None:
        """Charge the connection for messages."""
        self._socket.charge(cost)

    async def next_turn(self) -> bool:
        """Return when more messages of a batch may be handled; False: the socket is closing."""
        return await self._socket.next_turn()

    def close(self, code: CloseCode, reason: str) -> None:
        """Start the close handshake."""
        self._socket.close(code, reason)
