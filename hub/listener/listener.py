"""Listens on sockets, and looks after the connections that come in."""

import asyncio
import socket
import ssl
from collections.abc import Sequence

from hub.listener.connection import ClientConnection, ClientConnections
from hub.listener.exchange import Front
from hub.listener.head import Headers
from hub.primitives.clock import Clock
from hub.primitives.task_supervisor import ServiceTask, TaskSupervisor

BACKLOG = 1024  # connections that the system holds for us; net.core.somaxconn may hold it to less
SWEEP_SECONDS = 5.0


class HttpListener:
    """One or several sockets, behind which one front answers.

    Parameters:
        error_headers: What an answer to what is no request says besides the problem.
        max_head_bytes: Largest head of a request; a larger one is refused (RFC 6585 section 5).
        idle_seconds: How long a browser may leave a connection without a request, and then take for its head; send nothing of
            a body; or take nothing of an answer.
        tasks: Runs the sweep; without it the listener has a supervisor of its own.
    """

    def __init__(
        self,
        front: Front,
        clock: Clock,
        *,
        tls: ssl.SSLContext | None = None,
        error_headers: Headers | None = None,
        max_head_bytes: int = 32 * 1024,
        idle_seconds: float = 120.0,
        tasks: TaskSupervisor | None = None,
    ) -> None:
        self._connections = ClientConnections(
            front, max_head_bytes=max_head_bytes, error_headers=error_headers or [], now=clock.monotonic()
        )
        self._clock = clock
        self._tls = tls
        self._idle_seconds = idle_seconds
        self._servers: list[asyncio.Server] = []
        self._tasks = tasks or TaskSupervisor(clock)
        self._sweeping: ServiceTask | None = None

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections on sockets that are bound already."""
        loop = asyncio.get_running_loop()
        self._sweeping = self._sweeping or self._tasks.start("listener sweep", self._sweep)
        for each in sockets:
            self._servers.append(
                await loop.create_server(lambda: ClientConnection(self._connections), sock=each, ssl=self._tls, backlog=BACKLOG)
            )

    def stop(self) -> None:
        """Accept no more connections. Those that wait for a next request are closed, others after the answer that they give."""
        for server in self._servers:
            server.close()
        self._connections.is_closing = True
        for connection in list(self._connections.open):
            connection.close_when_idle()

    async def close(self) -> None:
        """Close all that is left, upgraded connections too."""
        self.stop()
        if self._sweeping is not None:
            await self._sweeping.stop()
        for connection in [*self._connections.open, *self._connections.upgraded]:
            connection.abort()
        await self._connections.emptied()

    async def _sweep(self) -> None:
        while True:
            await self._clock.sleep(SWEEP_SECONDS)
            self.sweep()

    def sweep(self) -> None:
        """Break the connections on which nothing has happened for too long; at the latest two sweeps after that."""
        now = self._connections.now = self._clock.monotonic()
        for connection in list(self._connections.open):
            connection.look(now - SWEEP_SECONDS, self._idle_seconds)  # what they know of the time may be as old as the last sweep
