"""When to stop asking an endpoint that fails, and when to ask again. Pure: is handed the time.

Without it every person who wants something of a provider that is down waits for the time limit of a call, and a provider that
comes back is met by all of them at once.
"""

from hub.primitives.backoff import ExponentialBackoff

FAILURES = 5
"""So many in a row open the circuit."""

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0
LONGEST_RETRY_AFTER_SECONDS = 300.0  # a provider that asks for a day must not lock everybody out for a day
SPREAD = 0.2  # waits are up to this much longer by chance, so that the workers do not come back at the same instant


class CircuitBreaker:
    """The circuit of one endpoint: closed (calls go through), open (none does), or half open (one call tries).

    A call asks `admit` first, and tells its outcome by `succeeded`, `failed` or, if it has none, `abandoned`. Times are seconds
    of one clock that never goes back.
    """

    def __init__(self, longest_wait_seconds: float = LONGEST_WAIT_SECONDS) -> None:
        """Parameters:
        longest_wait_seconds: Where the doubling of the waits ends. A `Retry-After` may ask for more.
        """
        self._waits = ExponentialBackoff(FIRST_WAIT_SECONDS, longest_wait_seconds)
        self._failures = 0
        self._openings = 0
        self._epoch = 0  # tells calls that were admitted before the last change from those that came after it
        self._retry_at: float | None = None
        self._trial: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether calls are being refused, but for the one that tries."""
        return self._retry_at is not None

    def wait(self, now: float) -> float:
        """Return the seconds after which asking again makes sense; 0 if a call would be admitted now."""
        if self._retry_at is None:
            return 0.0
        if self._trial is not None:
            return FIRST_WAIT_SECONDS
        return max(self._retry_at - now, 0.0)

    def admit(self, now: float) -> int | None:
        """Let a call through: return its ticket, to be handed back with its outcome. None: do not call."""
        if self.wait(now) > 0:
            return None
        if self.is_open:
            self._epoch += 1
            self._trial = self._epoch
        return self._epoch

    def succeeded(self) -> None:
        """Note a call that worked, whenever it was admitted: the circuit closes."""
        if self.is_open:
            self._epoch += 1
        self._failures = self._openings = 0
        self._retry_at = self._trial = None

    def failed(self, ticket: int, now: float, *, retry_after: float | None = None, chance: float = 0.0) -> None:
        """Note a call that failed. The fifth in a row opens the circuit; the call that tries opens it for longer.

        Calls that were under way when the circuit opened say nothing new by failing too.

        Parameters:
            retry_after: Seconds that the provider itself asked for.
            chance: A random number from 0 to 1.
        """
        if ticket != self._epoch:
            return
        self._failures += 1
        if self.is_open or self._failures >= FAILURES:
            self._open(now, retry_after, chance)

    def abandoned(self, ticket: int) -> None:
        """Note a call that ended without an outcome, such as a cancelled one: if it was the one that tries, another may."""
        if ticket == self._trial:
            self._trial = None

    def _open(self, now: float, retry_after: float | None, chance: float) -> None:
        self._openings += 1
        asked_for = min(retry_after or 0.0, LONGEST_RETRY_AFTER_SECONDS)
        self._retry_at = now + max(self._waits.seconds(self._openings), asked_for) * (1 + SPREAD * chance)
        self._epoch += 1
        self._trial = None
