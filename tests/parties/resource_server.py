"""A real HTTP/1.1 server on plain asyncio streams, which does exactly what a test tells it, byte by byte.

    server = await RawResourceServer.start(echo)

A behaviour is a coroutine that is called for each request with its `Exchange`: it reads, writes, breaks off. When it returns,
the connection waits for the next request, unless the behaviour closed it.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

SMALL_SOCKET_BUFFER = 64 * 1024  # keeps what the kernel holds small beside what a test sends


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The head of one request, as it came over the wire."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    connection: int

    def header(self, name: str) -> str | None:
        """Return the only value of the field, or None; several are a mistake of the test."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, values
        return values[0] if values else None


@dataclass(slots=True)
class Exchange:
    """One request of one connection, and the means to answer it.

    Attributes:
        taken: Body bytes read so far.
        sent: Bytes written so far and taken by the kernel.
    """

    request: Received
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    taken: int = 0
    sent: int = 0
    is_closed: bool = False

    async def pieces(self, size: int = 64 * 1024) -> AsyncIterator[bytes]:
        """Yield the request's body as it arrives."""
        if (self.request.header("Transfer-Encoding") or "") == "chunked":
            while length := int(await self.reader.readuntil(b"\r\n"), 16):
                yield await self._take(length)
                await self.reader.readexactly(2)
            await self.reader.readexactly(2)
            return
        remaining = int(self.request.header("Content-Length") or 0)
        while remaining:
            piece = await self._take(min(size, remaining))
            remaining -= len(piece)
            yield piece

    async def body(self) -> bytes:
        """Return the request's whole body."""
        return b"".join([piece async for piece in self.pieces()])

    async def write(self, data: bytes) -> None:
        """Send bytes as they are, and wait until the kernel has taken them."""
        self.writer.write(data)
        await self.writer.drain()
        self.sent += len(data)

    async def answer(self, status: int = 200, *headers: tuple[str, str], body: bytes = b"") -> None:
        """Send an answer with its length."""
        await self.write(head(status, *headers, ("Content-Length", str(len(body)))) + body)

    async def chunk(self, data: bytes) -> None:
        """Send one chunk of an answer that began with `Transfer-Encoding: chunked`; an empty one ends it."""
        await self.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def close(self) -> None:
        """Close the connection in order (FIN)."""
        self.is_closed = True
        self.writer.close()

    def reset(self) -> None:
        """Break the connection off (RST)."""
        self.is_closed = True
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def peer_gone(self) -> None:
        """Wait until the client has left; what it still sends is dropped."""
        try:
            while await self.reader.read(64 * 1024):
                pass
        except ConnectionError:
            pass

    async def _take(self, size: int) -> bytes:
        piece = await self.reader.readexactly(size)
        self.taken += len(piece)
        return piece


Behaviour = Callable[[Exchange], Awaitable[None]]


@dataclass(slots=True)
class RawResourceServer:
    """Listens on a port of the loopback interface and records what it was asked.

    Attributes:
        behaviour: What to do with a request; a test may replace it between two requests.
        requests: The heads of all requests, in order.
        connections: Connections accepted so far.
        open_connections: Connections that are open now.
    """

    behaviour: Behaviour
    url: str = ""
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    open_connections: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    @classmethod
    async def start(cls, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Self:
        """Listen on a free port; `url` is where."""
        server = cls(behaviour)
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_SOCKET_BUFFER)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_SOCKET_BUFFER)
        server._server = await asyncio.start_server(server._accept, sock=listener, ssl=tls)
        server.url = f"{'https' if tls else 'http'}://localhost:{listener.getsockname()[1]}"
        return server

    def close(self) -> None:
        """Stop listening; connections stay."""
        assert self._server is not None
        self._server.close()

    async def stop(self) -> None:
        """Stop listening, break off every connection and wait for their ends."""
        self.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def asked(self) -> None:
        """Wait until the head of a request has come."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.requests)

    async def idle(self) -> None:
        """Wait until no connection is open."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.open_connections == 0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        await self._count(1)
        writer.transport.set_write_buffer_limits(high=0)  # drain waits for the kernel, so that `sent` is true
        try:
            await self._serve(reader, writer, self.connections)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left; what it was told and what not is for the test to see
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            self._tasks.discard(task)
            writer.transport.abort()
            await self._count(-1)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        while request := await _read_head(reader, connection):
            self.requests.append(request)
            await self._count(0)
            exchange = Exchange(request, reader, writer)
            await self.behaviour(exchange)
            if exchange.is_closed:
                return

    async def _count(self, change: int) -> None:
        async with self._changed:
            self.open_connections += change
            self._changed.notify_all()


def head(status: int, *headers: tuple[str, str]) -> bytes:
    """Return status line and fields of an answer."""
    lines = [f"HTTP/1.1 {status} Reason", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")


async def echo(exchange: Exchange) -> None:
    """Answer with the request's body and content type."""
    body = await exchange.body()
    content_type = exchange.request.header("Content-Type") or "application/octet-stream"
    await exchange.answer(200, ("Content-Type", content_type), body=body)


async def streaming_echo(exchange: Exchange) -> None:
    """Answer with each piece of the request's body as soon as it has come."""
    await exchange.write(head(200, ("Transfer-Encoding", "chunked")))
    async for piece in exchange.pieces():
        await exchange.chunk(piece)
    await exchange.chunk(b"")


async def silent(exchange: Exchange) -> None:
    """Take the request and never answer."""
    await exchange.peer_gone()


def answering(status: int, *headers: tuple[str, str], body: bytes = b"") -> Behaviour:
    """Answer every request the same way."""

    async def behave(exchange: Exchange) -> None:
        await exchange.body()
        await exchange.answer(status, *headers, body=body)

    return behave


def raw(data: bytes) -> Behaviour:
    """Send these bytes for an answer, then close the connection."""

    async def behave(exchange: Exchange) -> None:
        await exchange.body()
        await exchange.write(data)
        exchange.close()

    return behave


async def _read_head(reader: asyncio.StreamReader, connection: int) -> Received | None:
    try:
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    request_line, *lines = text.removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = request_line.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = [(name, value.strip(" ")) for name, _, value in pairs]
    return Received(method=method, target=target, headers=headers, connection=connection)
