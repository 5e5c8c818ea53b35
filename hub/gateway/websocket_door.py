"""DOOR to APIs that speak WebSocket: opens a WebSocket there, and carries messages."""

import asyncio
import ssl
from collections.abc import Iterable, Sequence
from weakref import WeakSet

import aiohttp
from yarl import URL

from hub.errors import ResourceServerBroken, ResourceServerBusy, ResourceServerTimeout, ResourceServerUnreachable, ShuttingDown
from hub.gateway.messages import SWITCHING_PROTOCOLS, ApiResponse
from hub.gateway.routes import Route
from hub.gateway.tls import trust
from hub.primitives.http import Headers
from hub.upstream.descriptors import DescriptorReserve

HEARTBEAT_SECONDS = 25.0
CLOSE_SECONDS = 2.0
RELAYED_CODES = frozenset({*range(1000, 1004), *range(1007, 1012), *range(3000, 5000)})
"""Close codes that a peer may send (RFC 6455 section 7.4): the others say something about one connection only."""


class UpstreamSocket:
    """A WebSocket at an API (`UpstreamWebSocket`)."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.protocol = socket.protocol
        self._socket = socket

    @property
    def close_code(self) -> int:
        """Return the close code, as it may be relayed: 1011 if the connection broke."""
        code = self._socket.close_code or 1006
        return 1000 if code == 1005 else code if code in RELAYED_CODES else 1011

    async def receive(self) -> str | bytes | None:
        """Return the next message; None when the WebSocket is closed."""
        try:
            message = await self._socket.receive()
        except TimeoutError:  # aiohttp raises this one; any other failure is a message
            return None
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            data: str | bytes = message.data
            return data
        return None

    async def send(self, message: str | bytes) -> None:
        """Send a message; return when the API takes more. Nothing is sent to a WebSocket that is closed."""
        try:
            if isinstance(message, str):
                await self._socket.send_str(message)
            else:
                await self._socket.send_bytes(message)
        except (OSError, RuntimeError):
            return

    async def close(self, code: int, reason: str) -> None:
        """Close it with the code of the other side."""
        await self._socket.close(code=code if code in RELAYED_CODES else 1001, message=reason.encode()[:123])


class UpstreamWebSocketClient:
    """Opens WebSockets at the APIs of all routes."""

    def __init__(self, ca_files: Iterable[str], descriptors: DescriptorReserve | None = None) -> None:
        self._descriptors = descriptors or DescriptorReserve()
        self._pending = 0  # WebSockets that are being opened
        self._open_sockets: WeakSet[aiohttp.ClientWebSocketResponse] = WeakSet()
        self._tls: dict[str, ssl.SSLContext] = {name: trust(name) for name in {*ca_files, ""}}
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the client. Needs the running loop; opens no connection."""
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), skip_auto_headers=("User-Agent",))

    async def close(self) -> None:
        """Close all WebSockets."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def open(self, route: Route, url: str, headers: Headers, subprotocols: Sequence[str]) -> ApiResponse:
        """Return the response to an upgrade: 101 with the WebSocket, or whatever else the API says, without its body.

        Raises:
            ResourceServerUnreachable, ResourceServerTimeout, ResourceServerBroken: There is no response.
            ResourceServerBusy: The file descriptors are used up, except for those that are reserved.
            ShuttingDown: The client is closed.
        """
        if self._session is None:
            raise ShuttingDown
        in_use = self._pending + sum(not socket.closed for socket in self._open_sockets)
        if self._descriptors.is_reached(in_use, self._pending):
            raise ResourceServerBusy("The hub has too many connections open. Repeat the request later.")
        self._pending += 1
        try:
            return await self._open(self._session, route, url, headers, subprotocols)
        finally:
            self._pending -= 1

    async def _open(
        self, session: aiohttp.ClientSession, route: Route, url: str, headers: Headers, subprotocols: Sequence[str]
    ) -> ApiResponse:
        timeout = aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS)
        try:
            async with asyncio.timeout(route.settings.timeout_seconds):
                socket = await session.ws_connect(
                    URL(url, encoded=True),
                    headers=headers,
                    protocols=subprotocols,
                    ssl=self._tls[route.settings.ca_file],
                    timeout=timeout,
                    heartbeat=HEARTBEAT_SECONDS,
                    max_msg_size=route.settings.max_message_bytes,
                    compress=0,
                )
        except aiohttp.WSServerHandshakeError as error:
            headers = [] if error.headers is None else list(error.headers.items())
            return ApiResponse(status=error.status, headers=headers)
        except aiohttp.ClientConnectorError as error:
            raise ResourceServerUnreachable from error
        except TimeoutError as error:
            raise ResourceServerTimeout from error
        except (aiohttp.ClientError, OSError) as error:
            raise ResourceServerBroken from error
        self._open_sockets.add(socket)
        return ApiResponse(status=SWITCHING_PROTOCOLS, websocket=UpstreamSocket(socket))
