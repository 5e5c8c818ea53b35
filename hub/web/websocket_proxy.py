"""The door for WebSockets that are passed through: that of a page on this side, that of an API on the other.

The handshake is that of the channel: Origin first, then refusals that a page can read as close codes. Each side is read only as
fast as the other side takes messages: one message waits here in each direction.
"""

import math
import sys
from collections.abc import Awaitable, Callable

from hub.channel.close_codes import MAX_REASON_BYTES, ChannelClosed, CloseCode
from hub.dispatch import Caller, Dispatch
from hub.errors import (
    HubError,
    NotAuthenticated,
    ProviderNotAllowed,
    ResourceServerBroken,
    ResourceServerTimeout,
    ResourceServerUnreachable,
    StepUpRequired,
    TokenNotIssued,
    TooManyRequests,
)
from hub.gateway.messages import ApiRequest, UpstreamWebSocket
from hub.gateway.rate_limits import RateLimits
from hub.listener.discard_body import DiscardBody
from hub.listener.exchange import Exchange, Receiver
from hub.listener.handshake import HandshakeRefused, accept, offered_subprotocols
from hub.listener.messages import MessageReceiver, MessageSocket
from hub.primitives.tasks import task_starter
from hub.session.failure_limit import network_of
from hub.session.model import Session, SessionId
from hub.session.open_streams import end_reason_of
from hub.telemetry import audit
from hub.web.failures import note_crash, note_refusal
from hub.web.pass_through_registry import PassThroughRegistry
from hub.web.site import Site

ORIGIN_REFUSED = "The origin is not allowed.\n"
NOT_A_WEBSOCKET = "This part of the API is a WebSocket.\n"
TEXT_HEADER = ("Content-Type", "text/plain; charset=utf-8")
CLOSE_GOING_AWAY = 1001
UNENTITLED = (NotAuthenticated, ProviderNotAllowed, TokenNotIssued)


class PassThroughDoor:
    """Relays the WebSockets of pages."""

    def __init__(
        self, site: Site, dispatch: Dispatch, registry: PassThroughRegistry, rates: RateLimits, max_message_bytes: int
    ) -> None:
        self.site = site
        self.registry = registry
        self.max_message_bytes = max_message_bytes
        self._dispatch = dispatch
        self._rates = rates

    def open(self, exchange: Exchange) -> Receiver:
        """Upgrade a WebSocket of our own page; later refusals are close codes, which the page can read."""
        fields = exchange.head.headers_by_name
        if fields.get("origin", "") != self.site.origin:
            self.refuse(exchange, 403, ORIGIN_REFUSED, reason="origin")
        elif fields.get("upgrade", "").lower() != "websocket":
            self.refuse(exchange, 426, NOT_A_WEBSOCKET, ("Upgrade", "websocket"))
        elif (malformed := _malformed(exchange)) is not None:
            self.refuse(exchange, malformed.status, f"{malformed}\n", *malformed.headers)
        elif (limited := self._limited(exchange)) is not None:
            self.refuse(exchange, 429, f"{limited.detail}\n", _retry_after(limited))
        else:
            return WebSocketRelay(self, exchange)
        return DiscardBody()

    def _limited(self, exchange: Exchange) -> TooManyRequests | None:
        """Count the attempt; return the error if its address has to wait."""
        try:
            self._rates.dial(network_of(self.site.client_address(exchange)))
        except TooManyRequests as error:
            return error
        return None

    async def open_upstream(self, exchange: Exchange, relay: "WebSocketRelay") -> UpstreamWebSocket:
        """Return the WebSocket at the API. `relay` belongs to the session from its admission on.

        Raises:
            ChannelClosed: With the close code that tells the page what to do next.
        """
        try:
            return await self._open_upstream(exchange, relay)
        except HubError as error:
            self._count(exchange, error)
            raise _close_for(error) from error

    async def _open_upstream(self, exchange: Exchange, relay: "WebSocketRelay") -> UpstreamWebSocket:
        head, address = exchange.head, self.site.client_address(exchange)
        with self._dispatch.counting["websocket"]:
            place = self._dispatch.locate(head.path)
            session_id = self.site.session_id(head)
            caller = Caller(transport="websocket", session_id=session_id, address=address, passive=True)
            session = await self._dispatch.admit(caller, place.route)
            if session is not None and session_id is not None:
                self._rates.session_dial(session.key)
                self.registry.require_room(session.key)
                relay.belongs_to(session_id, session)
            user = "" if session is None else session.identity
            relay.place = self.registry.take_place(place.route.target_origin, user=user, network=network_of(address))
        request = ApiRequest(
            method="GET",
            path=head.path,
            query=head.query,
            headers=head.headers,
            client_address=address,
            subprotocols=offered_subprotocols(head),
        )
        response = await self._dispatch.respond(request, place, session, transport="websocket")
        assert response.websocket is not None, "the pipeline returns an upgrade only with its WebSocket"  # noqa: S101
        return response.websocket

    def upgrade(self, exchange: Exchange, receiver: MessageReceiver, subprotocol: str | None) -> MessageSocket | None:
        """Complete the handshake; return the WebSocket, or None if the handshake was malformed."""
        try:
            socket = exchange.open_websocket(receiver, subprotocol=subprotocol, max_message_bytes=self.max_message_bytes)
        except HandshakeRefused as refused:
            self.refuse(exchange, refused.status, f"{refused}\n", *refused.headers)
            return None
        return socket

    def note_upgrade(self, exchange: Exchange) -> None:
        """Write the log line of an upgrade."""
        self.site.access_log.request(exchange.head.method, exchange.head.path, 101, 0.0)

    def refuse(self, exchange: Exchange, status: int, detail: str, *fields: tuple[str, str], reason: str = "") -> None:
        """Respond that there is no WebSocket. Refusals have a cost, and only some of many are logged.

        Parameters:
            reason: For the audit log; empty: no audit event.
        """
        head, address = exchange.head, self.site.client_address(exchange)
        counted = self.site.refusals.count(exchange, address)
        if counted.is_logged and reason:
            note_refusal(reason, method=head.method, path=head.path, address=address)
        if counted.limited is not None:
            exchange.keep_alive = exchange.keep_alive and not counted.closes
            status, detail, fields = 429, f"{counted.limited.detail}\n", (_retry_after(counted.limited),)
        if counted.is_logged:
            self.site.access_log.request(head.method, head.path, status, 0.0)
        exchange.send(status, "", [*self.site.response_headers.isolated(), TEXT_HEADER, *fields], detail.encode())

    def _count(self, exchange: Exchange, error: HubError) -> None:
        """Count an upgrade that is refused by a close code, which slows down pages that dial in a loop."""
        head, address = exchange.head, self.site.client_address(exchange)
        if isinstance(error, UNENTITLED):
            self._rates.dial_was_refused(network_of(address))
        if error.status < 500 and self.site.refusals.count(exchange, address).is_logged and audit.is_refusal(error):
            note_refusal(error.slug, method=head.method, path=head.path, address=address)


