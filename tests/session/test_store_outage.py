"""What a worker knows of an outage of the store."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from hub.session.store_outage import PROBE_SECONDS, StoreOutage


def test_no_outage() -> None:
    """As long as the store answers, it is asked about every request."""
    outage = StoreOutage()

    assert [outage.may_ask(now) for now in (0.0, 0.0, 0.1)] == [True] * 3


def test_one_question_a_second() -> None:
    """In an outage requests do not wait for the store, but for one that finds out whether it is over."""
    outage = StoreOutage()
    outage.began(100.0)

    assert [outage.may_ask(now) for now in (100.0, 100.9, 101.0, 101.1, 101.9, 102.0)] == [False, False, True, False, False, True]


def test_over() -> None:
    """After an answer everything is as before."""
    outage = StoreOutage()
    outage.began(100.0)
    outage.ended()

    assert (outage.is_on, outage.may_ask(100.1)) == (False, True)


def test_suspected() -> None:
    """A broken event feed is announced, but the store is still asked about every request until it fails."""
    outage = StoreOutage()
    outage.suspected()

    assert (outage.is_on, [outage.may_ask(now) for now in (0.0, 0.0, 0.1)]) == (True, [True] * 3)
    outage.began(100.0)
    outage.suspected()
    assert not outage.may_ask(100.1)


@given(st.lists(st.tuples(st.floats(0, 3), st.sampled_from(["ask", "began", "ended"])), max_size=50))
def test_told_once_each(steps: list[tuple[float, str]]) -> None:
    """Listeners hear of beginnings and ends in turn; in an outage no two questions are closer than a second."""
    outage, told, asked, now = StoreOutage(), list[bool](), list[float](), 0.0
    outage.listen(told.append)
    for seconds, step in steps:
        now += seconds
        if step == "began":
            outage.began(now)
        elif step == "ended":
            outage.ended()
            asked.clear()
        elif outage.may_ask(now) and outage.is_on:
            asked.append(now)

    assert told == [index % 2 == 0 for index in range(len(told))]
    assert all(later - earlier >= PROBE_SECONDS for earlier, later in itertools.pairwise(asked))
