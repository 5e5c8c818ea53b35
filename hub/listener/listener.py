"""The listener: accepts connections, and closes those that are idle or stalled."""

import asyncio
import socket
import ssl
from collections.abc import Sequence

from hub.listener.connection import ClientConnection, ClientConnections
from hub.listener.exchange import Front
from hub.listener.head import Headers
from hub.listener.work_budget import WorkLimits
from hub.primitives.clock import Clock
from hub.primitives.task_supervisor import ServiceTask, TaskSupervisor

BACKLOG = 1024  # connections that the kernel queues; net.core.somaxconn may limit it
SWEEP_SECONDS = 5.0


class HttpListener:
    """Listens on one or several sockets for one front.

    Parameters:
        error_headers: Additional headers of responses to invalid requests.
        max_head_bytes: Largest head of a request. Larger ones are rejected (RFC 6585 section 5).
        idle_seconds: Timeout for the next request, for its head, between segments of its body, and between reads of the response.
        work_limits: Limits of the work of one connection.
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
        work_limits: WorkLimits | None = None,
        tasks: TaskSupervisor | None = None,
    ) -> None:
        self._connections = ClientConnections(
            front,
            max_head_bytes=max_head_bytes,
            error_headers=error_headers or [],
            clock=clock,
            work_limits=work_limits or WorkLimits(),
        )
        self._clock = clock
        self._tls = tls
        self._idle_seconds = idle_seconds
        self._servers: list[asyncio.Server] = []
        self._tasks = tasks or TaskSupervisor(clock)
        self._sweeping: ServiceTask | None = None

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections on bound sockets."""
        loop = asyncio.get_running_loop()
        self._sweeping = self._sweeping or self._tasks.start("listener sweep", self._sweep)
        for each in sockets:
            self._servers.append(
                await loop.create_server(lambda: ClientConnection(self._connections), sock=each, ssl=self._tls, backlog=BACKLOG)
            )

    def stop(self) -> None:
        """Stop accepting connections. Idle connections close now, others after their current response."""
        for server in self._servers:
            server.close()
        self._connections.is_closing = True
        for connection in list(self._connections.open):
            connection.close_when_idle()

    async def close(self) -> None:
        """Close all connections, upgraded ones too."""
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
        """Abort the connections without progress, at the latest two sweeps after their timeout."""
        now = self._connections.now = self._clock.monotonic()
        for connection in list(self._connections.open):
            connection.check_progress(now - SWEEP_SECONDS, self._idle_seconds)  # their time is that of the last sweep
        for connection in list(self._connections.upgraded):
            connection.check_upgraded(now - SWEEP_SECONDS, self._idle_seconds)
