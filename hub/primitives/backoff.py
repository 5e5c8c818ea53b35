"""Exponential backoff with jitter: how long to wait after the n-th failure in a row. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

MOST_DOUBLINGS = 60
"""After so many doublings every wait has reached its cap; further ones would only overflow."""


def no_jitter() -> float:
    """Return 0: waits are not random."""
    return 0.0


@dataclass(frozen=True, slots=True)
class ExponentialBackoff:
    """Waits that double with each failure in a row, up to a cap.

    Attributes:
        first_seconds: The wait after the first failure, before jitter.
        longest_seconds: The longest wait, before jitter.
        spread: Least and greatest factor that jitter applies: (1, 1) none, (1, 2) lengthens up to twice, (0, 1) is "full jitter".
        jitter: Returns a random number from 0 to 1, which places the factor in `spread`.
    """

    first_seconds: float
    longest_seconds: float
    spread: tuple[float, float] = (1.0, 1.0)
    jitter: Callable[[], float] = no_jitter

    def seconds(self, failures: int) -> float:
        """Return the seconds to wait after `failures` failures in a row, counted from 1."""
        wait = min(self.first_seconds * 2.0 ** min(max(failures - 1, 0), MOST_DOUBLINGS), self.longest_seconds)
        least, greatest = self.spread
        return wait * (least + (greatest - least) * self.jitter())
