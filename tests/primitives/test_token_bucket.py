"""Token buckets."""

from hypothesis import given
from hypothesis import strategies as st

from hub.primitives.token_bucket import SWEEP_AT, TokenBucket, TokenBuckets


def test_burst_and_then_the_rate() -> None:
    """So many at once, then so many a second; whoever has to wait learns how long."""
    buckets = TokenBuckets(rate=2.0, burst=3.0)

    assert [buckets.take("a", 0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert buckets.take("a", 0.4) > 0
    assert buckets.take("a", 0.5) == 0.0


def test_keys_are_apart() -> None:
    """What one has used up another still has."""
    buckets = TokenBuckets(rate=1.0, burst=1.0)
    buckets.take("a", 0.0)

    assert buckets.take("b", 0.0) == 0.0


def test_no_rate_is_no_limit() -> None:
    """A rate of 0 lets everything pass and remembers nothing."""
    buckets = TokenBuckets(rate=0.0, burst=0.0)

    assert not any(buckets.take("a", 0.0) or buckets.spend("a", 0.0, 1e9) for _ in range(1000))
    assert len(buckets) == 0


def test_spending_more_than_there_is() -> None:
    """What has come already is counted, and has to be waited for afterwards."""
    buckets = TokenBuckets(rate=10.0, burst=10.0)

    assert buckets.spend("a", 0.0, 30.0) == 2.0
    assert buckets.spend("a", 1.0, 0.0) == 1.0
    assert buckets.spend("a", 5.0, 0.0) == 0.0


def test_clock_that_steps_back() -> None:
    """Time that runs backwards takes nothing out of a bucket."""
    buckets = TokenBuckets(rate=1.0, burst=2.0)
    buckets.take("a", 100.0)

    assert buckets.take("a", 50.0) == 0.0
    assert buckets.take("a", 50.0) == 1.0


def test_memory_is_bounded() -> None:
    """Strangers who come once are forgotten."""
    buckets = TokenBuckets(rate=1.0, burst=2.0)
    for number in range(5 * SWEEP_AT):
        buckets.take(str(number), number / 1000)

    assert len(buckets) < 3 * SWEEP_AT


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 5)), max_size=60))
def test_never_more_than_burst_and_rate(asked: list[tuple[float, int]]) -> None:
    """Whenever somebody asks for whatever: what passes until then stays within the burst and the rate."""
    buckets, now, passed = TokenBuckets(rate=3.0, burst=7.0), 0.0, 0.0
    for pause, cost in asked:
        now += pause
        if buckets.take("a", now, cost) == 0.0:
            passed += cost

        assert passed <= 7.0 + 3.0 * now + 1e-6


@given(st.lists(st.floats(0, 5), min_size=1, max_size=60))
def test_waiting_as_told_is_enough(pauses: list[float]) -> None:
    """Who waits for as long as it was told may go on."""
    buckets, now = TokenBuckets(rate=3.0, burst=2.0), 0.0
    for pause in pauses:
        now += pause
        if (wait := buckets.take("a", now)) > 0:
            now += wait + 1e-6

            assert buckets.take("a", now) == 0.0


def test_one_bucket() -> None:
    """One bucket spends as one of many: more than there is has to be waited for."""
    bucket = TokenBucket(rate=10.0, burst=20.0, now=5.0)

    assert [bucket.spend(5.0, 20.0), bucket.spend(5.0, 10.0), bucket.spend(6.0, 0.0), bucket.spend(99.0, 25.0)] == [0, 1, 0, 0.5]
