"""Counts requests to APIs in plain numbers. Pure.

The counters of prometheus_client take a lock for each step and, with several workers, write each step to a file. So requests are
counted here, and added to those counters once a second and before each scrape.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from prometheus_client import Counter, Histogram


class BatchHistogram(Histogram):
    """A histogram that accepts many observations at once."""

    def add(self, counts: Sequence[int], total: float) -> None:
        """Add observations.

        Parameters:
            counts: Number of observations for each bucket; the last one has no upper bound.
            total: Sum of the observations.
        """
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)
        self._sum.inc(total)


class RequestTally:
    """The counts since the last `flush`."""

    def __init__(self, requests: Counter, seconds: BatchHistogram, bounds: Sequence[float]) -> None:
        """Parameters:
        bounds: Upper bounds of the buckets of `seconds`, ascending, without that of the last one.
        """
        self._requests = requests
        self._seconds = seconds
        self._bounds = bounds
        self._outcomes: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._spreads: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(bounds) + 1))
        self._totals: defaultdict[str, float] = defaultdict(float)

    def failed(self, transport: str, outcome: str) -> None:
        """Count a request without a response, by the slug of its problem."""
        self._outcomes[transport, outcome] += 1

    def responded(self, transport: str, status: int, seconds: float) -> None:
        """Count a response, and the time until it began."""
        self._outcomes[transport, str(status)] += 1
        self._spreads[transport][bisect_left(self._bounds, seconds)] += 1
        self._totals[transport] += seconds

    def flush(self) -> None:
        """Add the counts to the metrics, and reset them."""
        while self._outcomes:
            labels, count = self._outcomes.popitem()
            self._requests.labels(*labels).inc(count)
        while self._spreads:
            transport, counts = self._spreads.popitem()
            self._seconds.labels(transport).add(counts, self._totals.pop(transport))
