"""Store outages: open channels continue for a limited time with the sessions that they have. Pure.

During an outage, a worker that still reaches the store may end a session. A channel of this worker may use that session for up
to `TRUSTED_SECONDS` longer.
"""

from collections.abc import Callable

TRUSTED_SECONDS = 60.0  # since the store last confirmed a session
PROBE_SECONDS = 1.0  # between two calls to a store that is down; requests in between do not wait for its timeouts

Listener = Callable[[bool], None]


class Outage:
    """Whether the store is down, shared by all channels of a worker. Times are seconds of the monotonic clock."""

    def __init__(self) -> None:
        self.is_on = False
        self._probe_at = float("-inf")
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call `listener` with True when an outage begins and with False when it ends."""
        self._listeners.append(listener)

    def may_ask(self, now: float) -> bool:
        """Return whether to call the store. During an outage, one call every `PROBE_SECONDS` finds out whether it has ended."""
        if not self.is_on:
            return True
        if now < self._probe_at:
            return False
        self._probe_at = now + PROBE_SECONDS
        return True

    def began(self, now: float) -> None:
        """Record that the store did not respond."""
        self._probe_at = now + PROBE_SECONDS
        self._change(True)

    def ended(self) -> None:
        """Record that the store responded."""
        self._change(False)

    def _change(self, is_on: bool) -> None:
        if is_on is not self.is_on:
            self.is_on = is_on
            for listener in self._listeners:
                listener(is_on)