class WebSocketRelay:
    """The two WebSockets of one page, its own and that at the API, from the handshake to the end of both.

    Its task owns both: however the task ends, by an error or a cancellation too, it closes them.

    Attributes:
        was_used: Whether the page has sent anything since the last check.
        was_heard: Whether it has sent anything, a pong included, since the last ping.
        place: Gives back the place that the WebSocket has among those of its user or address; None: it has none.
    """

    def __init__(self, door: PassThroughDoor, exchange: Exchange) -> None:
        self._door = door
        self._exchange = exchange
        self._upstream: UpstreamWebSocket | None = None
        self._socket: MessageSocket | None = None
        self._session_key = ""
        self.session: Session | None = None
        self.session_id: SessionId | None = None
        self.was_used = False
        self.was_heard = True
        self.place: Callable[[], None] | None = None
        self._work = task_starter()(self._run())

    # -- for the HTTP connection, until the upgrade -------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Drop the data: a handshake has no body."""

    def finish(self) -> None:
        """Do nothing: the head is all that a handshake has."""

    def on_connection_close(self) -> None:
        """Stop: the page has gone before the handshake ended."""
        self._work.cancel()

    async def _run(self) -> None:
        """Bring the WebSocket to its end. An outer loop of the hub: no exception leaves it."""
        try:
            await self._serve()
        except Exception:
            note_crash(self._exchange.head.path, sys.exc_info())
            self._fail()
        finally:
            self._close_both()

    async def _serve(self) -> None:
        """Open the WebSocket at the API, complete the handshake, and relay the messages of the API to the page."""
        refusal: ChannelClosed | None = None
        try:
            self._upstream = await self._door.open_upstream(self._exchange, self)
        except ChannelClosed as closed:
            refusal = closed
        socket = self._upgrade()
        if socket is None:
            return
        if refusal is not None:
            socket.close(refusal.code, refusal.reason)
        elif self._upstream is not None:
            await self._relay(socket, self._upstream)

    def _upgrade(self) -> MessageSocket | None:
        """Complete the handshake, and return the started WebSocket; None if the handshake was malformed.

        From here on `on_close` reports the end of the connection. Nothing between the 101 and the start may wait.
        """
        self._socket = self._door.upgrade(self._exchange, self, self._subprotocol())
        if self._socket is None:
            return None
        self._door.registry.add(self)
        try:
            self._socket.start()
        except BaseException:  # nobody will report the end of this connection
            self._door.registry.discard(self)
            raise
        self._door.note_upgrade(self._exchange)
        return self._socket

    def _fail(self) -> None:
        if self._socket is None:
            self._door.refuse(self._exchange, 500, "Something went wrong.\n")
        else:
            self._socket.close(1011, "")

    def _close_both(self) -> None:
        """Close whatever is still open. May be called again. At the end of the connection, `on_close` tells the registry."""
        page, upstream, self._upstream = self._socket, self._upstream, None
        place, self.place = self.place, None
        if place is not None:
            place()
        if self._session_key:
            self._door.registry.streams.discard(self._session_key, self)
        if page is not None:
            page.close(CLOSE_GOING_AWAY)
        if upstream is not None:
            code, reason = (None, "") if page is None else (page.close_code, page.close_reason)
            self._door.registry.own(upstream.close(code or CLOSE_GOING_AWAY, reason))

    def _subprotocol(self) -> str | None:
        """Return the subprotocol that the API chose. A refused page gets its first one, else it could not read the close code."""
        if self._upstream is not None:
            return self._upstream.protocol
        return next(iter(offered_subprotocols(self._exchange.head)), None)

    async def _relay(self, page: MessageSocket, upstream: UpstreamWebSocket) -> None:
        while (message := await upstream.receive()) is not None:
            await page.send(message)
        page.close(upstream.close_code)

    # -- for the WebSocket --------------------------------------------------------------------------------------------

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Send a message to the API; the next one is read when the API takes more."""
        self.was_used = self.was_heard = True
        return None if self._upstream is None else self._upstream.send(message)

    def on_pong(self) -> None:
        """Record that the page responds."""
        self.was_heard = True

    def on_drained(self) -> None:
        """Do nothing: a write waits by itself."""

    def on_close(self) -> None:
        """Close the WebSocket at the API too, because the connection of the page has ended."""
        self._door.registry.discard(self)
        self._close_both()
        self._work.cancel()

    # -- for the door and the registries ------------------------------------------------------------------------------

    def belongs_to(self, session_id: SessionId, session: Session) -> None:
        """End with this session from now on.

        Raises:
            NotAuthenticated: The session ended while the request was admitted.
        """
        self._door.registry.streams.add(session, self)
        self.session_id, self.session, self._session_key = session_id, session, session.key

    def end_session(self, error: NotAuthenticated) -> None:
        """Close both WebSockets, because the session has ended. Before the handshake, the page can only be cut off."""
        if self._socket is None:
            self._exchange.abort()
        self.end(CloseCode.LOG_IN, f"session ended: {end_reason_of(error)}")

    def beat(self) -> None:
        """Ping the page; close it if it has not responded to the last ping."""
        if self._socket is None:
            return
        if not self.was_heard:
            self._socket.close(1000, "no sign of life")
        self.was_heard = False
        self._socket.ping()

    def end(self, code: CloseCode, reason: str) -> None:
        """Close both WebSockets: the session has ended, or the hub stops."""
        if self._socket is not None:
            self._socket.close(code, reason)
        self._close_both()
        self._work.cancel()


def _malformed(exchange: Exchange) -> HandshakeRefused | None:
    """Return why a request is no handshake, so that nothing is opened at the API for it; None if it is one."""
    try:
        accept(exchange.head, None)
    except HandshakeRefused as refused:
        return refused
    return None


def _retry_after(error: TooManyRequests) -> tuple[str, str]:
    return "Retry-After", str(math.ceil(error.retry_after_seconds or 1.0))


def _close_for(error: HubError) -> ChannelClosed:
    """Return the close code that tells a page what to do next."""
    if isinstance(error, StepUpRequired):
        return ChannelClosed(CloseCode.LOG_IN, _with_login_url(error))
    if isinstance(error, ProviderNotAllowed):
        return ChannelClosed(CloseCode.CSRF, _with_login_url(error))
    if isinstance(error, NotAuthenticated):
        return ChannelClosed(CloseCode.LOG_IN, error.slug)
    if isinstance(error, TooManyRequests):
        return ChannelClosed(CloseCode.TOO_OFTEN, error.slug)
    if isinstance(error, TokenNotIssued):
        return ChannelClosed(CloseCode.CSRF, error.slug)
    if isinstance(error, ResourceServerBroken | ResourceServerTimeout | ResourceServerUnreachable):
        return ChannelClosed(CloseCode.BAD_GATEWAY, error.slug)
    return ChannelClosed(CloseCode.UNAVAILABLE if error.temporary else CloseCode.PROTOCOL, error.slug)


def _with_login_url(error: HubError) -> str:
    reason = f"{error.slug} {error.extensions['login_url']}"
    return reason if len(reason) <= MAX_REASON_BYTES else error.slug
