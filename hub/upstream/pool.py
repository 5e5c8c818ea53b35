"""The pool: connections that wait for their next request, those who wait for a connection, and the timer of all."""

import asyncio
import socket
import ssl
from collections import deque
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

import aiohappyeyeballs

from hub.upstream.connection import KEEP_ALIVE_SECONDS, READ_BYTES, UpstreamConnection
from hub.upstream.failure import ConnectionBroken, HeadLate, PoolClosed, ServerUnreachable

MAX_CONNECTIONS = 1000  # of one worker; whoever finds none free waits for the route's connect timeout
TICK_SECONDS = 0.05
"""How often all connections are looked at: deadlines are noticed so much late, silence twice as much."""
STANDSTILL_SECONDS = 1.0
"""More between two looks is time in which this process or its machine stood still: what came meanwhile is not read yet."""
NEXT_ADDRESS_SECONDS = 0.25  # without an answer the next address of a name is tried beside the first (RFC 8305 section 5)


@dataclass(slots=True, eq=False)
class Origin:
    """Where connections lead.

    Attributes:
        authority: The value of `Host`.
        tls: What the server is verified against; None without TLS.
        idle: Its connections that wait for a request, the last one used at the end.
    """

    host: str
    port: int
    authority: str
    tls: ssl.SSLContext | None
    idle: dict[UpstreamConnection, None] = field(default_factory=dict)

    @classmethod
    def of(cls, base: str, tls: ssl.SSLContext) -> Self:
        """Return the origin of a URL of scheme and authority."""
        url = urlsplit(base)
        host = (url.hostname or "").encode("idna").decode() if not base.isascii() else url.hostname or ""
        usual = 443 if url.scheme == "https" else 80
        name = f"[{host}]" if ":" in host else host
        authority = name if url.port in (None, usual) else f"{name}:{url.port}"
        return cls(host, url.port or usual, authority, tls if url.scheme == "https" else None)


