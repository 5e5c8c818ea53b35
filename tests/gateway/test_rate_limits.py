"""Which limit counts what."""

from collections.abc import Callable

import pytest

from hub.config.settings import LimitSettings
from hub.errors import TooManyRequests
from hub.gateway.rate_limits import BURST_SECONDS, RateLimits
from hub.telemetry.metrics import Metrics
from tests.parties.clock import ManualClock

NO_LIMITS = dict.fromkeys(LimitSettings.__dataclass_fields__, 0.0)
LIMITS = [
    ("requests_per_session", "requests", RateLimits.request),
    ("requests_per_address", "requests_without_login", RateLimits.anonymous_request),
    ("dials_per_session", "dials_of_session", RateLimits.session_dial),
    ("dials_per_address", "dials", RateLimits.dial),
]


@pytest.mark.parametrize(("setting", "label", "count"), LIMITS, ids=[name for name, _, _ in LIMITS])
def test_limits(clock: ManualClock, setting: str, label: str, count: Callable[[RateLimits, str], None]) -> None:
    """Each setting is the rate of one kind; ten seconds of it may come at once. Each key is counted by itself."""
    metrics = Metrics()
    limits = RateLimits(LimitSettings(**{**NO_LIMITS, setting: 2.0}), clock, metrics)
    for _ in range(int(2 * BURST_SECONDS)):
        count(limits, "one")
    with pytest.raises(TooManyRequests) as caught:
        count(limits, "one")
    count(limits, "other")

    assert caught.value.retry_after_seconds == 0.5
    assert metrics.limited.labels(label)._value.get() == 1
    for other, _, another_count in LIMITS:
        if other != setting:
            for _ in range(100):
                another_count(limits, "one")


def test_refused_dials(clock: ManualClock) -> None:
    """Only dials that had no right to a channel count; when there were too many, no dial is heard for a while."""
    metrics = Metrics()
    limits = RateLimits(LimitSettings(**{**NO_LIMITS, "refused_dials_per_address": 1.0}), clock, metrics)
    for _ in range(50):
        limits.dial("one")
    for _ in range(int(BURST_SECONDS) + 1):
        limits.dial("one")
        limits.dial_was_refused("one")
    with pytest.raises(TooManyRequests) as caught:
        limits.dial("one")
    limits.dial("other")

    assert caught.value.retry_after_seconds == 1.0
    assert metrics.limited.labels("refused_dials")._value.get() == 1
    clock.freeze(1.0)
    limits.dial("one")


def test_bytes(clock: ManualClock) -> None:
    """What has come is counted, and says how long nothing more is to be read."""
    limits = RateLimits(LimitSettings(**{**NO_LIMITS, "upload_bytes_per_session": 100.0}), clock, Metrics())

    assert [limits.received("one", 1000), limits.received("one", 50), limits.received("other", 0)] == [0.0, 0.5, 0.0]


def test_shortest_wait(clock: ManualClock) -> None:
    """A client is never told to come back at once."""
    limits = RateLimits(LimitSettings(**{**NO_LIMITS, "requests_per_session": 1000.0}), clock, Metrics())
    with pytest.raises(TooManyRequests) as caught:
        for _ in range(10_001):
            limits.request("one")

    assert caught.value.retry_after_seconds == 0.1
