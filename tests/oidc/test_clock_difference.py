"""hub.oidc.clock_difference: how far the provider's clock is from ours."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.oidc.clock_difference import NOTICEABLE_SECONDS, ClockDifference

NOW = 1_800_000_000.0


def observe(difference: ClockDifference, ahead: float, *, took: float = 0.0, at: float = NOW, **headers: str) -> None:
    """Let the provider, whose clock is so far ahead, answer at `at`."""
    made_at = at - took / 2
    date = formatdate(int(made_at + ahead), usegmt=True)
    difference.observe({"Date": date, **headers}, received_at=at, took_seconds=took)


def learned(*ahead: float) -> ClockDifference:
    """Return what is known after so many answers."""
    difference = ClockDifference()
    for seconds in ahead:
        observe(difference, seconds)
    return difference


def test_unknown() -> None:
    """While nothing is known our clock counts."""
    difference = ClockDifference()

    assert (difference.seconds, difference.correct(NOW)) == (0.0, NOW)


@given(
    ahead=st.floats(min_value=-80000, max_value=80000),
    took=st.floats(min_value=0, max_value=2),
    at=st.floats(min_value=1e9, max_value=3e9),
)
def test_precision(ahead: float, took: float, at: float) -> None:
    """One answer tells the difference to a second and a half, whatever part of the time its way took."""
    difference = ClockDifference()
    date = formatdate(int(at - took + ahead), usegmt=True)  # the worst: made as soon as the request was sent
    difference.observe({"date": date}, received_at=at, took_seconds=took)

    unsure = 0.5 + took / 2 + 0.001
    assert abs(difference.seconds - ahead) <= unsure or (difference.seconds == 0.0 and abs(ahead) <= NOTICEABLE_SECONDS + unsure)


@given(st.lists(st.floats(min_value=0, max_value=0.999), min_size=1, max_size=10), st.floats(min_value=0, max_value=2))
def test_same_clock(fractions: list[float], took: float) -> None:
    """Two clocks that agree are never taken for different: the whole seconds of `Date` are no difference."""
    difference = ClockDifference()
    for fraction in fractions:
        observe(difference, 0.0, took=took, at=NOW + fraction)

    assert (difference.seconds, difference.correct(NOW)) == (0.0, NOW)


@pytest.mark.parametrize("ahead", [300.0, -300.0, 5.0])
def test_corrected(ahead: float) -> None:
    """A time of ours is turned into the provider's."""
    assert learned(ahead).correct(NOW) == pytest.approx(NOW + ahead, abs=0.5)


def test_one_wrong_answer() -> None:
    """Two strange answers among others change nothing."""
    assert learned(0.0, 0.0, 900.0, 0.0, -900.0).correct(NOW) == NOW


def test_set_right() -> None:
    """A clock that is set right is followed at the third answer."""
    difference = learned(*[300.0] * 20)
    observe(difference, 0.0)
    observe(difference, 0.0)
    before = difference.seconds
    observe(difference, 0.0)

    assert (round(before), round(difference.seconds)) == (300, 0)


@pytest.mark.parametrize(
    ("ahead", "took", "headers"),
    [
        (300.0, 2.1, {}),
        (86402.0, 0.0, {}),
        (-86402.0, 0.0, {}),
        (300.0, 0.0, {"Age": "17"}),
        (300.0, 0.0, {"Date": "yesterday"}),
        (300.0, 0.0, {"Date": ""}),
        (300.0, 0.0, {"Date": "Mon, 99 Foo 2026 99:99:99 GMT"}),
    ],
)
def test_ignored(ahead: float, took: float, headers: dict[str, str]) -> None:
    """Long calls, answers out of a cache, unreadable dates and differences of more than a day teach nothing."""
    difference = ClockDifference()
    observe(difference, ahead, took=took, **headers)

    assert difference.seconds == 0.0


@given(st.text(max_size=40))
def test_any_date(text: str) -> None:
    """Whatever stands in `Date`, nothing breaks."""
    difference = ClockDifference()
    difference.observe({"Date": text}, received_at=NOW, took_seconds=0.0)

    assert abs(difference.seconds) <= 86400


def test_no_date() -> None:
    """An answer without `Date` teaches nothing."""
    difference = ClockDifference()
    difference.observe({}, received_at=NOW, took_seconds=0.0)

    assert difference.seconds == 0.0