class Pool:
    """Keeps connections of all origins, at most `limit` together."""

    def __init__(self, limit: int = MAX_CONNECTIONS) -> None:
        """Needs the running loop; connects to nobody yet."""
        self._loop = asyncio.get_running_loop()
        self._limit = limit
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._connections: dict[UpstreamConnection, Origin] = {}
        self._connecting = 0
        self._line: deque[tuple[Origin, asyncio.Future[UpstreamConnection | None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._looked_at = self._loop.time()
        self._awake = 0.0
        self._is_closed = False

    def now(self) -> float:
        """Return the instant by the loop's clock."""
        return self._loop.time()

    def take(self, origin: Origin) -> UpstreamConnection | None:
        """Return the idle connection that was used last; None if there is none that is young enough."""
        while origin.idle:
            connection, _ = origin.idle.popitem()
            if self._loop.time() - connection.idle_since < KEEP_ALIVE_SECONDS and not connection.is_breaking:
                return connection
            connection.abort()
        return None

    async def open(self, origin: Origin, connect_seconds: float, head_by: float | None) -> UpstreamConnection:
        """Return a new connection, or wait in line for one if there are too many.

        Parameters:
            connect_seconds: How long that may take.
            head_by: Instant of the loop's clock after which the connection is of no use to the caller any more.

        Raises:
            HeadLate: `head_by` has passed.
            ServerUnreachable: There is none in time.
            PoolClosed: `close` was called.
        """
        give_up_at = self._loop.time() + connect_seconds
        is_hurried = head_by is not None and head_by < give_up_at
        try:
            async with asyncio.timeout_at(head_by if is_hurried else give_up_at) as limit:
                return await self._open(origin)
        except (OSError, UnicodeError) as error:  # the latter for what can be no name of a host
            if is_hurried and limit.expired():
                raise HeadLate(was_sent=False) from error
            raise ServerUnreachable(f"{origin.host}:{origin.port}: {str(error) or type(error).__name__}") from error

    def close(self) -> None:
        """Abort all connections, and send away who waits for one."""
        self._is_closed = True
        while self._line:
            _, place = self._line.popleft()
            if not place.done():
                place.set_exception(PoolClosed())
        for connection in tuple(self._connections):
            connection.fail(ConnectionBroken("The pool was closed."))
        if self._timer is not None:
            self._timer.cancel()

    # -- called by connections ----------------------------------------------------------------------------------------

    def release(self, connection: UpstreamConnection) -> None:
        """Give a connection to the first in line if it leads there, or its place; without a line it stays idle."""
        self._forget_who_left()
        origin = self._connections[connection]
        if not self._line:
            origin.idle[connection] = None
        elif self._line[0][0] is origin:
            self._line.popleft()[1].set_result(connection)
        else:
            connection.abort()

    def drop(self, connection: UpstreamConnection) -> None:
        """Forget a connection; its place is free."""
        origin = self._connections.pop(connection, None)
        if origin is not None:
            origin.idle.pop(connection, None)
            self._let_in()

    # -----------------------------------------------------------------------------------------------------------------

    async def _open(self, origin: Origin) -> UpstreamConnection:
        connection = await self._place(origin)
        while connection is not None:
            if not connection.is_closed and not connection.is_breaking:  # as it may be by the time that we have our turn
                return connection
            connection.abort()
            connection = await self._place(origin)
        try:
            return await self._connect(origin)
        finally:
            self._connecting -= 1
            self._let_in()

    async def _place(self, origin: Origin) -> UpstreamConnection | None:
        """Return a connection that has become free, or None where a new one may be made: it is counted already."""
        if self._is_closed:
            raise PoolClosed()
        if self._has_room() or self._has_made_room():
            self._connecting += 1
            return None
        place: asyncio.Future[UpstreamConnection | None] = self._loop.create_future()
        self._line.append((origin, place))
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._give_back(place.result())
            raise

    async def _connect(self, origin: Origin) -> UpstreamConnection:
        addresses = await self._loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        plain = await aiohappyeyeballs.start_connection(addresses, happy_eyeballs_delay=NEXT_ADDRESS_SECONDS)
        _, connection = await self._loop.create_connection(
            lambda: UpstreamConnection(self, self._buffer, self._loop),
            sock=plain,
            ssl=origin.tls,
            server_hostname=origin.host if origin.tls else None,
        )
        if connection.is_closed:  # it was not ours yet when that happened
            raise ConnectionResetError("closed as soon as it was there")
        self._connections[connection] = origin
        if self._is_closed:
            connection.abort()
            raise PoolClosed()
        if self._timer is None:
            self._timer = self._loop.call_later(TICK_SECONDS, self._tick)
        return connection

    def _give_back(self, connection: UpstreamConnection | None) -> None:
        """Take back what was given to somebody who had left just then."""
        if connection is None:
            self._connecting -= 1
            self._let_in()
        elif not connection.is_closed:
            self.release(connection)

    def _has_room(self) -> bool:
        return len(self._connections) + self._connecting < self._limit

    def _has_made_room(self) -> bool:
        """Close a connection that is idle elsewhere, the oldest of its origin, if there is one."""
        idle = next((next(iter(origin.idle)) for origin in self._connections.values() if origin.idle), None)
        if idle is not None:
            idle.abort()
        return idle is not None

    def _let_in(self) -> None:
        """Let the first in line make a connection if there is room."""
        self._forget_who_left()
        if self._line and self._has_room():
            self._connecting += 1
            self._line.popleft()[1].set_result(None)

    def _forget_who_left(self) -> None:
        while self._line and self._line[0][1].done():
            self._line.popleft()

    def _tick(self) -> None:
        now = self._loop.time()
        self._awake += min(now - self._looked_at, STANDSTILL_SECONDS)
        self._looked_at = now
        for connection in tuple(self._connections):
            connection.look(now, self._awake)
        self._timer = self._loop.call_later(TICK_SECONDS, self._tick) if self._connections else None
