"""File descriptors that connections to APIs leave to others: to clients, and to the admin listener, Redis and providers."""

import socket
from collections.abc import Callable

SHARES = 2
"""Connections to APIs end so many times as early as clients do: slow calls get 503 before clients cannot connect."""


def ignore_shortage() -> None:
    """Do nothing: nobody counts."""


class DescriptorReserve:
    """Tells whether one more connection to an API would use a descriptor that is left to others.

    The kernel gives a new socket the lowest free descriptor (POSIX). So its number shows whether all below it are in use.

    Slow calls never take the descriptors that clients in the backlog of a listener need: the reserve is larger than that of the
    listeners. Idle clients never take all that calls need: the first connections may use half of the listeners' reserve.

    Parameters:
        limit: Number of descriptors that the process may have; 0: not known.
        reserve: How many of them the listeners for browsers leave to others; 0: none.
        on_shortage: Called each time that the reserve is reached.
    """

    def __init__(self, limit: int = 0, reserve: int = 0, on_shortage: Callable[[], object] = ignore_shortage) -> None:
        self._begins_at = limit - SHARES * reserve if limit and reserve else 0
        self._first_connections = reserve // 2
        self._begins_at_for_first = limit - reserve // 2
        self._on_shortage = on_shortage

    def is_reached(self, in_use: int, pending: int = 0) -> bool:
        """Return whether all descriptors below the reserve are in use: found out by a socket that is closed at once.

        Parameters:
            in_use: Connections to APIs that the caller has, `pending` ones included.
            pending: Connections that are about to be opened and have no socket yet.
        """
        if not self._begins_at:
            return False
        begins_at = self._begins_at_for_first if in_use < self._first_connections else self._begins_at
        try:
            with socket.socket() as probe:
                is_reached = probe.fileno() + pending >= begins_at
        except OSError:
            is_reached = True
        if is_reached:
            self._on_shortage()
        return is_reached
