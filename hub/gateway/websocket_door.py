"""DOOR to resource servers that speak WebSocket: opens a socket there, and carries messages."""

import asyncio
import ssl
from collections.abc import Iterable, Sequence

import aiohttp
from yarl import URL

from hub.errors import ResourceServerBroken, ResourceServerTimeout, ResourceServerUnreachable, ShuttingDown
from hub.gateway.routes import Route
from hub.gateway.tls import trust
from hub.primitives.http import Headers

HEARTBEAT_SECONDS = 25.0
CLOSE_SECONDS = 2.0
RELAYED_CODES = frozenset({*range(1000, 1004), *range(1007, 1012), *range(3000, 5000)})
"""Close codes that a peer may send (RFC 6455 section 7.4): the others say something about one connection only."""


class UpgradeRefused(Exception):
    """The resource server answered with an HTTP status instead of a WebSocket."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class UpstreamSocket:
    """A WebSocket at a resource server.

    Attributes:
        protocol: The subprotocol that it chose; None if none.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.protocol = socket.protocol
        self._socket = socket

    @property
    def close_code(self) -> int:
        """The code with which it was closed, as it may be relayed: 1011 if it just broke."""
        code = self._socket.close_code or 1006
        return 1000 if code == 1005 else code if code in RELAYED_CODES else 1011

    async def receive(self) -> str | bytes | None:
        """Return the next message; None when it has been closed."""
        message = await self._socket.receive()
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            data: str | bytes = message.data
            return data
        return None

    async def send(self, message: str | bytes) -> None:
        """Send a message; returns when there is room for more. To a socket that is closed nothing is sent."""
        try:
            if isinstance(message, str):
                await self._socket.send_str(message)
            else:
                await self._socket.send_bytes(message)
        except (ConnectionError, RuntimeError):
            return

    async def close(self, code: int, reason: str) -> None:
        """Close it; `code` is what the other side said."""
        await self._socket.close(code=code if code in RELAYED_CODES else 1001, message=reason.encode()[:123])


class UpstreamWebSocketClient:
    """Opens WebSockets at resource servers."""

    def __init__(self, ca_files: Iterable[str]) -> None:
        self._tls: dict[str, ssl.SSLContext] = {name: trust(name) for name in {*ca_files, ""}}
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Make ready. Needs the running loop; connects to nobody yet."""
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), skip_auto_headers=("User-Agent",))

    async def close(self) -> None:
        """Close all sockets."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def open(self, route: Route, url: str, headers: Headers, protocols: Sequence[str], max_bytes: int) -> UpstreamSocket:
        """Return a WebSocket at `url`.

        Raises:
            UpgradeRefused: The resource server answers with something else.
            ResourceServerUnreachable, ResourceServerTimeout, ResourceServerBroken: It does not answer, or not as a WebSocket.
            ShuttingDown: The door is closed.
        """
        if self._session is None:
            raise ShuttingDown
        timeout = aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS)
        try:
            async with asyncio.timeout(route.timeout_seconds):
                socket = await self._session.ws_connect(
                    URL(url, encoded=True),
                    headers=headers,
                    protocols=protocols,
                    ssl=self._tls[route.ca_file],
                    timeout=timeout,
                    heartbeat=HEARTBEAT_SECONDS,
                    max_msg_size=max_bytes,
                    compress=0,
                )
        except aiohttp.WSServerHandshakeError as error:
            raise UpgradeRefused(error.status) from error
        except aiohttp.ClientConnectorError as error:
            raise ResourceServerUnreachable from error
        except TimeoutError as error:
            raise ResourceServerTimeout from error
        except (aiohttp.ClientError, OSError) as error:
            raise ResourceServerBroken from error
        return UpstreamSocket(socket)
