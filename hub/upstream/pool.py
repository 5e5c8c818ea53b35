"""Connection pool: idle connections, callers that wait for a connection, and the timer that checks timeouts."""

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

MAX_CONNECTIONS = 1000  # per worker; further callers wait, at most for the connect timeout of their route
TICK_SECONDS = 0.05
"""Interval between checks of all timeouts. Deadlines are noticed up to one interval late, stalls up to two."""
SUSPENDED_SECONDS = 1.0
"""A longer interval between two checks means that the process was suspended. The excess does not count toward timeouts."""
NEXT_ADDRESS_SECONDS = 0.25  # without a connection, the next address is tried in parallel (RFC 8305 section 5)


@dataclass(slots=True, eq=False)
class Origin:
    """A server: the destination of connections.

    Attributes:
        authority: Value of `Host`.
        tls: TLS context that verifies the server; None without TLS.
        idle: Idle connections, the most recently used one last.
    """

    host: str
    port: int
    authority: str
    tls: ssl.SSLContext | None
    idle: dict[UpstreamConnection, None] = field(default_factory=dict)

    @classmethod
    def of(cls, base: str, tls: ssl.SSLContext) -> Self:
        """Return the origin of a URL that consists of scheme and authority."""
        url = urlsplit(base)
        host = (url.hostname or "").encode("idna").decode() if not base.isascii() else url.hostname or ""
        usual = 443 if url.scheme == "https" else 80
        name = f"[{host}]" if ":" in host else host
        authority = name if url.port in (None, usual) else f"{name}:{url.port}"
        return cls(host, url.port or usual, authority, tls if url.scheme == "https" else None)


class Pool:
    """Pools the connections to all origins, at most `limit` in total."""

    def __init__(self, limit: int = MAX_CONNECTIONS) -> None:
        """Create an empty pool in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._limit = limit
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._connections: dict[UpstreamConnection, Origin] = {}
        self._connecting = 0
        self._waiting: deque[tuple[Origin, asyncio.Future[UpstreamConnection | None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._checked_at = self._loop.time()
        self._running_seconds = 0.0
        self._is_closed = False

    def now(self) -> float:
        """Return the time of the loop's clock."""
        return self._loop.time()

    def take(self, origin: Origin) -> UpstreamConnection | None:
        """Return the most recently used idle connection; None if there is none that is fresh enough."""
        while origin.idle:
            connection, _ = origin.idle.popitem()
            if self._loop.time() - connection.idle_since < KEEP_ALIVE_SECONDS and not connection.is_breaking:
                return connection
            connection.abort()
        return None

    async def open(self, origin: Origin, connect_seconds: float, head_by: float | None) -> UpstreamConnection:
        """Return a new connection. If there are too many, wait in a queue.

        Parameters:
            connect_seconds: Connect timeout, including the wait.
            head_by: The caller's deadline by the loop's clock; None: no deadline.

        Raises:
            HeadLate: `head_by` has passed.
            ServerUnreachable: No connection in time.
            PoolClosed: `close` was called.
        """
        give_up_at = self._loop.time() + connect_seconds
        is_hurried = head_by is not None and head_by < give_up_at
        try:
            async with asyncio.timeout_at(head_by if is_hurried else give_up_at) as limit:
                return await self._open(origin)
        except (OSError, UnicodeError) as error:  # UnicodeError: an invalid host name
            if is_hurried and limit.expired():
                raise HeadLate(was_sent=False) from error
            raise ServerUnreachable(f"{origin.host}:{origin.port}: {str(error) or type(error).__name__}") from error

    def close(self) -> None:
        """Abort all connections, and fail the callers that wait for one."""
        self._is_closed = True
        while self._waiting:
            _, slot = self._waiting.popleft()
            if not slot.done():
                slot.set_exception(PoolClosed())
        for connection in tuple(self._connections):
            connection.fail(ConnectionBroken("The pool was closed."))
        if self._timer is not None:
            self._timer.cancel()

    # -- called by connections ----------------------------------------------------------------------------------------

    def release(self, connection: UpstreamConnection) -> None:
        """Pass a free connection, or its slot, to the first waiting caller. Without waiting callers, it stays idle."""
        self._drop_canceled()
        origin = self._connections[connection]
        if not self._waiting:
            origin.idle[connection] = None
        elif self._waiting[0][0] is origin:
            self._waiting.popleft()[1].set_result(connection)
        else:
            connection.abort()

    def drop(self, connection: UpstreamConnection) -> None:
        """Remove a closed connection, and give its slot to the first waiting caller."""
        origin = self._connections.pop(connection, None)
        if origin is not None:
            origin.idle.pop(connection, None)
            self._admit_next()

    # -----------------------------------------------------------------------------------------------------------------

    async def _open(self, origin: Origin) -> UpstreamConnection:
        connection = await self._wait_for_slot(origin)
        while connection is not None:
            if not connection.is_closed and not connection.is_breaking:  # it may have closed since it was passed on
                return connection
            connection.abort()
            connection = await self._wait_for_slot(origin)
        try:
            return await self._connect(origin)
        finally:
            self._connecting -= 1
            self._admit_next()

    async def _wait_for_slot(self, origin: Origin) -> UpstreamConnection | None:
        """Wait for a slot. Return a free connection, or None if a new connection may be opened; it is already counted."""
        if self._is_closed:
            raise PoolClosed()
        if self._has_capacity() or self._close_idle():
            self._connecting += 1
            return None
        slot: asyncio.Future[UpstreamConnection | None] = self._loop.create_future()
        self._waiting.append((origin, slot))
        try:
            return await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled():
                self._give_back(slot.result())
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
        if connection.is_closed:  # it was closed before it was registered
            raise ConnectionResetError("closed as soon as it was open")
        self._connections[connection] = origin
        if self._is_closed:
            connection.abort()
            raise PoolClosed()
        if self._timer is None:
            self._timer = self._loop.call_later(TICK_SECONDS, self._tick)
        return connection

    def _give_back(self, connection: UpstreamConnection | None) -> None:
        """Return the slot of a caller that was canceled at the moment it got one."""
        if connection is None:
            self._connecting -= 1
            self._admit_next()
        elif not connection.is_closed:
            self.release(connection)

    def _has_capacity(self) -> bool:
        return len(self._connections) + self._connecting < self._limit

    def _close_idle(self) -> bool:
        """Close the oldest idle connection of another origin. Return whether there was one."""
        idle = next((next(iter(origin.idle)) for origin in self._connections.values() if origin.idle), None)
        if idle is not None:
            idle.abort()
        return idle is not None

    def _admit_next(self) -> None:
        """Let the first waiting caller open a connection, if there is a free slot."""
        self._drop_canceled()
        if self._waiting and self._has_capacity():
            self._connecting += 1
            self._waiting.popleft()[1].set_result(None)

    def _drop_canceled(self) -> None:
        while self._waiting and self._waiting[0][1].done():
            self._waiting.popleft()

    def _tick(self) -> None:
        now = self._loop.time()
        self._running_seconds += min(now - self._checked_at, SUSPENDED_SECONDS)
        self._checked_at = now
        for connection in tuple(self._connections):
            connection.check_timeouts(now, self._running_seconds)
        self._timer = self._loop.call_later(TICK_SECONDS, self._tick) if self._connections else None
