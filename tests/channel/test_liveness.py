"""Heartbeats by the clock: when a client is pinged, and when it is given up."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.liveness import Liveness
from hub.config.settings import ChannelSettings


def liveness(interval: float = 25.0, timeout: float = 10.0, now: float = 100.0) -> Liveness:
    """Return the liveness of a client that was heard at `now`."""
    settings = replace(ChannelSettings(), heartbeat_interval_seconds=interval, heartbeat_timeout_seconds=timeout)
    return Liveness(settings, now)


def test_ping_after_an_interval_of_silence() -> None:
    """One ping for each silence, with a number of its own."""
    client = liveness()

    assert [client.ping_due(now) for now in (124.9, 125.0, 125.1, 134.9)] == [None, 1, None, None]
    client.heard(135.0)
    assert [client.ping_due(now) for now in (159.9, 160.0, 160.1)] == [None, 2, None]


def test_no_sign_of_life_after_a_ping() -> None:
    """The client is given up after the timeout, and not before."""
    client = liveness()
    client.ping_due(125.0)
    client.ping_due(134.9)
    with pytest.raises(ChannelClosed) as caught:
        client.ping_due(135.0)

    assert caught.value.code is CloseCode.NO_PONG


def test_anything_is_a_sign_of_life() -> None:
    """A message in the place of a pong is as good, and the interval begins anew."""
    client = liveness()
    client.ping_due(125.0)
    client.heard(134.9)

    assert [client.ping_due(now) for now in (135.0, 159.8)] == [None, None]
    assert client.ping_due(159.9) == 2


@pytest.mark.parametrize(("interval", "timeout", "then"), [(25.0, 10.0, 135.0), (2.0, 10.0, 104.0)])
def test_next_check(interval: float, timeout: float, then: float) -> None:
    """A client is looked at again when its ping is due, and after that at its timeout or the next ping, whichever is earlier."""
    client = liveness(interval, timeout)

    assert client.next_check_at == 100.0 + interval
    client.ping_due(100.0 + interval)
    assert client.next_check_at == then


@given(st.lists(st.tuples(st.floats(0.1, 40.0), st.booleans()), max_size=40))
def test_nothing_happens_before_the_next_check(steps: list[tuple[float, bool]]) -> None:
    """Looking earlier than told is never of use."""
    client, now = liveness(now=0.0), 0.0
    for seconds, is_heard in steps:
        now += seconds
        is_early = now < client.next_check_at
        try:
            pinged = client.ping_due(now)
        except ChannelClosed:
            assert not is_early
            return
        assert not (is_early and pinged)
        if is_heard:
            client.heard(now)
