"""An event counts at its first position, however often it is read there, and at no other one."""

from hypothesis import given
from hypothesis import strategies as st

from hub.topics.first_positions import MAX_EVENTS, FirstPositions
from hub.topics.model import order


def test_added_again() -> None:
    """Only the first position counts."""
    positions = FirstPositions()

    assert [positions.is_first(b"a", place) for place in ("9-0", "10-0", "9-0", "9-1")] == [True, False, True, False]


def test_read_backwards() -> None:
    """Somebody who reads older history finds an earlier position; from then on, that one is the first."""
    positions = FirstPositions([(b"a", "10-0")])

    assert [positions.is_first(b"a", place) for place in ("9-0", "10-0", "9-0")] == [True, False, True]


def test_oldest_are_forgotten() -> None:
    """The memory is bounded. Reading older history does not drop what is newer."""
    positions = FirstPositions((b"%d" % number, f"{number}-0") for number in range(1000, 1000 + MAX_EVENTS + 1))

    assert len(positions) == MAX_EVENTS
    assert positions.is_first(b"1000", "9999-0")
    assert not positions.is_first(b"1002", "9999-0")
    assert positions.is_first(b"old", "1-0")
    assert len(positions) == MAX_EVENTS
    assert not positions.is_first(b"1003", "9999-0")


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.integers(1, 20)), max_size=30))
def test_any_history(stream: list[tuple[bytes, int]]) -> None:
    """Read in order, as often as one likes: each event passes exactly at its first position."""
    history = sorted({place: event for event, place in stream}.items())
    first = {event: place for place, event in reversed(history)}
    positions = FirstPositions()
    for start in (0, 10, 5, 0):
        read = [(event, place) for place, event in history if place > start]
        passed = [(event, place) for event, place in read if positions.is_first(event, f"{place}-0")]
        if start == 0:
            assert passed == [(event, place) for event, place in read if first[event] == place]
    assert order("1-0") < order("2-0")
