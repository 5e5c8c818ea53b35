"""The limits of publishers: events, bytes, topics. What is over them is refused, and counted."""

from collections.abc import AsyncIterator

import pytest

from hub.config.settings import PublisherSettings
from hub.errors import TooManyRequests
from hub.session.redis_client import connect
from hub.telemetry.metrics import Metrics
from hub.topics.publisher_limits import PublisherLimits
from hub.topics.publisher_topics import PublisherTopics
from tests.parties.clock import ManualClock

LAB = PublisherSettings(name="lab", topics=["*"], events_per_second=2.0, bytes_per_second=100.0, max_topics=2)
WARD = PublisherSettings(name="ward", topics=["*"], events_per_second=0.0, bytes_per_second=0.0, max_topics=0)


@pytest.fixture
def metrics() -> Metrics:
    """The metrics."""
    return Metrics()


@pytest.fixture
async def limits(redis_url: str, clock: ManualClock, metrics: Metrics) -> AsyncIterator[PublisherLimits]:
    """The limits of a laboratory, and none of a ward."""
    client = connect(redis_url, 2.0)
    yield PublisherLimits([LAB, WARD], PublisherTopics(client), clock, metrics)
    await client.aclose()


def refused(metrics: Metrics, limit: str) -> float:
    """Return how often a limit has refused."""
    return metrics.limited.labels(limit)._value.get()


async def test_events(limits: PublisherLimits, metrics: Metrics, clock: ManualClock) -> None:
    """A burst of ten seconds, then as many as the rate says; the error says when, and which setting."""
    for _ in range(20):
        limits.count(LAB, 1)
    with pytest.raises(TooManyRequests, match=r"At most 2 events a second.*events_per_second") as error:
        limits.count(LAB, 1)
    await clock.advance(0.5)
    limits.count(LAB, 1)

    assert (error.value.retry_after_seconds, refused(metrics, "publisher_events")) == (1, 1)


async def test_bytes(limits: PublisherLimits, metrics: Metrics, clock: ManualClock) -> None:
    """Large events count by their size. One that is larger than a burst passes when nothing was sent before."""
    limits.count(LAB, 1500)
    with pytest.raises(TooManyRequests, match=r"At most 100 bytes a second.*bytes_per_second") as error:
        limits.count(LAB, 100)
    await clock.advance(6.0)
    limits.count(LAB, 100)

    assert (error.value.retry_after_seconds, refused(metrics, "publisher_bytes")) == (6, 1)


async def test_topics(limits: PublisherLimits, metrics: Metrics) -> None:
    """A third topic is refused; the first two go on."""
    for topic in ("a", "b", "a"):
        await limits.admit(LAB, topic)
    with pytest.raises(TooManyRequests, match=r"At most 2 topics.*max_topics") as error:
        await limits.admit(LAB, "c")

    assert (error.value.retry_after_seconds, refused(metrics, "publisher_topics")) == (30 * 86400, 1)


async def test_no_limits(limits: PublisherLimits) -> None:
    """0 is no limit, and one publisher does not count for another."""
    for number in range(100):
        limits.count(WARD, 1_000_000)
        await limits.admit(WARD, f"t{number}")
    limits.count(LAB, 1)
