"""The sequences of publishers: lost messages are noticed, repeated ones are not new, and overtaking ones are both no trouble."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.session.publisher_sequences import LATE_SECONDS, MAX_EARLY, MAX_PUBLISHERS, PublisherSequences


def new(sequences: PublisherSequences, *numbers: int, publisher: str = "a", now: float = 0.0) -> list[bool]:
    """Return which of these messages are new."""
    return [sequences.is_new(publisher, number, now) for number in numbers]


def test_in_order() -> None:
    """Nothing is missing, wherever the worker begins to listen."""
    sequences = PublisherSequences()

    assert new(sequences, 7, 8, 9) == [True] * 3
    assert not sequences.is_waiting
    assert not sequences.take_lost(1e9)


def test_repeated_and_older() -> None:
    """A message is new once; those from before the first one never."""
    sequences = PublisherSequences()

    assert new(sequences, 7, 7, 6, 8, 7, 8) == [True, False, False, True, False, False]


def test_overtaken() -> None:
    """A message that is a little late is new, and nothing is lost."""
    sequences = PublisherSequences()

    assert new(sequences, 1, 3, 4, 3, 2, 2, 5) == [True, True, True, False, True, False, True]
    assert not sequences.take_lost(1e9)


def test_lost() -> None:
    """After a second a missing message is lost: that is said once, and it is not new if it comes after all."""
    sequences = PublisherSequences()
    new(sequences, 1, 3, now=5.0)

    assert sequences.is_waiting
    assert not sequences.take_lost(5.0 + LATE_SECONDS - 0.01)
    assert sequences.take_lost(5.0 + LATE_SECONDS)
    assert not sequences.take_lost(1e9)
    assert new(sequences, 2, 4) == [False, True]


def test_many_are_lost() -> None:
    """Nobody waits for a second if so many have overtaken a message."""
    sequences = PublisherSequences()
    new(sequences, 1, *range(3, 3 + MAX_EARLY))

    assert not sequences.take_lost(0.0)
    assert new(sequences, 3 + MAX_EARLY) == [True]
    assert sequences.take_lost(0.0)


def test_steady_overtaking() -> None:
    """Messages that always overtake each other are no reason to look for lost ones, for however long."""
    sequences, now = PublisherSequences(), 0.0
    new(sequences, 0)
    for number in range(1, 1000, 2):
        now += LATE_SECONDS / 2
        new(sequences, number + 1, number, number + 3, now=now)
        assert not sequences.take_lost(now)


def test_pause() -> None:
    """What was sent while nobody listened is not missed; what is older is not new."""
    sequences = PublisherSequences()
    new(sequences, 1, 2, 4)
    sequences.resume()

    assert not sequences.is_waiting
    assert new(sequences, 3, 9, 8, 10, 4) == [False, True, False, True, False]
    assert not sequences.take_lost(1e9)


def test_publishers_do_not_mix() -> None:
    """Each has a sequence of its own."""
    sequences = PublisherSequences()
    new(sequences, 1, 2, publisher="a")

    assert new(sequences, 1, 2, publisher="b") == [True, True]
    new(sequences, 4, publisher="b")
    assert new(sequences, 3, publisher="a") == [True]
    assert sequences.take_lost(1e9)


def test_memory_is_bounded() -> None:
    """Publishers of which nothing was heard for long are forgotten, with what they miss."""
    sequences = PublisherSequences()
    new(sequences, 1, 3, publisher="first")
    for number in range(MAX_PUBLISHERS):
        new(sequences, 1, publisher=str(number))

    assert len(sequences) == MAX_PUBLISHERS
    assert not sequences.is_waiting


@given(st.lists(st.integers(1, 30), max_size=60))
def test_any_order(numbers: list[int]) -> None:
    """Each number is new once at most, and something is lost exactly if one between the first and the last never came."""
    sequences = PublisherSequences()
    passed = [number for number in numbers if sequences.is_new("a", number, 0.0)]
    expected = {number for number in numbers if number >= numbers[0]}

    assert len(passed) == len(set(passed))
    assert set(passed) == expected
    assert sequences.take_lost(LATE_SECONDS) == bool(numbers and set(range(numbers[0], max(numbers) + 1)) - expected)


@pytest.mark.parametrize("sequence", [-1, 0, 2**63])
def test_odd_numbers(sequence: int) -> None:
    """A hub sends none of them; they do no harm."""
    sequences = PublisherSequences()

    assert new(sequences, sequence, sequence, sequence + 1) == [True, False, True]
