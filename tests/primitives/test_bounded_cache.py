"""The memory of pure functions: right, and bounded."""

from hypothesis import given
from hypothesis import strategies as st

from hub.primitives.bounded_cache import MAX_KEY_LENGTH, BoundedCache


@given(st.lists(st.text("ab", max_size=3)))
def test_says_what_the_function_says(texts: list[str]) -> None:
    """However often and in which order it is asked."""
    cache = BoundedCache(len, max_entries=3)

    assert [cache[text] for text in texts] == [len(text) for text in texts]
    assert len(cache) <= 3


def test_asks_once() -> None:
    """The function is asked about a text once, also if it says nothing."""
    asked: list[str] = []
    cache = BoundedCache(asked.append)

    assert [cache["a"], cache["a"], cache["b"]] == [None, None, None]
    assert asked == ["a", "b"]


def test_a_flood_does_not_fill_it() -> None:
    """A full cache is cleared; a frequent key is cached again soon."""
    asked: list[str] = []
    cache = BoundedCache(asked.append, max_entries=10)
    for number in range(100):
        assert cache["always"] is cache[str(number)]

    assert len(cache) <= 10
    assert asked.count("always") <= 12  # once in nine others


def test_long_texts_are_not_kept() -> None:
    """The bound is one of memory, not of number only."""
    cache = BoundedCache(len)

    assert cache["a" * MAX_KEY_LENGTH] == MAX_KEY_LENGTH
    assert cache["a" * (MAX_KEY_LENGTH + 1)] == MAX_KEY_LENGTH + 1
    assert len(cache) == 1
