"""A whole hub inside the process, and a client that can leave in the middle of a request."""

import asyncio
import re
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tornado.netutil import bind_sockets

from hub.application import build_admin_front, build_front
from hub.config.settings import (
    LimitSettings,
    ProviderSettings,
    PublisherSettings,
    RedisSettings,
    RouteSettings,
    ServerSettings,
    SessionSettings,
    Settings,
    TopicSettings,
)
from hub.listener.listener import HttpListener
from hub.listener.tornado_listener import TornadoListener
from hub.primitives.clock import SystemClock
from hub.primitives.secret import Secret
from hub.process.embedded_redis import EmbeddedRedis
from hub.process.server import LISTENERS
from hub.services import Services
from hub.session.keyring import Keyring
from tests.parties.browser import SESSION_COOKIE
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.parties.resource_server import RawResourceServer, answering
from tests.parties.two_way_api import TwoWayApi

PUBLISHER = "the-secret-of-the-publisher-of-48-characters-012"
NAVIGATION = ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Accept: text/html")
LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)")
UNLIMITED = LimitSettings(
    requests_per_session=0,
    requests_per_address=0,
    dials_per_session=0,
    dials_per_address=0,
    refused_dials_per_address=0,
    refused_requests_per_address=0,
    logins_per_address=0,
)
SECONDS = 20.0  # after which whatever a client waits for has hung
BUSY_SECONDS = 0.3


@dataclass(slots=True)
class Response:
    """What a client got; status 0: the connection ended without a response."""

    status: int = 0
    head: str = ""
    body: bytes = b""

    def cookies(self) -> dict[str, str]:
        """Return the cookies that it sets."""
        return dict(re.findall(r"(?im)^set-cookie: ([^=]+)=([^;\r]*)", self.head))

    def location(self) -> str:
        """Return where it leads."""
        found = re.search(r"(?im)^location: ([^\r]*)", self.head)
        return found[1] if found is not None else ""


