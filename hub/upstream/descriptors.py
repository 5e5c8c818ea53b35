"""File descriptors that connections to APIs leave to others, such as the admin listener and Redis."""

import socket
from collections.abc import Callable


def ignore_shortage() -> None:
    """Do nothing: nobody counts."""


class DescriptorReserve:
    """Tells whether one more connection would use a descriptor of the reserve.

    The kernel gives a new socket the lowest free descriptor (POSIX). So its number shows whether all below it are in use.

    Parameters:
        begins_at: The first descriptor of the reserve; 0: there is none.
        on_shortage: Called each time that the reserve is reached.
    """

    def __init__(self, begins_at: int = 0, on_shortage: Callable[[], object] = ignore_shortage) -> None:
        self._begins_at = begins_at
        self._on_shortage = on_shortage

    def is_reached(self, pending: int = 0) -> bool:
        """Return whether all descriptors below the reserve are in use: found out by a socket that is closed at once.

        Parameters:
            pending: Connections that are about to be opened and have no socket yet.
        """
        if not self._begins_at:
            return False
        try:
            with socket.socket() as probe:
                is_reached = probe.fileno() + pending >= self._begins_at
        except OSError:
            is_reached = True
        if is_reached:
            self._on_shortage()
        return is_reached
