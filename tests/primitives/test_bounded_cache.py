"""The memory of pure functions: right, and bounded."""

from hypothesis import given
from hypothesis import strategies as st

from hub.primitives.bounded_cache import LONGEST, BoundedCache


@given(st.lists(st.text("ab", max_size=3)))
def test_says_what_the_function_says(texts: list[str]) -> None:
    """However often and in which order it is asked."""
    remembered = BoundedCache(len, most=3)

    assert [remembered[text] for text in texts] == [len(text) for text in texts]
    assert len(remembered) <= 3


def test_asks_once() -> None:
    """The function is asked about a text once, also if it says nothing."""
    asked: list[str] = []
    remembered = BoundedCache(asked.append)

    assert [remembered["a"], remembered["a"], remembered["b"]] == [None, None, None]
    assert asked == ["a", "b"]


def test_a_flood_does_not_fill_it() -> None:
    """When it is full it begins anew, so that what comes all the time is remembered again soon."""
    asked: list[str] = []
    remembered = BoundedCache(asked.append, most=10)
    for number in range(100):
        assert remembered["always"] is remembered[str(number)]

    assert len(remembered) <= 10
    assert asked.count("always") <= 12  # once in nine others


def test_long_texts_are_not_kept() -> None:
    """The bound is one of memory, not of number only."""
    remembered = BoundedCache(len)

    assert remembered["a" * LONGEST] == LONGEST
    assert remembered["a" * (LONGEST + 1)] == LONGEST + 1
    assert len(remembered) == 1