@dataclass(slots=True)
class Client:
    """A browser.

    Attributes:
        statuses: Of all responses so far.
        transports: Its open connections.
    """

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    transports: set[asyncio.WriteTransport] = field(default_factory=set)

    def leave(self) -> None:
        """Abort all connections."""
        for transport in list(self.transports):
            transport.abort()

    async def ask(self, method: str, target: str, *fields: str, body: bytes = b"", port: int = 0) -> Response:
        """Send a request on a new connection, to the public listener or to `port`, and return its response."""
        async with self.connected(port) as (reader, writer):
            lines = [f"{method} {target} HTTP/1.1", f"Host: localhost:{self.port}", *fields, *self._cookie()]
            if body or method == "POST":
                lines.append(f"Content-Length: {len(body)}")
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            response = await self._read(reader)
        self.cookies.update(response.cookies())
        self.statuses.append(response.status)
        return response

    @asynccontextmanager
    async def connected(self, port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Open a connection, which `leave` aborts."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port or self.port)
        self.transports.add(writer.transport)
        try:
            yield reader, writer
        finally:
            self.transports.discard(writer.transport)
            writer.transport.abort()

    def script(self) -> tuple[str, ...]:
        """Return the fields of a script of the hub's page."""
        return ("Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors", f"X-XSRF-TOKEN: {self.cookies.get('XSRF-TOKEN', '')}")

    def _cookie(self) -> list[str]:
        pairs = "; ".join(f"{name}={value}" for name, value in self.cookies.items() if value)
        return [f"Cookie: {pairs}"] if pairs else []

    async def _read(self, reader: asyncio.StreamReader) -> Response:
        try:
            async with asyncio.timeout(SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                length = LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length is not None else b""
        except (asyncio.IncompleteReadError, ConnectionError):
            return Response()
        return Response(int(head.split(b" ", 2)[1]), head.decode("latin-1"), body)


@dataclass(slots=True)
class DoorHouse:
    """The hub and its parties."""

    services: Services
    provider: HostileProvider
    listeners: list[HttpListener | TornadoListener]
    port: int
    admin_port: int

    def client(self) -> Client:
        """Return a browser that is not logged in."""
        return Client(self.port)

    async def logged_in(self) -> Client:
        """Return a browser that is logged in."""
        async with asyncio.timeout(SECONDS):
            while True:
                client = self.client()
                await log_in(self, client)
                if SESSION_COOKIE in client.cookies:
                    client.statuses.clear()
                    return client
                await asyncio.sleep(BUSY_SECONDS)  # the circuit of the provider is open after faults

    def leftovers(self) -> dict[str, int]:
        """Return the number of things that must be gone when no client is there."""
        pool: Any = self.services.redis.connection_pool
        return {
            "tasks of requests": len(self.services.exchanges),
            "channels": len(self.services.registry),
            "WebSockets that pass through": len(self.services.passages._sockets),
            "connections": sum(len(each._connections.open) + len(each._connections.upgraded) for each in self.listeners),
            "Redis connections in use": len(pool._in_use_connections) - 1,  # the event feed
        }


async def log_in(house: DoorHouse, client: Client) -> Response:
    """Begin a login, go through the provider, and come back."""
    begun = await client.ask("GET", "/hub/login?return_to=/patients", *NAVIGATION)
    if begun.status != 302:
        return begun
    callback = house.provider.authorize(dict(parse_qsl(urlsplit(begun.location()).query)))
    parts = urlsplit(callback)
    return await client.ask("GET", f"{parts.path}?{parts.query}", *NAVIGATION)


@asynccontextmanager
async def door_house(listener_name: str = "fast") -> AsyncIterator[DoorHouse]:
    """Run the hub on one of the servers of `server.listener`, with a private Redis, a provider, an API, and one of WebSockets."""
    public, inner = bind_sockets(0, "127.0.0.1"), bind_sockets(0, "127.0.0.1")
    port, admin_port = (sockets[0].getsockname()[1] for sockets in (public, inner))
    with tempfile.TemporaryDirectory(prefix="hub-") as folder:
        redis = EmbeddedRedis(Path(folder))
        api = await RawResourceServer.start(answering(200, ("Content-Type", "application/json"), body=b'{"a":1}'))
        async with AsyncExitStack() as closing, HostileProvider.start() as provider, TwoWayApi.start() as two_way:
            await redis.start()
            closing.push_async_callback(redis.stop)
            closing.push_async_callback(api.stop)
            settings = Settings(
                server=ServerSettings(public_url=f"http://localhost:{port}"),
                provider=ProviderSettings(issuer=provider.issuer, client_id=CLIENT_ID, client_secret=Secret(CLIENT_SECRET)),
                redis=RedisSettings(url=redis.url, timeout_seconds=1.0),
                routes=[
                    RouteSettings(prefix="/api", target=api.url),
                    RouteSettings(prefix="/live", target=two_way.url, websocket=True),
                    RouteSettings(prefix="/refused", target=api.url, websocket=True),
                ],
                limits=UNLIMITED,
                session=SessionSettings(),
                publishers=[PublisherSettings(name="laboratory", token=Secret(PUBLISHER), topics=["lab/*"])],
                topics=[TopicSettings(name="lab/*")],
            )
            services = Services(settings, Keyring([secrets.token_bytes(32)]), redis.url, SystemClock())
            await services.start()
            serve = LISTENERS[listener_name]
            listeners = [serve(front, SystemClock()) for front in (build_front(services), build_admin_front(services))]
            for listener, sockets in zip(listeners, (public, inner), strict=True):
                await listener.start(sockets)
            try:
                await services.providers.openid("main").metadata()
                yield DoorHouse(services, provider, listeners, port, admin_port)
            finally:
                for listener in listeners:
                    await listener.close()
                await services.close()
