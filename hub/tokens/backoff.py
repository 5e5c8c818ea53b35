"""Pauses after failed refreshes of a session, with exponential backoff."""

from collections.abc import Callable
from dataclasses import dataclass

from hub.errors import HubError
from hub.primitives.backoff import ExponentialBackoff
from hub.primitives.clock import Clock

FIRST_SECONDS = 5.0  # unless the provider named a time; each further failure doubles it
AT_MOST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Failure:
    """The last failure of a key. `until`: end of the pause, on the monotonic clock."""

    until: float
    count: int
    error: HubError


class RefreshBackoff:
    """The recent failures by key. `forget_old` bounds their number.

    Parameters:
        jitter: Returns a number from 0 to 1, which lengthens pauses so that they do not end together.
    """

    def __init__(self, clock: Clock, jitter: Callable[[], float]) -> None:
        self._clock = clock
        self._waits = ExponentialBackoff(FIRST_SECONDS, AT_MOST_SECONDS, (1.0, 2.0), jitter)
        self._failures: dict[str, _Failure] = {}

    def raise_recent(self, key: str) -> None:
        """During the pause after a failure, raise its error, with the remaining seconds as `retry_after_seconds`."""
        failure = self._failures.get(key)
        if failure is None:
            return
        wait = failure.until - self._clock.monotonic()
        if wait > 0:
            failure.error.retry_after_seconds = wait
            raise failure.error

    def failed(self, key: str, error: HubError) -> float:
        """Record a failure; return the pause in seconds: the provider's `Retry-After`, or the next exponential one."""
        before = self._failures.get(key)
        count = 1 if before is None else before.count + 1
        wait = error.retry_after_seconds or self._waits.seconds(count)
        self._failures[key] = _Failure(self._clock.monotonic() + wait, count, error)
        return wait

    def succeeded(self, key: str) -> None:
        """Remove the failures of a key."""
        self._failures.pop(key, None)

    def forget_old(self) -> None:
        """Remove the failures whose pause ended long ago."""
        over = self._clock.monotonic() - AT_MOST_SECONDS
        self._failures = {key: failure for key, failure in self._failures.items() if failure.until > over}
