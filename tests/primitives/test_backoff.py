"""Exponential backoff with jitter."""

import pytest

from hub.primitives.backoff import ExponentialBackoff


def test_doubles_up_to_the_cap() -> None:
    """Each failure in a row doubles the wait until the cap is reached."""
    backoff = ExponentialBackoff(0.5, 6.0)

    assert [backoff.seconds(failures) for failures in range(1, 7)] == [0.5, 1, 2, 4, 6, 6]


def test_no_failure_waits_like_one() -> None:
    """A count below 1 does not shorten the wait."""
    assert ExponentialBackoff(0.5, 6.0).seconds(0) == 0.5


@pytest.mark.parametrize(
    ("spread", "jitter", "wait"),
    [
        ((1.0, 1.0), 0.9, 4.0),
        ((1.0, 2.0), 0.0, 4.0),
        ((1.0, 2.0), 0.5, 6.0),
        ((1.0, 2.0), 1.0, 8.0),
        ((0.0, 1.0), 0.0, 0.0),
        ((0.0, 1.0), 0.25, 1.0),
        ((0.0, 1.0), 1.0, 4.0),
        ((1.0, 1.2), 0.5, 4.4),
    ],
)
def test_jitter(spread: tuple[float, float], jitter: float, wait: float) -> None:
    """Chance places the wait between the least and the greatest factor."""
    assert ExponentialBackoff(1.0, 4.0, spread, lambda: jitter).seconds(9) == pytest.approx(wait)


def test_many_failures_stay_at_the_cap() -> None:
    """Two thousand failures in a row neither overflow nor exceed the cap."""
    backoff = ExponentialBackoff(0.5, 30.0, (0.0, 1.0), lambda: 1.0)

    assert {backoff.seconds(failures) for failures in range(7, 2001)} == {30.0}
