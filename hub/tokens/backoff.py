"""After a failed refresh nobody asks the provider about this session for a while: twice as long after each further failure."""

from collections.abc import Callable
from dataclasses import dataclass

from hub.errors import HubError
from hub.primitives.backoff import ExponentialBackoff
from hub.primitives.clock import Clock

FIRST_SECONDS = 5.0  # when the provider did not name a time; doubled by each further failure
AT_MOST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Failure:
    """The last failure of a key: nobody tries again before `until` (monotonic)."""

    until: float
    count: int
    error: HubError


class RefreshBackoff:
    """Failures by key. What they are remembered for is bounded by `forget_old`.

    Parameters:
        jitter: Returns a number from 0 to 1, by which waits are lengthened so that not all come back at once.
    """

    def __init__(self, clock: Clock, jitter: Callable[[], float]) -> None:
        self._clock = clock
        self._waits = ExponentialBackoff(FIRST_SECONDS, AT_MOST_SECONDS, (1.0, 2.0), jitter)
        self._failures: dict[str, _Failure] = {}

    def raise_recent(self, key: str) -> None:
        """Raise the error of the last failure, with the seconds that are left, as long as nobody should try again."""
        failure = self._failures.get(key)
        if failure is None:
            return
        wait = failure.until - self._clock.monotonic()
        if wait > 0:
            failure.error.retry_after_seconds = wait
            raise failure.error

    def failed(self, key: str, error: HubError) -> float:
        """Remember a failure; return in how many seconds the next try may be: when the provider says, or after our own time."""
        before = self._failures.get(key)
        count = 1 if before is None else before.count + 1
        wait = error.retry_after_seconds or self._waits.seconds(count)
        self._failures[key] = _Failure(self._clock.monotonic() + wait, count, error)
        return wait

    def succeeded(self, key: str) -> None:
        """Forget the failures of a key."""
        self._failures.pop(key, None)

    def forget_old(self) -> None:
        """Drop the failures that are long over."""
        over = self._clock.monotonic() - AT_MOST_SECONDS
        self._failures = {key: failure for key, failure in self._failures.items() if failure.until > over}
