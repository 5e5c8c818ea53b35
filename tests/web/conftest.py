"""A whole hub inside the test: real Redis, a provider that logs in at once, an API, and a clock that the test moves."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tornado.netutil import bind_sockets

from hub.application import build_admin_front, build_front
from hub.config.settings import (
    AdminSettings,
    LimitSettings,
    ProviderSettings,
    PublisherSettings,
    RouteSettings,
    ServerSettings,
    SessionSettings,
    Settings,
    StaticSettings,
    TopicSettings,
    UpstreamSettings,
)
from hub.primitives.clock import SystemClock
from hub.primitives.secret import Secret
from hub.services import Services
from hub.session.keyring import Keyring
from hub.web.response_headers import security_headers
from tests.parties.browser import Answer, Browser
from tests.parties.clock import ManualClock
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.parties.listeners import chosen_listener
from tests.parties.resource_server import RawResourceServer, answering

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none", "Accept": "text/html"}
SCRIPT = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin", "Accept": "*/*"}


@dataclass
class House:
    """The hub and its parties.

    Attributes:
        port: Of the public listener.
        admin_port: Of the admin listener.
        root: Folder of the hosted application.
    """

    services: Services
    provider: HostileProvider
    clock: ManualClock
    port: int
    admin_port: int
    root: Path

    @property
    def url(self) -> str:
        """Where browsers reach it."""
        return f"http://localhost:{self.port}"

    async def ask(self, target: str, *, method: str = "GET", admin: bool = False, **headers: str) -> Answer:
        """Send one request as it stands, on a connection of its own; `_` in the names of headers is `-`."""
        port = self.admin_port if admin else self.port
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        fields = {"Host": f"localhost:{port}", **named, "Connection": "close"}
        if method == "POST":
            fields["Content-Length"] = "0"
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        status_line, *received = head.decode("latin-1").split("\r\n")
        pairs = [line.partition(": ") for line in received]
        return Answer(target, int(status_line.split()[1]), [(name, value) for name, _, value in pairs], body)

    async def navigate(self, target: str, *, method: str = "GET", **headers: str) -> Answer:
        """Open an address as a person does, without following anything."""
        return await self.ask(target, method=method, **{**NAVIGATION, **headers})

    async def fetch(self, target: str, *, method: str = "GET", **headers: str) -> Answer:
        """Ask as a script of the page does, without cookies."""
        return await self.ask(target, method=method, **{**SCRIPT, **headers})

    @asynccontextmanager
    async def browser(self, *, logged_in: bool = True) -> AsyncIterator[Browser]:
        """Open a browser."""
        async with Browser(self.url) as browser:
            if logged_in:
                await browser.open("/hub/login")
            yield browser


BuildHouse = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A built application, and beside it something that must not be served."""
    root = tmp_path / "application"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html><title>App</title>")
    (root / "about.html").write_text("<!doctype html><title>About</title>")
    (root / "main-4KPJ2Q7A.js").write_text("run()")
    (root / "my-component.js").write_text("run()")
    (root / "assets" / "logo.svg").write_text("<svg/>")
    (tmp_path / "private.txt").write_text("PRIVATE")
    (root / "link.txt").symlink_to(tmp_path / "private.txt")
    return root


@pytest.fixture
def build_house(redis_url: str, clock: ManualClock, root: Path) -> BuildHouse:
    """Build a house; the parameters replace server settings, `discovery` is called before the hub looks for its provider."""

    @asynccontextmanager
    async def build(
        prepare: Callable[[HostileProvider], None] | None = None,
        *,
        session: SessionSettings | None = None,
        admin: AdminSettings | None = None,
        provider_settings: Mapping[str, Any] | None = None,
        routes: Sequence[RouteSettings] | None = None,
        limits: LimitSettings | None = None,
        upstream: UpstreamSettings | None = None,
        publishers: Sequence[PublisherSettings] = (),
        providers: Sequence[ProviderSettings] = (),
        topics: Sequence[TopicSettings] = (),
        static: Mapping[str, Any] | None = None,
        redis_url: str = redis_url,
        **server: Any,
    ) -> AsyncIterator[House]:
        public, inner = bind_sockets(0, "127.0.0.1"), bind_sockets(0, "127.0.0.1")
        port, admin_port = (sockets[0].getsockname()[1] for sockets in (public, inner))
        api = await RawResourceServer.start(answering(200, ("Content-Type", "application/json"), body=b"{}"))
        async with HostileProvider.start() as provider:
            provider.now = clock.now
            if prepare is not None:
                prepare(provider)
            settings = Settings(
                server=ServerSettings(**{"public_url": f"http://localhost:{port}", "extra_hosts": ["localhost"], **server}),
                provider=ProviderSettings(
                    issuer=provider.issuer,
                    client_id=CLIENT_ID,
                    client_secret=Secret(CLIENT_SECRET),
                    **(provider_settings or {}),
                ),
                routes=list(routes)
                if routes is not None
                else [
                    RouteSettings(prefix="/api", target=api.url),
                    RouteSettings(prefix="/open", target=api.url, token="none"),
                ],
                limits=limits or LimitSettings(),
                upstream=upstream or UpstreamSettings(),
                static=StaticSettings(**{"root": str(root), **(static or {})}),
                session=session or SessionSettings(),
                admin=admin or AdminSettings(),
                publishers=list(publishers),
                providers=list(providers),
                topics=list(topics),
            )
            services = Services(settings, Keyring([secrets.token_bytes(32)]), redis_url, clock)
            await services.start()
            fields = security_headers(hsts=settings.server.is_https)
            fronts = build_front(services), build_admin_front(services)
            listeners = [chosen_listener()(front, SystemClock(), error_headers=fields) for front in fronts]
            for listener, sockets in zip(listeners, (public, inner), strict=True):
                await listener.start(sockets)
            try:
                yield House(services, provider, clock, port, admin_port, root)
            finally:
                for listener in listeners:
                    await listener.close()
                await services.close()
                await api.stop()

    return build


@pytest.fixture
async def house(build_house: BuildHouse) -> AsyncIterator[House]:
    """A house in which everything works."""
    async with build_house() as built:
        await built.services.providers.openid("main").metadata()
        yield built
