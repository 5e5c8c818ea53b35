"""Requests to resource servers, counted in plain numbers. Pure.

Prometheus' own counters take a lock for each step, and with several workers write each step to a file. What every request does is
counted here instead, and added to those in one go, once a second and before anybody reads them.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from prometheus_client import Counter, Histogram


class BatchHistogram(Histogram):
    """A histogram that takes many observations at once."""

    def add(self, counts: Sequence[int], total: float) -> None:
        """Add observations.

        Parameters:
            counts: How many fell into each bucket; the last one has no upper bound.
            total: Their sum.
        """
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)
        self._sum.inc(total)


class RequestTally:
    """What has been counted and not been handed on."""

    def __init__(self, requests: Counter, seconds: BatchHistogram, bounds: Sequence[float]) -> None:
        """Take the metrics to which all is added.

        Parameters:
            bounds: Upper bounds of the buckets of `seconds`, ascending, without that of the last one.
        """
        self._requests = requests
        self._seconds = seconds
        self._bounds = bounds
        self._outcomes: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._spreads: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(bounds) + 1))
        self._totals: defaultdict[str, float] = defaultdict(float)

    def failed(self, transport: str, outcome: str) -> None:
        """Count a request that got no answer, by the slug of its problem."""
        self._outcomes[transport, outcome] += 1

    def answered(self, transport: str, status: int, seconds: float) -> None:
        """Count an answer, and the time until it began."""
        self._outcomes[transport, str(status)] += 1
        self._spreads[transport][bisect_left(self._bounds, seconds)] += 1
        self._totals[transport] += seconds

    def hand_on(self) -> None:
        """Add everything to the metrics, and begin anew."""
        while self._outcomes:
            labels, count = self._outcomes.popitem()
            self._requests.labels(*labels).inc(count)
        while self._spreads:
            transport, counts = self._spreads.popitem()
            self._seconds.labels(transport).add(counts, self._totals.pop(transport))
