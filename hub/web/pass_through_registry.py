"""The WebSockets that one worker passes through: their limits, their pings, and the ends of their sessions."""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.config.settings import ChannelSettings, UpstreamSettings
from hub.errors import NotAuthenticated, StoreUnavailable
from hub.primitives.clock import Clock
from hub.primitives.tasks import OwnedTasks
from hub.session.model import Session, SessionId
from hub.session.open_streams import OpenStreams
from hub.session.sessions import Sessions
from hub.telemetry.metrics import Metrics
from hub.upstream.bulkheads import Bulkhead

CHECK_SECONDS = 5.0  # delay at most until an ended session is noticed; activity is recorded as often
CHECKS_PER_BEAT = 5  # a page that vanished is noticed within two pings


class PassThroughSocket(Protocol):
    """A WebSocket that is passed through. A callback upward: the module of the WebSockets imports this one.

    Attributes:
        was_used: Whether its page has sent anything since the last check.
    """

    session: Session | None
    session_id: SessionId | None
    was_used: bool

    def end_session(self, error: NotAuthenticated) -> None:
        """Close both WebSockets, because the session has ended."""

    def end(self, code: CloseCode, reason: str) -> None:
        """Close both WebSockets."""

    def beat(self) -> None:
        """Ping the page."""


class PassThroughRegistry:
    """All WebSockets that this worker passes through."""

    def __init__(
        self,
        sessions: Sessions,
        streams: OpenStreams,
        clock: Clock,
        metrics: Metrics,
        limits: ChannelSettings,
        shares: UpstreamSettings,
    ) -> None:
        self.streams = streams
        self._sessions = sessions
        self._clock = clock
        self._metrics = metrics
        self._limits = limits
        self._shares = shares
        self._bulkheads: dict[str, Bulkhead[None]] = {}
        self._sockets: set[PassThroughSocket] = set()
        self._tasks = OwnedTasks("WebSocket passed through")

    def require_room(self, session_key: str) -> None:
        """Return if one more WebSocket of a session may be opened.

        Raises:
            ChannelClosed: 4430; the session has its maximum.
        """
        if len(self._of(session_key)) >= self._limits.connections_per_session:
            raise ChannelClosed(CloseCode.TOO_MANY_CHANNELS, "too many WebSockets of this session")

    def take_place(self, target: str, *, user: str, network: str) -> Callable[[], None]:
        """Count a WebSocket, before it is opened at its target. Return the function that ends the count; call it once.

        Parameters:
            target: Scheme, host and port of the API.
            user: Identity of the user; empty: nobody is logged in.
            network: The network of the client (`failure_limit.network_of`), which counts if there is no user.

        Raises:
            ChannelClosed: 4430; the user, or the network, has its maximum at this target. 4503; the worker has its maximum.
        """
        if len(self._sockets) >= self._limits.connections:
            raise ChannelClosed(CloseCode.UNAVAILABLE, "too many WebSockets on this worker")
        kind, limit = ("user", self._shares.connections_per_user) if user else ("address", self._shares.connections_per_address)
        bulkhead = self._bulkheads.setdefault(target, Bulkhead())  # as many as the routes have targets
        client = bulkhead.use(user or network, limit)
        if client is None:
            self._metrics.limited.labels(f"websockets_of_{kind}").inc()
            raise ChannelClosed(CloseCode.TOO_MANY_CHANNELS, f"too many WebSockets of this {kind}")
        return lambda: bulkhead.give_back(client)

    def add(self, socket: PassThroughSocket) -> None:
        """Add an open WebSocket."""
        self._sockets.add(socket)
        self._metrics.websockets.inc()

    def discard(self, socket: PassThroughSocket) -> None:
        """Remove a closed WebSocket."""
        if socket in self._sockets:
            self._sockets.remove(socket)
            self._metrics.websockets.dec()

    def own(self, work: Coroutine[Any, Any, None]) -> None:
        """Run the last work of a WebSocket."""
        self._tasks.start(work)

    async def close_all(self, code: CloseCode, reason: str) -> None:
        """Close all WebSockets; return when those at the API are closed too."""
        for socket in list(self._sockets):
            socket.end(code, reason)
        await self._tasks.finish()

    async def watch(self) -> None:
        """Check the sessions and ping the pages, every few seconds. Runs until cancelled."""
        while True:
            for _ in range(CHECKS_PER_BEAT):
                await self._clock.sleep(CHECK_SECONDS)
                await self.check()
            for socket in list(self._sockets):
                socket.beat()

    async def check(self) -> None:
        """Record activity, and close the WebSockets of ended sessions. While the store is down nothing is closed."""
        for socket in list(self._sockets):
            if socket.session_id is None:
                continue
            passive, socket.was_used = not socket.was_used, False
            try:
                socket.session = await self._sessions.confirmed(socket.session_id, passive=passive)
            except StoreUnavailable:
                return
            except NotAuthenticated as error:
                socket.end_session(error)

    def _of(self, session_key: str) -> list[PassThroughSocket]:
        return [socket for socket in self._sockets if socket.session is not None and socket.session.key == session_key]
