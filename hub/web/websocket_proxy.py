"""The door for WebSockets that are passed through: those of a page on this side, those of a resource server on the other.

The handshake is that of the channel: Origin first, then what a page can read as a close code. Each side is read only as fast as
the other one takes: what waits here is one message each way.
"""

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketHandler, WebSocketProtocol

from hub import audit, log
from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.interfaces import Sessions
from hub.errors import (
    HubError,
    NotAuthenticated,
    ResourceServerBroken,
    ResourceServerTimeout,
    ResourceServerUnreachable,
    StepUpRequired,
    TokenNotIssued,
)
from hub.gateway.messages import ApiRequest
from hub.gateway.passage import Passage
from hub.gateway.routes import Route
from hub.gateway.websocket_door import UpstreamSocket
from hub.session.model import Session, SessionId
from hub.web.base import Site
from hub.web.client_address import client_address
from hub.web.passages import Passages
from hub.web.websocket_protocol import StrictWebSocketProtocol

logger = log.get(__name__)

PING_SECONDS = 25.0
NOT_A_WEBSOCKET = "This part of the API is a WebSocket.\n"


class WebSocketProxyHandler(WebSocketHandler):
    """Relays one WebSocket."""

    def initialize(self, site: Site, passage: Passage, passages: Passages, sessions: Sessions) -> None:
        """Take the services that the route table names."""
        self.site = site
        self._passage = passage
        self._passages = passages
        self._sessions = sessions
        self._refusal: ChannelClosed | None = None
        self._upstream: UpstreamSocket | None = None
        self._relaying: asyncio.Task[None] | None = None
        self.session: Session | None = None
        self.session_id: SessionId | None = None
        self.was_used = False

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Upgrade, if the page is ours; refusals that it is to read come as close codes after that."""
        if self.request.headers.get("Origin", "") != self.site.origin:
            self._audit_refusal("origin")
            self.set_status(403)
            await self.finish("The origin is not allowed.\n")
            return
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            self.set_status(426)
            self.set_header("Upgrade", "websocket")
            await self.finish(NOT_A_WEBSOCKET)
            return
        try:
            self._upstream = await self._open_upstream(self._passage.route_for(self.request.path))
        except ChannelClosed as closed:
            self._refusal = closed
        except HubError as error:
            self._refusal = _close_for(error)
            if audit.is_refusal(error):
                self._audit_refusal(error.slug)
        await super().get(*args, **kwargs)
        if self._upstream is not None and self._relaying is None:  # the handshake of the page was no good after all
            await self._upstream.close(1001, "")

    def check_origin(self, origin: str) -> bool:
        """Was done first."""
        return origin == self.site.origin

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Answer with what the resource server has chosen. To a refused page its first wish: else it would not see the code."""
        if self._upstream is not None:
            return self._upstream.protocol
        return subprotocols[0] if subprotocols else None

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        """Put a strict protocol in the place of Tornado's."""
        return StrictWebSocketProtocol.of(self, super().get_websocket_protocol())

    def get_compression_options(self) -> dict[str, Any] | None:
        """Never compress: secrets stand beside what an attacker can choose (CRIME)."""
        return None

    @property
    def max_message_size(self) -> int:
        """Largest message of the page; larger ones close with 1009."""
        return self._passage.route_for(self.request.path).max_message_bytes

    @property
    def ping_interval(self) -> float | None:
        """Notice pages that are gone."""
        return PING_SECONDS

    def open(self, *_: str, **__: str) -> None:
        """Begin to relay, or say why not."""
        if self._refusal is not None:
            self.close(self._refusal.code, self._refusal.reason)
        elif self._upstream is not None:
            self._passages.add(self)
            self._relaying = asyncio.create_task(self._relay(self._upstream))

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Hand a message to the resource server; the next one is read when there is room for it."""
        self.was_used = True
        return None if self._upstream is None else self._upstream.send(message)

    def on_close(self) -> None:
        """End the other side too."""
        self._passages.discard(self)
        if self._relaying is not None:
            self._relaying.cancel()
        if self._upstream is not None:
            self._passages.own(self._upstream.close(self.close_code or 1001, self.close_reason or ""))

    def end(self, code: CloseCode, reason: str) -> None:
        """Close both sides: the session has ended, or the hub stops."""
        self.close(code, reason)
        self.on_close()

    async def _open_upstream(self, route: Route) -> UpstreamSocket:
        session = None
        if route.demand is not None:
            self.session_id = self.site.cookies.session_id(self.request.headers.get("Cookie", ""))
            if self.session_id is None:
                raise ChannelClosed(CloseCode.LOG_IN, "no session")
            session = self.session = await self._sessions.current(self.session_id, passive=True)
            self._passages.require_room(session.key)
        request = ApiRequest(
            method="GET",
            path=self.request.path,
            query=self.request.query,
            headers=list(self.request.headers.get_all()),
            client_address=self._client_address(),
        )
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        return await self._passage.open(request, session, [name.strip() for name in offered.split(",") if name.strip()])

    async def _relay(self, upstream: UpstreamSocket) -> None:
        with contextlib.suppress(WebSocketClosedError, StreamClosedError):
            while (message := await upstream.receive()) is not None:
                await self.write_message(message, binary=isinstance(message, bytes))
            self.close(upstream.close_code, "")

    def _client_address(self) -> str:
        forwarded = self.request.headers.get_list("X-Forwarded-For")
        return client_address(self.request.remote_ip or "", forwarded, self.site.trusted_proxies)

    def _audit_refusal(self, reason: str) -> None:
        audit.record(
            "audit.request_refused",
            outcome="failure",
            reason=reason,
            method="GET",
            path=self.request.path,
            address=self._client_address(),
        )


def _close_for(error: HubError) -> ChannelClosed:
    """Return the close code that tells a page what to do next."""
    if isinstance(error, NotAuthenticated | StepUpRequired):
        return ChannelClosed(CloseCode.LOG_IN, error.slug)
    if isinstance(error, TokenNotIssued):
        return ChannelClosed(CloseCode.CSRF, error.slug)
    if isinstance(error, ResourceServerBroken | ResourceServerTimeout | ResourceServerUnreachable):
        return ChannelClosed(CloseCode.BAD_GATEWAY, error.slug)
    return ChannelClosed(CloseCode.UNAVAILABLE if error.temporary else CloseCode.PROTOCOL, error.slug)
