"""Accepts connections: a few in each turn of the event loop, and none that would use up the file descriptors.

The kernel gives a new socket the lowest free descriptor (POSIX), so a socket whose number lies within the reserve shows that all
below it are in use. Then the oldest idle connections are closed. If there are none, accepting pauses, and new clients wait in the
backlog of the kernel. The reserve is left to other listeners, such as the one for health checks.
"""

import asyncio
import fcntl
import heapq
import socket
import termios
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from hub.primitives.clock import Clock, Timer

BACKLOG = 1024  # connections that the kernel queues; net.core.somaxconn may limit it
ACCEPTS_PER_TURN = 32
CLOSED_AT_ONCE = 16  # idle connections that are closed to make room
PAUSE_SECONDS = 1.0  # longest pause before accepting is tried again
REPORT_SECONDS = 60.0
REACHED = "the reserve is reached"

logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


def ignore_shortage() -> None:
    """Do nothing: nobody counts."""


def ignore_closed() -> None:
    """Do nothing: nobody waits for a descriptor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DescriptorLimits:
    """How many file descriptors a listener may use.

    Attributes:
        limit: Number of descriptors that the process may have (RLIMIT_NOFILE); 0: not known.
        reserve: How many of them the listener leaves to others.
        on_shortage: Called each time that the listener runs short of descriptors.
    """

    limit: int = 0
    reserve: int = 0
    on_shortage: Callable[[], None] = ignore_shortage


class Closable(Protocol):
    """A connection, as `close_oldest_idle` uses it."""

    @property
    def idle_since(self) -> tuple[float, int] | None:
        """When the connection became idle, and its number among all connections of the listener; None if it is not idle."""

    def close_if_idle(self) -> None:
        """Close the connection, unless a request has just arrived."""


def close_oldest_idle(connections: Iterable[Closable], count: int) -> int:
    """Close so many idle connections at most, the oldest first; return how many."""
    idle = [(since, each) for each in connections if (since := each.idle_since) is not None]
    oldest = heapq.nsmallest(count, idle, key=lambda pair: pair[0])
    for _, connection in oldest:
        connection.close_if_idle()
    return len(oldest)


def has_unread_bytes(connection: socket.socket | None) -> bool:
    """Return whether the kernel has bytes of a connection that this process has not read: a request that has just arrived."""
    if connection is None or connection.fileno() < 0:
        return False
    size = bytearray(4)
    fcntl.ioctl(connection.fileno(), termios.FIONREAD, size)
    return any(size)


class Acceptor:
    """Accepts the connections of one listener.

    Parameters:
        serve: Serves an accepted connection; called with its socket and the address of the peer.
        close_idle: Closes so many idle connections, the oldest first; returns how many.
    """

    def __init__(
        self,
        serve: Callable[[socket.socket, object], None],
        close_idle: Callable[[int], int],
        limits: DescriptorLimits,
        clock: Clock,
    ) -> None:
        self._serve = serve
        self._close_idle = close_idle
        self._limits = limits
        self._clock = clock
        self._sockets: list[socket.socket] = []
        self._is_paused = False
        self._was_short = False
        self._retry: Timer | None = None
        self._shortages = 0
        self._reported_at: float | None = None

    def start(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections on bound sockets too."""
        loop = asyncio.get_running_loop()
        for each in sockets:
            each.setblocking(False)
            each.listen(BACKLOG)
            self._sockets.append(each)
            if not self._is_paused:
                loop.add_reader(each, self._accept, each)

    def stop(self) -> None:
        """Accept the clients that wait in the backlog, which the kernel would reset; then close the sockets."""
        for each in self._sockets:
            if not self._is_paused:
                self._accept(each, at_most=BACKLOG)
            asyncio.get_running_loop().remove_reader(each)
            each.close()
        if self._retry is not None:
            self._retry.cancel()
        self._sockets.clear()

    def connection_closed(self) -> None:
        """Accept again, because a descriptor will be free soon."""
        if self._is_paused:
            asyncio.get_running_loop().call_soon(self._resume)

    def _accept(self, listening: socket.socket, at_most: int = ACCEPTS_PER_TURN) -> None:
        if self._was_short:
            self._was_short = False
            if self._is_short(listening):
                self._run_short(REACHED)
                return
        for _ in range(at_most):
            try:
                connection, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # no descriptor is left, or no memory
                self._run_short(error.strerror or "")
                return
            connection.setblocking(False)
            is_short = self._is_in_reserve(connection.fileno())
            self._serve(connection, address)
            if is_short:
                self._run_short(REACHED)
                return

    def _is_in_reserve(self, descriptor: int) -> bool:
        return bool(self._limits.reserve) and descriptor >= self._limits.limit - self._limits.reserve > 0

    def _is_short(self, listening: socket.socket) -> bool:
        """Return whether the next descriptor would still be one of the reserve: found out by a copy, not by a client."""
        try:
            with listening.dup() as probe:
                return self._is_in_reserve(probe.fileno())
        except OSError:
            return True

    def _run_short(self, reason: str) -> None:
        self._was_short = True
        self._limits.on_shortage()
        self._shortages += 1
        self._pause()
        closed = self._close_idle(CLOSED_AT_ONCE)
        now = self._clock.monotonic()
        if self._reported_at is None or now - self._reported_at >= REPORT_SECONDS:
            count, self._shortages, self._reported_at = self._shortages, 0, now
            limits = self._limits
            logger.warning(
                "listener.descriptors_short",
                reason=reason,
                limit=limits.limit,
                reserve=limits.reserve,
                closed_idle=closed,
                count=count,
            )

    def _pause(self) -> None:
        self._is_paused = True
        for each in self._sockets:
            asyncio.get_running_loop().remove_reader(each)
        self._retry = self._clock.call_later(PAUSE_SECONDS, self._resume)

    def _resume(self) -> None:
        if not self._is_paused:
            return
        self._is_paused = False
        if self._retry is not None:
            self._retry.cancel()
        for each in self._sockets:
            asyncio.get_running_loop().add_reader(each, self._accept, each)
