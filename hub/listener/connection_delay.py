"""Delays new connections from addresses above their limit of refused requests, before anything else is done for them.

A client that connects in a loop, or sends each malformed request on a new connection, is served no faster than its delay allows.
Connections are delayed instead of reset, because honest clients may share the address: theirs are still open after the delay. A
delayed connection is a bare socket: no TLS handshake, no buffers.
"""

import socket
from collections.abc import Callable
from functools import partial

from hub.listener.acceptor import ignore_closed
from hub.listener.wire import AT_ONCE
from hub.listener.work_budget import WorkLimits
from hub.primitives.clock import Clock, Timer

DELAY_SECONDS = 1.0
MAX_DELAYED = 256  # connections of all such addresses; further ones are reset
CHECKED_FOR_ROOM = 8  # delayed connections that are checked for a client that has left, before a new one is reset


class ConnectionDelay:
    """Stands between the acceptor of a listener and its connections.

    Parameters:
        serve: Serves a connection; called with its socket and the address of the peer.

    Attributes:
        on_closed: Called when a connection was closed instead.
    """

    def __init__(self, serve: Callable[[socket.socket, object], None], limits: WorkLimits, clock: Clock) -> None:
        self.on_closed = ignore_closed
        self._serve = serve
        self._limits = limits
        self._clock = clock
        self._delayed: dict[socket.socket, tuple[object, Timer]] = {}  # the longest delayed first

    def admit(self, connection: socket.socket, address: object) -> None:
        """Serve an accepted connection: at once, or after the delay if its address is above its limit."""
        if not self._limits.is_limited(_host(address)):
            self._serve(connection, address)
        elif _is_gone(connection):
            self._close(connection, address)
        elif len(self._delayed) >= MAX_DELAYED and not self._make_room():
            self._limits.on_throttled("closed")
            self._close(connection, address)
        else:
            self._limits.on_throttled("throttled")
            timer = self._clock.call_later(DELAY_SECONDS, partial(self._end_delay, connection))
            self._delayed[connection] = (address, timer)

    def stop(self) -> None:
        """Close all delayed connections."""
        delayed, self._delayed = self._delayed, {}
        for connection, (_, timer) in delayed.items():
            timer.cancel()
            connection.close()

    def _end_delay(self, connection: socket.socket) -> None:
        address, _ = self._delayed.pop(connection)
        if _is_gone(connection):
            self._close(connection, address)
        else:
            self._serve(connection, address)

    def _make_room(self) -> bool:
        """Close a delayed connection whose client has left. Return whether there was one among those that were checked."""
        for _ in range(CHECKED_FOR_ROOM):
            connection = next(iter(self._delayed))
            address, timer = self._delayed.pop(connection)
            if _is_gone(connection):
                timer.cancel()
                self._close(connection, address)
                return True
            self._delayed[connection] = (address, timer)  # last again, so that the next check meets others
        return False

    def _close(self, connection: socket.socket, address: object) -> None:
        """Reset a connection, and count it as one without a request."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        connection.close()
        self._limits.on_refused(_host(address), 0)
        self.on_closed()


def _host(address: object) -> str:
    return str(address[0]) if isinstance(address, tuple) else ""


def _is_gone(connection: socket.socket) -> bool:
    """Return whether the client has closed the connection without sending anything."""
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except (BlockingIOError, InterruptedError):
        return False
    except OSError:
        return True
