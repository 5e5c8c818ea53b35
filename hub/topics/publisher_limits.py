"""The limits of publishers: events and bytes a second in each worker, and topics in all workers together."""

import math
from collections.abc import Sequence

from hub.config.settings import PublisherSettings
from hub.errors import TooManyRequests
from hub.primitives.clock import Clock
from hub.primitives.token_bucket import TokenBuckets
from hub.telemetry.metrics import Metrics
from hub.topics.publisher_topics import PublisherTopics

BURST_SECONDS = 10.0


class PublisherLimits:
    """Counts what publishers send.

    Rates are counted in the memory of this worker, as other rates are. The topics of a publisher are counted in Redis, because
    they stay there for a month.
    """

    def __init__(self, publishers: Sequence[PublisherSettings], topics: PublisherTopics, clock: Clock, metrics: Metrics) -> None:
        self._topics = topics
        self._clock = clock
        self._metrics = metrics
        self._events = {each.name: _buckets(each.events_per_second) for each in publishers}
        self._bytes = {each.name: _buckets(each.bytes_per_second) for each in publishers}

    def count(self, publisher: PublisherSettings, size: int) -> None:
        """Count a request of a publisher with a body of `size` bytes.

        Raises:
            TooManyRequests: A rate is exceeded; `retry_after_seconds` says for how long.
        """
        now = self._clock.monotonic()
        if wait := self._events[publisher.name].take("", now):
            raise self._refusal("events", f"At most {publisher.events_per_second:g} events a second", "events_per_second", wait)
        if wait := self._bytes[publisher.name].take("", now, float(size)):
            raise self._refusal("bytes", f"At most {publisher.bytes_per_second:g} bytes a second", "bytes_per_second", wait)

    async def admit(self, publisher: PublisherSettings, topic: str) -> None:
        """Count a topic of a publisher, which it has until the topic has had no event for a month.

        Raises:
            TooManyRequests: The publisher has its largest number of topics, and this is another one.
            StoreUnavailable: Redis does not respond.
        """
        if not publisher.max_topics:
            return
        now = self._clock.now()
        if free_at := await self._topics.admit(publisher.name, topic, publisher.max_topics, now):
            what = f"At most {publisher.max_topics} topics with events of the last month"
            raise self._refusal("topics", what, "max_topics", free_at - now)

    def _refusal(self, limit: str, what: str, setting: str, wait: float) -> TooManyRequests:
        self._metrics.limited.labels(f"publisher_{limit}").inc()
        return TooManyRequests(
            f"{what} from this publisher. See {setting} of its [[publishers]] table.", retry_after_seconds=math.ceil(wait)
        )


def _buckets(rate: float) -> TokenBuckets:
    return TokenBuckets(rate, rate * BURST_SECONDS)
