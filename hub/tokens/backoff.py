"""Pauses after failed refreshes of a session, and between renewals of tokens that are refused again, with exponential backoff."""

import math
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
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


@dataclass(slots=True)
class _Renewals:
    """The renewals of one key.

    Attributes:
        until: End of the pause, on the monotonic clock.
        longest: The longest pause, in seconds.
        running: Callers that renew now.
        in_vain: Renewals in a row whose token was refused again.
        is_judged: Whether the last renewal is among them already.
    """

    until: float = 0.0
    longest: float = 0.0
    running: int = 0
    in_vain: int = 0
    is_judged: bool = False


class RenewalBackoff:
    """Limits the renewals of tokens that others refuse. A token that was just renewed and is refused again is not the cause.

    After a renewal there is a pause, which doubles as long as renewals do not help. Callers that come while a renewal runs
    join it. A key names who refuses whose token, such as a route and a session.

    Parameters:
        jitter: Returns a number from 0 to 1, which lengthens pauses so that they do not end together.
    """

    def __init__(self, clock: Clock, jitter: Callable[[], float]) -> None:
        self._clock = clock
        self._waits = ExponentialBackoff(FIRST_SECONDS, AT_MOST_SECONDS, (1.0, 2.0), jitter)
        self._renewals: dict[Hashable, _Renewals] = {}
        self._sweep_at = 0.0

    def is_paused(self, key: Hashable) -> bool:
        """Return whether the token must not be renewed now."""
        entry = self._renewals.get(key)
        return entry is not None and entry.running == 0 and self._clock.monotonic() < entry.until

    def is_in_vain(self, key: Hashable) -> bool:
        """Return whether the last renewal did not help, and the pause after it goes on."""
        entry = self._renewals.get(key)
        return entry is not None and entry.in_vain > 0 and self._clock.monotonic() < entry.until

    @contextmanager
    def renewing(self, key: Hashable, lifetime_seconds: float = math.inf, *, pauses_on_failure: bool = True) -> Iterator[None]:
        """Hold this while a token is renewed. The pause begins with it, and ends by the middle of the token's lifetime.

        Parameters:
            pauses_on_failure: Whether to pause if no token was obtained. False if the renewal has a backoff of its own, whose
                error tells more than the refusal of the old token.
        """
        self._forget_old()
        entry = self._renewals.setdefault(key, _Renewals())
        if entry.running == 0:
            entry.is_judged, entry.longest = False, lifetime_seconds / 2
            self._pause(entry)
        entry.running += 1
        try:
            yield
        except HubError:
            if not pauses_on_failure:
                entry.until = self._clock.monotonic()
            raise
        finally:
            entry.running -= 1

    def judge(self, key: Hashable, *, helped: bool) -> None:
        """Record whether the renewed token was accepted. Callers that joined one renewal record it as one."""
        entry = self._renewals.get(key)
        if entry is None or entry.is_judged:
            return
        entry.is_judged = True
        entry.in_vain = 0 if helped else entry.in_vain + 1
        if not helped:
            self._pause(entry)

    def _pause(self, entry: _Renewals) -> None:
        entry.until = self._clock.monotonic() + min(self._waits.seconds(max(entry.in_vain, 1)), entry.longest)

    def _forget_old(self) -> None:
        """Remove the keys whose pause ended long ago, which bounds their number; not at each call."""
        now = self._clock.monotonic()
        if now >= self._sweep_at:
            self._sweep_at = now + AT_MOST_SECONDS
            over = now - AT_MOST_SECONDS
            self._renewals = {key: entry for key, entry in self._renewals.items() if entry.running or entry.until > over}
