"""How many bytes of stored responses a session may have."""

from hub.idempotency.budget import Budget


def test_oldest_are_dropped() -> None:
    """As many as it takes for the new one; what fits exactly fits."""
    budget = Budget(100, 60.0)

    assert [budget.keep("s", name, size, 0.0) for name, size in (("a", 40), ("b", 40), ("c", 20))] == [[], [], []]
    assert budget.keep("s", "d", 41, 1.0) == ["a", "b"]
    assert budget.keep("s", "e", 39, 1.0) == []


def test_larger_than_the_budget() -> None:
    """Such a response cannot be kept itself."""
    budget = Budget(100, 60.0)
    budget.keep("s", "a", 10, 0.0)

    assert budget.keep("s", "b", 101, 0.0) == ["a", "b"]
    assert budget.keep("s", "c", 100, 0.0) == []


def test_sessions_are_apart() -> None:
    """One session cannot drop what another one keeps."""
    budget = Budget(100, 60.0)
    budget.keep("s", "a", 100, 0.0)

    assert budget.keep("other", "b", 100, 0.0) == []


def test_what_has_expired_is_not_dropped_again() -> None:
    """The store has forgotten it by itself, so its room is free and nobody has to do anything."""
    budget = Budget(100, 60.0)
    budget.keep("s", "a", 60, 0.0)
    budget.keep("s", "b", 40, 30.0)

    assert budget.keep("s", "c", 60, 60.0) == []
    assert budget.keep("s", "d", 1, 60.0) == ["b"]


def test_memory_is_freed() -> None:
    """Sessions whose responses have all expired leave nothing behind, the others stay."""
    budget = Budget(100, 60.0)
    budget.keep("old", "a", 100, 0.0)
    budget.keep("young", "b", 60, 0.0)
    budget.keep("young", "c", 40, 1.0)
    budget.forget_old(60.0)

    assert set(budget._stored) == set(budget._sizes) == {"young"}
    assert budget.keep("young", "d", 60, 60.5) == []
    assert budget.keep("young", "e", 1, 60.5) == ["c"]
