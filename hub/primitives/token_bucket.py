"""How often something may happen: token buckets by key. Pure: `now` is seconds of one monotonic clock."""

from dataclasses import dataclass

FORGET_AT = 10_000  # keys that are looked through before one more is taken in; a full bucket need not be remembered


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class TokenBuckets:
    """A bucket for each key, which fills at `rate` a second up to `burst`. A rate of 0 is no limit."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = max(burst, 1.0)
        self._buckets: dict[str, _Bucket] = {}
        self._look_at = FORGET_AT

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now: float, cost: float = 1.0) -> float:
        """Take `cost` out of a bucket; return 0, or after how many seconds there will be enough, with nothing taken."""
        if not self._rate:
            return 0.0
        bucket = self._bucket(key, now)
        missing = min(cost, self._burst) - bucket.level
        if missing > 0:
            return missing / self._rate
        bucket.level -= cost
        return 0.0

    def spend(self, key: str, now: float, cost: float) -> float:
        """Take `cost` out of a bucket although there may be less in it; return the seconds until it holds something again."""
        if not self._rate:
            return 0.0
        bucket = self._bucket(key, now)
        bucket.level -= cost
        return max(-bucket.level, 0.0) / self._rate

    def _bucket(self, key: str, now: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._look_at:
                self._forget_full(now)
            bucket = self._buckets[key] = _Bucket(self._burst, now)
        bucket.level = min(bucket.level + max(now - bucket.at, 0.0) * self._rate, self._burst)
        bucket.at = now
        return bucket

    def _forget_full(self, now: float) -> None:
        """Drop the buckets that are as good as new; look again once as many more have come."""
        self._buckets = {
            key: bucket for key, bucket in self._buckets.items() if bucket.level + (now - bucket.at) * self._rate < self._burst
        }
        self._look_at = max(2 * len(self._buckets), FORGET_AT)
