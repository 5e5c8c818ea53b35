"""What a worker does while the store does not answer: its open channels go on for a while with the sessions that they have. Pure.

No session can be started or ended meanwhile, except by a worker that still reaches the store: so long, and no longer, a channel
here may not hear of it.
"""

from collections.abc import Callable

TRUSTED_SECONDS = 60.0  # since the store has last said that a session lives
PROBE_SECONDS = 1.0  # between two questions to a store that is down: the requests in between do not wait for its time-outs

Listener = Callable[[bool], None]


class Outage:
    """Whether the store is down, as all channels of a worker know it. Times are those of the monotonic clock."""

    def __init__(self) -> None:
        self.is_on = False
        self._probe_at = float("-inf")
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Tell `listener` when an outage begins (True) and when it is over (False)."""
        self._listeners.append(listener)

    def may_ask(self, now: float) -> bool:
        """Tell whether the store is to be asked; in an outage one question every second finds out when it is over."""
        if not self.is_on:
            return True
        if now < self._probe_at:
            return False
        self._probe_at = now + PROBE_SECONDS
        return True

    def began(self, now: float) -> None:
        """Take note that the store did not answer."""
        self._probe_at = now + PROBE_SECONDS
        self._change(True)

    def ended(self) -> None:
        """Take note that the store answers."""
        self._change(False)

    def _change(self, is_on: bool) -> None:
        if is_on is not self.is_on:
            self.is_on = is_on
            for listener in self._listeners:
                listener(is_on)
