"""A front whose answers a test decides, behind a real listener, and a client that speaks in bytes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvloop
from tornado.netutil import bind_sockets

from hub.listener.acceptor import has_unread_bytes
from hub.listener.exchange import Exchange
from hub.listener.listener import HttpListener
from hub.listener.tornado_listener import TornadoListener
from hub.primitives.clock import Clock, SystemClock
from tests.parties.listeners import chosen_listener
from tests.waiting import hang_timeout, settled, until

GET = b"GET %b HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST /up HTTP/1.1\r\nHost: here\r\n%b\r\n"
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
"""The loops that the hub runs on."""


@dataclass(eq=False)
class Seen:
    """One request as it came to its receiver, which answers when `answer` says so."""

    exchange: Exchange
    answer: Callable[["Seen"], None]
    body: bytearray = field(default_factory=bytearray)
    is_whole: bool = False
    closes: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def data_received(self, data: bytes) -> None:
        """Collect."""
        self.body += data
        self.changed.set()

    def finish(self) -> None:
        """Answer."""
        self.is_whole = True
        self.changed.set()
        self.answer(self)

    def on_connection_close(self) -> None:
        """Count."""
        self.closes += 1
        self.changed.set()

    def send(self, body: bytes = b"ok", status: int = 200) -> None:
        """Answer whole."""
        self.exchange.send(status, "", [], body)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so."""
        async with hang_timeout():
            while not condition():
                self.changed.clear()
                await self.changed.wait()


def at_once(seen: Seen) -> None:
    """Answer with method, path and body."""
    head = seen.exchange.head
    seen.send(b"%b %b %b" % (head.method.encode(), head.path.encode(), seen.body))


def never(seen: Seen) -> None:
    """Leave the answer to the test."""


class Front:
    """Keeps what it is asked, and answers in its way."""

    def __init__(self, answer: Callable[[Seen], None] = at_once, on_open: Callable[[Seen], None] | None = None) -> None:
        self.seen: list[Seen] = []
        self._answer = answer
        self._on_open = on_open
        self._came = asyncio.Event()

    def open(self, exchange: Exchange) -> Seen:
        """Take a request."""
        seen = Seen(exchange, self._answer)
        self.seen.append(seen)
        self._came.set()
        if self._on_open is not None:
            self._on_open(seen)
        return seen

    async def request(self, number: int = 0) -> Seen:
        """Return a request once it has come."""
        async with hang_timeout():
            while len(self.seen) <= number:
                self._came.clear()
                await self._came.wait()
        return self.seen[number]


@dataclass
class Client:
    """One connection to the listener."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *pieces: bytes) -> None:
        """Send pieces, each by itself."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def answer(self, *, bodiless: bool = False) -> tuple[int, dict[str, str], bytes]:
        """Read one answer: status, fields by lower-case name, and body."""
        async with hang_timeout():
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:-2])}
            status = int(head[0].split()[1])
            if bodiless or status in (100, 101, 204, 304):
                return status, fields, b""
            return status, fields, await self._body(fields)

    async def _body(self, fields: dict[str, str]) -> bytes:
        if "content-length" in fields:
            return await self.reader.readexactly(int(fields["content-length"]))
        if fields.get("transfer-encoding") != "chunked":
            return await self.reader.read()
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += await self.reader.readexactly(size)
            await self.reader.readline()
        await self.reader.readline()
        return body

    async def rest(self) -> bytes:
        """Read until the hub closes."""
        async with hang_timeout():
            try:
                return await self.reader.read()
            except ConnectionError:
                return b"reset"

    async def close(self) -> None:
        """Leave."""
        self.writer.close()


@dataclass
class Stand:
    """A listener, and how to reach it."""

    listener: HttpListener | TornadoListener
    port: int
    tls: Any = None

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """Open a connection."""
        name = "localhost" if self.tls else None
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls, server_hostname=name))
        try:
            yield client
        finally:
            client.writer.transport.abort()

    @property
    def open_connections(self) -> int:
        """How many connections the listener knows."""
        shared = self.listener._connections
        return len(shared.open) + len(shared.upgraded)

    async def head_has_begun(self) -> None:
        """Wait until a part of a head was read. Tornado tells nobody of it, but leaves no bytes in the kernel."""
        if isinstance(self.listener, HttpListener):
            connections = self.listener._connections.open
            await until(lambda: any(each._reader and each._reader.is_in_head for each in connections))
        else:
            streams = [each.stream for each in self.listener._connections.open]
            await settled(lambda: [has_unread_bytes(stream.socket) for stream in streams])


@asynccontextmanager
async def listening(
    front: Any, clock: Clock | None = None, *, client_tls: Any = None, host: str = "127.0.0.1", **options: Any
) -> AsyncIterator[Stand]:
    """Run a listener until the end of the block; nothing of it is left then."""
    listener = chosen_listener()(front, clock or SystemClock(), **options)
    sockets = bind_sockets(0, host)
    await listener.start(sockets)
    stand = Stand(listener, sockets[0].getsockname()[1], client_tls)
    try:
        yield stand
    finally:
        async with hang_timeout():
            await listener.close()
        assert stand.open_connections == 0
