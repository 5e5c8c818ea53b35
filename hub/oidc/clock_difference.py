"""How far the provider's clock is from ours, by the `Date` of its answers. Pure: is handed the times.

Without it a machine whose clock is some minutes off cannot log anybody in: every ID token seems to have expired, or not to be
valid yet.
"""

from calendar import timegm
from collections import deque
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from statistics import median

SAMPLES = 5  # a median of so many is not moved by one or two wrong ones, and follows a clock that is set right in three
LONGEST_CALL_SECONDS = 2.0  # of a longer call it is not known when the answer was made
ABSURD_SECONDS = 86400.0  # a clock that is off by a day is broken: its operator has to see that
NOTICEABLE_SECONDS = 2.0  # `Date` has whole seconds, and the way of the answer takes time: less cannot be told from nothing


class ClockDifference:
    """The difference as far as it is known."""

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=SAMPLES)

    @property
    def seconds(self) -> float:
        """How far the provider's clock is ahead of ours; negative if it is behind, 0 while no difference can be told."""
        seconds = median(self._samples) if self._samples else 0.0
        return seconds if abs(seconds) > NOTICEABLE_SECONDS else 0.0

    def correct(self, now: float) -> float:
        """Return what the provider's clock shows when ours shows `now` (epoch seconds)."""
        return now + self.seconds

    def observe(self, headers: Mapping[str, str], *, received_at: float, took_seconds: float) -> None:
        """Learn from an answer. One that came out of a cache, took long, or has no readable `Date` teaches nothing.

        Parameters:
            received_at: Epoch seconds by our clock when the answer was there.
            took_seconds: Time from the request to the answer.
        """
        fields = {name.lower(): value for name, value in headers.items()}
        if took_seconds > LONGEST_CALL_SECONDS or fields.get("age", "0").strip() != "0":
            return
        try:
            shown = timegm(parsedate_to_datetime(fields.get("date", "")).utctimetuple())
        except (ValueError, TypeError, OverflowError):
            return
        sample = shown + 0.5 - (received_at - took_seconds / 2)  # on average half a second is cut off
        if abs(sample) <= ABSURD_SECONDS:
            self._samples.append(sample)
