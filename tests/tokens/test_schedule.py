"""When tokens are due."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.tokens.schedule import margin_seconds, scheduled
from tests.parties.clock import START
from tests.session.samples import make_tokens


@pytest.mark.parametrize(("lifetime", "margin"), [(3600, 360), (300, 30), (150, 30), (60, 12), (5, 1)])
def test_margin(lifetime: float, margin: float) -> None:
    """30 s or 10 % before the end, but never more than 20 % of the token's life."""
    assert margin_seconds(lifetime) == margin


@pytest.mark.parametrize(("difference", "margin"), [(0, 360), (20, 380), (-20, 380), (1440, 1800), (1441, 1800), (-9999, 1800)])
def test_margin_grows_with_the_difference_of_clocks(difference: float, margin: float) -> None:
    """Whichever clock is ahead: the API may read the end of a token by a third one. Half of the token's life is the limit."""
    assert margin_seconds(3600, difference) == margin


@given(lifetime=st.floats(1, 10**6), jitter=st.floats(0, 1))
def test_due_within_the_last_quarter(lifetime: float, jitter: float) -> None:
    """Whatever the lifetime, a token is used for three quarters of it, and refreshed before its end."""
    tokens = scheduled(make_tokens(lifetime=lifetime), jitter)

    assert tokens.due_at is not None
    assert START + 0.74 * lifetime <= tokens.due_at < START + lifetime


def test_jitter_makes_a_refresh_earlier() -> None:
    """Sessions that began together spread over the quarter of a margin before the usual time, never behind it."""
    due = [scheduled(make_tokens(lifetime=3600), jitter).due_at for jitter in (0.0, 0.5, 1.0)]

    assert due == [START + 3600 - 360, START + 3600 - 405, START + 3600 - 450]


def test_never_due() -> None:
    """Without an end, or without a refresh token, there is nothing to plan."""
    assert scheduled(make_tokens(lifetime=None), 0.5).due_at is None
    assert scheduled(make_tokens(refreshable=False), 0.5).due_at is None
