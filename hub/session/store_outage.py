"""A worker's view of an outage of the session store, and how long it continues without the store. Pure.

During an outage no session can be started or ended, except by a worker that still reaches the store. This worker may miss such
an end for `TRUSTED_SECONDS`, and no longer.
"""

from collections.abc import Callable

TRUSTED_SECONDS = 60.0  # since the store last confirmed that a session lives
PROBE_SECONDS = 1.0  # between two calls to a store that is down: the requests in between do not wait for its timeouts

OutageListener = Callable[[bool], None]


class StoreOutage:
    """Whether the store is down, shared by all requests of a worker. Instants are those of the monotonic clock."""

    def __init__(self) -> None:
        self.is_on = False
        self._has_failed = False
        self._probe_at = float("-inf")
        self._listeners: list[OutageListener] = []

    def listen(self, listener: OutageListener) -> None:
        """Call `listener` when an outage begins (True) and when it is over (False)."""
        self._listeners.append(listener)

    def may_ask(self, now: float) -> bool:
        """Return whether the store may be called. After a failed call, one call per second finds out when the outage is over."""
        if not self._has_failed:
            return True
        if now < self._probe_at:
            return False
        self._probe_at = now + PROBE_SECONDS
        return True

    def began(self, now: float) -> None:
        """Record that the store did not respond to a call."""
        self._has_failed = True
        self._probe_at = now + PROBE_SECONDS
        self._change(True)

    def suspected(self) -> None:
        """Record that the event feed broke. Requests still call the store, because the worker may miss the end of a session."""
        self._change(True)

    def ended(self) -> None:
        """Record that the store responds."""
        self._has_failed = False
        self._change(False)

    def _change(self, is_on: bool) -> None:
        if is_on is not self.is_on:
            self.is_on = is_on
            for listener in self._listeners:
                listener(is_on)
