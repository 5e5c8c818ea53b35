"""A whole hub in this process, with time that stands still: nothing happens but what requests cause."""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import redis.asyncio
import tornado.web
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from bench.ground.members import Member, enrol, session_store
from bench.ground.provider import CLIENT_ID, CLIENT_SECRET
from bench.ground.stage import PREFIX, UNLIMITED, make_routes
from bench.systems.process import module
from hub.config.reader import load
from hub.primitives.clock import SystemClock
from hub.process.server import Worker
from hub.session.keyring import make_key_file
from hub.session.store import SessionStore
from hub.telemetry import log
from tests.parties.hub import free_port, public_url, settings
from tests.parties.redis_server import RedisServer

NOW = float(int(time.time()))  # epoch seconds; a provider in another process or thread reads the real clock
READY_SECONDS = 120.0
PATH = f"{PREFIX}/patients/1024.json?page=1"


class StillClock(SystemClock):
    """Time stands still, and whoever sleeps does not wake: no background work disturbs the counting."""

    def now(self) -> float:
        """Return the one moment that there is; epoch seconds."""
        return NOW

    def monotonic(self) -> float:
        """Return the same on the clock that never goes back."""
        return 1000.0

    async def sleep(self, seconds: float) -> None:
        """Let others have a turn, or wait for ever."""
        if seconds > 0:
            await asyncio.Event().wait()
        await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class House:
    """The running hub, its user, and the parties around it.

    Attributes:
        member: The user whose browser calls.
        sessions: The sessions in the hub's Redis.
        issuer: The provider in the hub's settings.
        commands: A client of the hub's Redis.
        reference_port: Of a bare proxy to the same resource server, made of Tornado and aiohttp.
    """

    url: str
    port: int
    member: Member
    sessions: SessionStore
    issuer: str
    commands: redis.asyncio.Redis
    upstream_port: int
    reference_port: int


@asynccontextmanager
async def house(*, clock: StillClock | None = None, port: int | None = None, issuer: str | None = None) -> AsyncIterator[House]:
    """Start the hub and its parties; stop them at the end.

    Parameters:
        clock: The time of the hub.
        port: Where the hub listens; a free port unless given.
        issuer: A provider that knows the client `CLIENT_ID`; unless given, an address at which no provider listens.
    """
    clock = clock or StillClock()
    port = port or free_port()
    issuer = issuer or f"http://127.0.0.1:{free_port()}/oauth2"
    async with AsyncExitStack() as parties:
        folder = Path(parties.enter_context(tempfile.TemporaryDirectory(prefix="hub-guard-")))
        store = parties.enter_context(RedisServer.start("--appendonly", "no"))
        upstream_port = int((await parties.enter_async_context(module("bench.upstream")))[1])
        make_key_file(folder / "session.key")
        environment = {
            **settings(issuer, CLIENT_ID, CLIENT_SECRET, make_routes(1, upstream_port)),
            **UNLIMITED,
            "HUB_REDIS_URL": store.url,
            "HUB_SESSION_KEY_FILES": str(folder / "session.key"),
            "HUB_SERVER_PORT": str(port),
            "HUB_SERVER_PUBLIC_URL": public_url(port),
            "HUB_ADMIN_PORT": "0",
            "HUB_STATIC_ROOT": str(folder),
        }
        sessions = await parties.enter_async_context(session_store(store.url, folder / "session.key", clock))
        [member] = await enrol(sessions, issuer, [1], NOW)
        await parties.enter_async_context(_hub(environment, clock))
        reference_port = await parties.enter_async_context(_reference(upstream_port))
        commands = redis.asyncio.Redis(unix_socket_path=str(store.socket))
        parties.push_async_callback(commands.aclose)
        yield House(public_url(port), port, member, sessions, issuer, commands, upstream_port, reference_port)


@asynccontextmanager
async def _hub(environment: dict[str, str], clock: StillClock) -> AsyncIterator[None]:
    stop = asyncio.Event()
    loaded = load(None, environment)
    log.configure(loaded.log.level, loaded.log.format)
    worker = Worker(loaded, None, clock)
    running = asyncio.create_task(worker.run(stop, asyncio.Event()))
    try:
        await _listening(loaded.server.port, running)
        yield
    finally:
        running.cancel()  # it would wait for channels to leave, by a clock that stands still
        await asyncio.wait([running])


async def _listening(port: int, running: asyncio.Task[None]) -> None:
    """Wait until the hub takes connections."""
    async with asyncio.timeout(READY_SECONDS):
        while not running.done():
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.01)
                continue
            writer.close()
            return
    running.result()


class BareProxy(tornado.web.RequestHandler):
    """The least that can be called a proxy: no session, no token, no rules, no log."""

    def initialize(self, http: aiohttp.ClientSession, target: str) -> None:
        """Take the client and where it asks."""
        self.http = http
        self.target = target

    async def get(self) -> None:
        """Ask the resource server, and pass its answer on."""
        async with self.http.get(self.target + self.request.uri.removeprefix(PREFIX)) as answer:
            self.set_header("Content-Type", answer.headers["Content-Type"])
            self.finish(await answer.read())


@asynccontextmanager
async def _reference(upstream_port: int) -> AsyncIterator[int]:
    sockets = bind_sockets(0, "127.0.0.1")
    async with aiohttp.ClientSession() as http:
        given = {"http": http, "target": f"http://127.0.0.1:{upstream_port}"}
        proxy = HTTPServer(tornado.web.Application([(".*", BareProxy, given)], log_function=lambda _: None))
        proxy.add_sockets(sockets)
        yield sockets[0].getsockname()[1]
        proxy.stop()
        await proxy.close_all_connections()


def as_text(found: object) -> str:
    """Return figures as JSON."""
    return json.dumps(found, indent=2)
