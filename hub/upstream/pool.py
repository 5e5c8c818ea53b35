"""Connection pool: idle connections, callers that wait for a connection, and the timer that checks timeouts.

`hub.upstream.bulkheads` decides who gets a connection next.
"""

import asyncio
import errno
import socket
import ssl
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

import aiohappyeyeballs

from hub.upstream.bulkheads import Bulkhead, PoolClient, PoolLimits
from hub.upstream.connection import KEEP_ALIVE_SECONDS, READ_BYTES, UpstreamConnection
from hub.upstream.descriptors import DescriptorReserve
from hub.upstream.failure import (
    ClientAtLimit,
    ConnectionBroken,
    DescriptorsShort,
    HeadLate,
    PoolClosed,
    PoolFull,
    ServerUnreachable,
)

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
        bulkhead: The clients that use or await connections to the server.
    """

    host: str
    port: int
    authority: str
    tls: ssl.SSLContext | None
    idle: dict[UpstreamConnection, None] = field(default_factory=dict)
    bulkhead: "Bulkhead[PoolCaller]" = field(default_factory=Bulkhead)

    @classmethod
    def of(cls, base: str, tls: ssl.SSLContext) -> Self:
        """Return the origin of a URL that consists of scheme and authority."""
        url = urlsplit(base)
        host = (url.hostname or "").encode("idna").decode() if not base.isascii() else url.hostname or ""
        usual = 443 if url.scheme == "https" else 80
        name = f"[{host}]" if ":" in host else host
        authority = name if url.port in (None, usual) else f"{name}:{url.port}"
        return cls(host, url.port or usual, authority, tls if url.scheme == "https" else None)


@dataclass(slots=True, eq=False)
class PoolCaller:
    """A caller that wants a connection.

    Attributes:
        slot: Done when it is the caller's turn: with a free connection, or with None to open one. None: it does not wait.
    """

    origin: Origin
    client: "PoolClient[PoolCaller]"
    slot: "asyncio.Future[UpstreamConnection | None] | None" = None


class Pool:
    """Pools the connections to all origins."""

    def __init__(self, limits: PoolLimits | None = None, descriptors: DescriptorReserve | None = None) -> None:
        """Create an empty pool in the running event loop."""
        self.limits = limits or PoolLimits()
        self._descriptors = descriptors or DescriptorReserve()
        self._loop = asyncio.get_running_loop()
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._connections: dict[UpstreamConnection, Origin] = {}
        self._connecting = 0
        self._clients: dict[UpstreamConnection, PoolClient[PoolCaller]] = {}
        self._shared = 0  # connections beyond the reserved ones of their targets, open or being opened
        self._callers: set[PoolCaller] = set()  # all that wait
        self._waiting: dict[Origin, None] = {}  # targets with callers below their client's limit, the next in turn first
        self._timer: asyncio.TimerHandle | None = None
        self._checked_at = self._loop.time()
        self._running_seconds = 0.0
        self._is_closed = False

    def now(self) -> float:
        """Return the time of the loop's clock."""
        return self._loop.time()

    def take(self, origin: Origin, client_key: str = "", limit: int = 0) -> UpstreamConnection | None:
        """Return the most recently used idle connection; None if there is none that is fresh enough, or none for this client.

        Parameters:
            client_key: Names the client for which the connection is used; empty: the hub itself.
            limit: Connections that the client may use at once; 0: as many as the target has.
        """
        idle = origin.idle
        if not idle:
            return None
        client = origin.bulkhead.client(client_key, limit or self.limits.per_target)
        if client.used >= client.limit:
            return None
        while idle:
            connection, _ = idle.popitem()
            if self._loop.time() - connection.idle_since < KEEP_ALIVE_SECONDS and not connection.is_breaking:
                client.used += 1
                self._clients[connection] = client
                return connection
            connection.abort()
        origin.bulkhead.forget(client)
        return None

    async def open(
        self, origin: Origin, connect_seconds: float, head_by: float | None, client_key: str = "", limit: int = 0
    ) -> UpstreamConnection:
        """Return a new connection. If there are too many, wait for the turn of the client.

        Parameters:
            connect_seconds: Connect timeout, including the wait.
            head_by: The caller's deadline by the loop's clock; None: no deadline.
            client_key, limit: As for `take`.

        Raises:
            HeadLate: `head_by` has passed.
            PoolFull: Other clients used all connections for too long, or (`DescriptorsShort`) the process all of its descriptors.
            ClientAtLimit: This client used all of its connections for too long.
            ServerUnreachable: No connection in time.
            PoolClosed: `close` was called.
        """
        give_up_at = self._loop.time() + connect_seconds
        is_hurried = head_by is not None and head_by < give_up_at
        caller = PoolCaller(origin, origin.bulkhead.client(client_key, limit or self.limits.per_target))
        try:
            async with asyncio.timeout_at(head_by if is_hurried else give_up_at) as timeout:
                return await self._open(caller)
        except (OSError, UnicodeError) as error:  # UnicodeError: an invalid host name
            if is_hurried and timeout.expired():
                raise HeadLate(was_sent=False) from error
            if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
                raise DescriptorsShort() from error
            if caller.slot is not None:
                raise (ClientAtLimit if caller.client.is_at_limit else PoolFull)() from error
            raise ServerUnreachable(f"{origin.host}:{origin.port}: {str(error) or type(error).__name__}") from error

    def close(self) -> None:
        """Abort all connections, and fail the callers that wait for one."""
        self._is_closed = True
        for caller in self._callers:
            if caller.slot is not None and not caller.slot.done():
                caller.slot.set_exception(PoolClosed())
        for connection in tuple(self._connections):
            connection.fail(ConnectionBroken("The pool was closed."))
        if self._timer is not None:
            self._timer.cancel()

    # -- called by connections ----------------------------------------------------------------------------------------

    def release(self, connection: UpstreamConnection) -> None:
        """Pass a free connection to the next waiting caller. If that wants another target, close it. Else it stays idle."""
        origin = self._connections[connection]
        self._give_back(connection, origin)
        first = self._next_origin(freed=origin) if self._waiting else None
        if first is not None and first is not origin:
            connection.abort()
        elif first is None or not self._pass_on(origin, connection):
            origin.idle[connection] = None

    def drop(self, connection: UpstreamConnection) -> None:
        """Remove a closed connection, and give its slot to the next waiting caller."""
        origin = self._connections.pop(connection, None)
        if origin is not None:
            origin.idle.pop(connection, None)
            self._give_back(connection, origin)
            self._resize(origin, -1)
            self._admit()

    # -----------------------------------------------------------------------------------------------------------------

    async def _open(self, caller: PoolCaller) -> UpstreamConnection:
        connection = await self._wait_for_slot(caller)
        while connection is not None:
            if not connection.is_closed and not connection.is_breaking:  # it may have closed since it was passed on
                return connection
            connection.abort()
            connection = await self._wait_for_slot(caller)
        is_open = False
        try:
            connection = await self._connect(caller.origin)
            self._clients[connection] = caller.client
            is_open = True
            return connection
        finally:
            if not is_open:
                self._return_slot(caller)

    async def _wait_for_slot(self, caller: PoolCaller) -> UpstreamConnection | None:
        """Wait for a slot. Return a free connection, or None if a new connection may be opened; it is already counted."""
        origin, client = caller.origin, caller.client
        if self._is_closed:
            origin.bulkhead.forget(client)
            raise PoolClosed()
        client = caller.client = origin.bulkhead.client(client.key, client.limit)  # it may have been forgotten meanwhile
        if not client.is_at_limit and (self._has_capacity(origin) or self._close_idle(origin)):
            client.used += 1
            self._resize(origin, 1)
            return None
        slot: asyncio.Future[UpstreamConnection | None] = self._loop.create_future()
        caller.slot = slot
        origin.bulkhead.wait(client, caller)
        if origin.bulkhead.has_turns:
            self._waiting[origin] = None
        self._callers.add(caller)
        try:
            connection = await slot
        except (asyncio.CancelledError, PoolClosed):
            if slot.done() and not slot.cancelled() and slot.exception() is None:
                self._return(caller, slot.result())
            else:
                self._leave(caller)
            raise
        finally:
            self._callers.discard(caller)
        caller.slot = None
        return connection

    def _leave(self, caller: PoolCaller) -> None:
        """Remove a caller that gave up."""
        caller.origin.bulkhead.leave(caller.client, caller)
        if not caller.origin.bulkhead.has_turns:
            self._waiting.pop(caller.origin, None)

    async def _connect(self, origin: Origin) -> UpstreamConnection:
        addresses = await self._loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        in_use = len(self._connections) + self._connecting
        if self._descriptors.is_reached(in_use):  # asked right before the socket is made: nothing waits in between
            self._abort_idle()
            raise DescriptorsShort()
        self._connecting += 1
        try:
            plain = await aiohappyeyeballs.start_connection(addresses, happy_eyeballs_delay=NEXT_ADDRESS_SECONDS)
            _, connection = await self._loop.create_connection(
                lambda: UpstreamConnection(self, self._buffer, self._loop),
                sock=plain,
                ssl=origin.tls,
                server_hostname=origin.host if origin.tls else None,
            )
        finally:
            self._connecting -= 1
        if connection.is_closed:  # it was closed before it was registered
            raise ConnectionResetError("closed as soon as it was open")
        if self._is_closed:
            connection.abort()
            raise PoolClosed()
        self._connections[connection] = origin
        if self._timer is None:
            self._timer = self._loop.call_later(TICK_SECONDS, self._tick)
        return connection

    def _return(self, caller: PoolCaller, connection: UpstreamConnection | None) -> None:
        """Return the slot of a caller that was canceled at the moment it got one."""
        if connection is None:
            self._return_slot(caller)
        elif not connection.is_closed:
            self.release(connection)

    def _return_slot(self, caller: PoolCaller) -> None:
        """Return the slot of a caller that opened no connection."""
        self._release_use(caller.origin, caller.client)
        self._resize(caller.origin, -1)
        self._admit()

    # -- who is next --------------------------------------------------------------------------------------------------

    def _give_back(self, connection: UpstreamConnection, origin: Origin) -> None:
        """Count a connection that its client no longer uses."""
        client = self._clients.pop(connection, None)
        if client is not None:
            self._release_use(origin, client)

    def _release_use(self, origin: Origin, client: "PoolClient[PoolCaller]") -> None:
        origin.bulkhead.give_back(client)
        if client.is_in_turn:
            self._waiting.setdefault(origin)

    def _pass_on(self, origin: Origin, connection: UpstreamConnection | None) -> bool:
        """Give a connection, or the slot for a new one, to the next caller of a target. Return whether there was one."""
        while origin.bulkhead.has_turns:
            client, caller = origin.bulkhead.next()
            if caller.slot is None or caller.slot.done():  # it was canceled, and its task has not noticed yet
                origin.bulkhead.give_back(client)
                continue
            self._waiting.pop(origin, None)
            if origin.bulkhead.has_turns:
                self._waiting[origin] = None  # behind the other targets
            if connection is None:
                self._resize(origin, 1)
            else:
                self._clients[connection] = client
            caller.slot.set_result(connection)
            return True
        self._waiting.pop(origin, None)
        return False

    def _admit(self) -> None:
        """Let waiting callers open connections while there are free slots."""
        while self._waiting and not self._is_closed and (origin := self._next_origin()) is not None:
            self._pass_on(origin, None)

    def _next_origin(self, freed: Origin | None = None) -> Origin | None:
        """Return the next target with a waiting caller that may have a connection.

        Parameters:
            freed: The target of a connection that is free: it can be used, or closed to make room for another target.
        """
        return next((each for each in self._waiting if each is freed or self._has_capacity(each, freed)), None)

    def _resize(self, origin: Origin, by: int) -> None:
        """Count a connection that a target gets or loses."""
        bulkhead = origin.bulkhead
        before = max(bulkhead.size - self.limits.reserved, 0)
        bulkhead.size += by
        self._shared += max(bulkhead.size - self.limits.reserved, 0) - before

    def _has_capacity(self, origin: Origin, freed: Origin | None = None) -> bool:
        """Return whether a target may have one more connection, if one of the target `freed` is closed."""
        size, limits = origin.bulkhead.size, self.limits
        if size >= limits.per_target:
            return False
        shared = self._shared
        if freed is not None and freed.bulkhead.size > limits.reserved:
            shared -= 1
        return size < limits.reserved or shared < limits.total

    def _close_idle(self, origin: Origin) -> bool:
        """Close the oldest idle connection of another target, if that makes room for one. Return whether it did."""
        for other in self._connections.values():
            if other.idle and other is not origin and self._has_capacity(origin, freed=other):
                next(iter(other.idle)).abort()
                return self._has_capacity(origin)
        return False

    def _abort_idle(self) -> None:
        """Close all idle connections: for the callers that come next, descriptors are free then."""
        for connection in [each for origin in set(self._connections.values()) for each in origin.idle]:
            connection.abort()

    def _tick(self) -> None:
        now = self._loop.time()
        self._running_seconds += min(now - self._checked_at, SUSPENDED_SECONDS)
        self._checked_at = now
        for connection in tuple(self._connections):
            connection.check_timeouts(now, self._running_seconds)
        self._timer = self._loop.call_later(TICK_SECONDS, self._tick) if self._connections else None
