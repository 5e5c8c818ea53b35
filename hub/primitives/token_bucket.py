"""Rate limiting by token buckets. Pure: `now` is seconds of one monotonic clock."""

from dataclasses import dataclass

SWEEP_AT = 10_000  # number of buckets at which full ones are removed: a new bucket is full, too


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class TokenBucket:
    """One bucket, which refills by `rate` tokens a second up to `burst`. The rate is above 0.

    Parameters:
        now: The bucket is full at this time.
    """

    __slots__ = ("_at", "_burst", "_level", "_rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._at = now

    def spend(self, now: float, cost: float) -> float:
        """Take `cost` tokens even if there are fewer; return the seconds until the bucket is no longer overdrawn."""
        self._level = min(self._level + max(now - self._at, 0.0) * self._rate, self._burst) - cost
        self._at = now
        return max(-self._level, 0.0) / self._rate


class TokenBuckets:
    """Token buckets by key. Each refills by `rate` tokens a second up to `burst`. A rate of 0 is no limit."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = max(burst, 1.0)
        self._buckets: dict[str, _Bucket] = {}
        self._sweep_at = SWEEP_AT

    def __len__(self) -> int:
        return len(self._buckets)

    def is_empty(self, key: str, now: float, cost: float = 1.0) -> bool:
        """Return whether `take` would find too few tokens."""
        bucket = self._buckets.get(key)
        if bucket is None or not self._rate:
            return False
        return bucket.level + max(now - bucket.at, 0.0) * self._rate < min(cost, self._burst)

    def take(self, key: str, now: float, cost: float = 1.0) -> float:
        """Take `cost` tokens and return 0; if there are too few, take none and return the seconds until there are enough."""
        if not self._rate:
            return 0.0
        bucket = self._bucket(key, now)
        missing = min(cost, self._burst) - bucket.level
        if missing > 0:
            return missing / self._rate
        bucket.level -= cost
        return 0.0

    def spend(self, key: str, now: float, cost: float) -> float:
        """Take `cost` tokens even if there are fewer; return the seconds until the bucket is no longer overdrawn."""
        if not self._rate:
            return 0.0
        bucket = self._bucket(key, now)
        bucket.level -= cost
        return max(-bucket.level, 0.0) / self._rate

    def _bucket(self, key: str, now: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._sweep_at:
                self._remove_full(now)
            bucket = self._buckets[key] = _Bucket(self._burst, now)
        bucket.level = min(bucket.level + max(now - bucket.at, 0.0) * self._rate, self._burst)
        bucket.at = now
        return bucket

    def _remove_full(self, now: float) -> None:
        """Remove full buckets, and set the size at which to do so again."""
        self._buckets = {
            key: bucket for key, bucket in self._buckets.items() if bucket.level + (now - bucket.at) * self._rate < self._burst
        }
        self._sweep_at = max(2 * len(self._buckets), SWEEP_AT)
