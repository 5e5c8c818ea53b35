"""Circuit breaker: stops calls to an endpoint that keeps failing, and tries again later. Pure: the caller passes the time.

Without it, each user of a provider that is down would wait for the timeout of a call, and a provider that recovers would get all
waiting calls at once.
"""

from hub.primitives.backoff import ExponentialBackoff

FAILURES = 5
"""Number of consecutive failures that opens the circuit."""

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0
LONGEST_RETRY_AFTER_SECONDS = 300.0  # limits a `Retry-After` that would lock all users out for hours
SPREAD = 0.2  # jitter: waits are up to 20 % longer, so that the workers do not retry at the same time


class CircuitBreaker:
    """The circuit of one endpoint: closed (calls are allowed), open (calls fail), or half open (one trial call is allowed).

    Callers use `admit` before each call, and then `succeeded`, `failed` or, without an outcome, `abandoned`. Times are seconds of
    a monotonic clock.
    """

    def __init__(self, longest_wait_seconds: float = LONGEST_WAIT_SECONDS) -> None:
        """Parameters:
        longest_wait_seconds: Upper limit of the exponential backoff. A `Retry-After` may ask for more.
        """
        self._waits = ExponentialBackoff(FIRST_WAIT_SECONDS, longest_wait_seconds)
        self._failures = 0
        self._openings = 0
        self._epoch = 0  # changes with the state, so that calls from before the last change are recognized
        self._retry_at: float | None = None
        self._trial: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether the circuit is open or half open."""
        return self._retry_at is not None

    def wait(self, now: float) -> float:
        """Return the seconds after which to try again; 0 if a call would be admitted now."""
        if self._retry_at is None:
            return 0.0
        if self._trial is not None:
            return FIRST_WAIT_SECONDS
        return max(self._retry_at - now, 0.0)

    def admit(self, now: float) -> int | None:
        """Return a ticket for a call, to be passed back with its outcome; None if the call is not allowed."""
        if self.wait(now) > 0:
            return None
        if self.is_open:
            self._epoch += 1
            self._trial = self._epoch
        return self._epoch

    def succeeded(self) -> None:
        """Record a successful call, whenever it was admitted, and close the circuit."""
        if self.is_open:
            self._epoch += 1
        self._failures = self._openings = 0
        self._retry_at = self._trial = None

    def failed(self, ticket: int, now: float, *, retry_after: float | None = None, chance: float = 0.0) -> None:
        """Record a failed call. The fifth consecutive failure opens the circuit; a failed trial call opens it for longer.

        Failures of calls that were admitted before the circuit opened are ignored.

        Parameters:
            retry_after: Seconds that the provider asked for by `Retry-After`.
            chance: A random number from 0 to 1 for the jitter.
        """
        if ticket != self._epoch:
            return
        self._failures += 1
        if self.is_open or self._failures >= FAILURES:
            self._open(now, retry_after, chance)

    def abandoned(self, ticket: int) -> None:
        """Record a call without an outcome, such as a canceled one. If it was the trial call, another one is allowed."""
        if ticket == self._trial:
            self._trial = None

    def _open(self, now: float, retry_after: float | None, chance: float) -> None:
        self._openings += 1
        asked_for = min(retry_after or 0.0, LONGEST_RETRY_AFTER_SECONDS)
        self._retry_at = now + max(self._waits.seconds(self._openings), asked_for) * (1 + SPREAD * chance)
        self._epoch += 1
        self._trial = None
