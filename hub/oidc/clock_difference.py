"""Estimate of the difference between the provider's clock and ours, from the `Date` of its responses. Pure.

Without it, nobody could log in on a machine whose clock is off by minutes: each ID token would seem expired, or not yet valid.
"""

from calendar import timegm
from collections import deque
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from statistics import median

SAMPLES = 5  # the median ignores two wrong samples, and follows a corrected clock after three
LONGEST_CALL_SECONDS = 2.0  # in a longer call, the time of the response is too uncertain
ABSURD_SECONDS = 86400.0  # a clock that is off by a day is broken and must not be compensated
NOTICEABLE_SECONDS = 2.0  # smaller differences cannot be told from the rounding of `Date` and the network delay


class ClockDifference:
    """The median of the latest observed differences."""

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=SAMPLES)

    @property
    def seconds(self) -> float:
        """How many seconds the provider's clock is ahead of ours; negative if it is behind, 0 if no difference is known."""
        seconds = median(self._samples) if self._samples else 0.0
        return seconds if abs(seconds) > NOTICEABLE_SECONDS else 0.0

    def correct(self, now: float) -> float:
        """Return the time of the provider's clock when ours shows `now` (epoch seconds)."""
        return now + self.seconds

    def observe(self, headers: Mapping[str, str], *, received_at: float, took_seconds: float) -> None:
        """Add the `Date` of a response as a sample. Slow responses, those from a cache and those without `Date` are ignored.

        Parameters:
            received_at: Time of our clock in epoch seconds when the response arrived.
            took_seconds: Time from the request to the response.
        """
        by_name = {name.lower(): value for name, value in headers.items()}
        if took_seconds > LONGEST_CALL_SECONDS or by_name.get("age", "0").strip() != "0":
            return
        try:
            shown = timegm(parsedate_to_datetime(by_name.get("date", "")).utctimetuple())
        except (ValueError, TypeError, OverflowError):
            return
        sample = shown + 0.5 - (received_at - took_seconds / 2)  # `Date` is cut to whole seconds: half a second on average
        if abs(sample) <= ABSURD_SECONDS:
            self._samples.append(sample)
