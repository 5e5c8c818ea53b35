"""The listener: accepts connections, and closes those that are idle or stalled."""

import asyncio
import socket
import ssl
from collections.abc import Sequence

from hub.listener.acceptor import Acceptor, DescriptorLimits
from hub.listener.connection import ClientConnection, ClientConnections
from hub.listener.connection_delay import ConnectionDelay
from hub.listener.exchange import Front
from hub.listener.head import Headers
from hub.listener.work_budget import WorkLimits
from hub.primitives.clock import Clock
from hub.primitives.task_supervisor import ServiceTask, TaskSupervisor
from hub.primitives.tasks import OwnedTasks

SWEEP_SECONDS = 5.0


class HttpListener:
    """Listens on one or several sockets for one front.

    Parameters:
        error_headers: Additional headers of responses to invalid requests.
        max_head_bytes: Largest head of a request. Larger ones are rejected (RFC 6585 section 5).
        idle_seconds: Timeout for the next request, for its head, between segments of its body, and between reads of the response.
        work_limits: Limits of the work of one connection.
        descriptors: Limits of the file descriptors that the listener uses.
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
        descriptors: DescriptorLimits | None = None,
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
        self._delay = ConnectionDelay(self._serve, self._connections.work_limits, clock)
        self._acceptor = Acceptor(self._delay.admit, self._connections.close_idle, descriptors or DescriptorLimits(), clock)
        self._connections.on_closed = self._delay.on_closed = self._acceptor.connection_closed
        self._accepting = OwnedTasks("accepted connection")
        self._tasks = tasks or TaskSupervisor(clock)
        self._sweeping: ServiceTask | None = None

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections on bound sockets."""
        self._sweeping = self._sweeping or self._tasks.start("listener sweep", self._sweep)
        self._acceptor.start(sockets)

    def _serve(self, connection: socket.socket, address: object) -> None:
        self._accepting.start(self._connect(connection, address))

    async def _connect(self, connection: socket.socket, address: object) -> None:
        """Give the socket to a connection, after the TLS handshake if there is one."""
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: ClientConnection(self._connections), connection, ssl=self._tls
            )
        except OSError:  # the client is gone, or the handshake has failed
            connection.close()
            if isinstance(address, tuple):
                self._connections.work_limits.on_refused(str(address[0]), 0)

    @property
    def has_connections(self) -> bool:
        """Whether a client may still send a request, or reads a response. Upgraded connections do not count."""
        return len(self._accepting) > 0 or any(connection.is_connected for connection in self._connections.open)

    def stop(self) -> None:
        """Stop accepting connections. Those that are open close after their next response, which says so."""
        self._acceptor.stop()
        self._delay.stop()
        self._connections.is_closing = True
        for connection in self._connections.open:
            connection.announce_close()

    def close_idle(self) -> None:
        """Close the idle connections, except those on which a request has just arrived."""
        for connection in list(self._connections.open):
            connection.close_if_idle()

    async def close(self) -> None:
        """Close all connections, upgraded ones too."""
        self.stop()
        if self._sweeping is not None:
            await self._sweeping.stop()
        await self._accepting.close()
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
