"""The reserve of file descriptors, in this process."""

import socket

import pytest

from hub.upstream.descriptors import DescriptorReserve

RESERVE = 8
MANY = 1000  # connections: more than the first ones


def next_descriptor() -> int:
    """Return the number that the next socket would have."""
    with socket.socket() as probe:
        return probe.fileno()


def test_reached_and_left() -> None:
    """It counts as reached while all descriptors below it are in use, and leaves none open itself."""
    shortages: list[bool] = []
    begins_at = next_descriptor() + 2
    reserve = DescriptorReserve(begins_at + 2 * RESERVE, RESERVE, lambda: shortages.append(True))
    assert not reserve.is_reached(MANY)
    assert not reserve.is_reached(MANY, 1)
    assert reserve.is_reached(MANY, 2)

    with socket.socket(), socket.socket() as last:
        while last.fileno() < begins_at - 1:  # other tests may have left gaps
            last = last.dup()
        assert reserve.is_reached(MANY)
    assert not reserve.is_reached(MANY)
    assert shortages == [True, True]


def test_larger_than_that_of_listeners() -> None:
    """Calls end where clients may go on, so that slow calls never keep clients from connecting."""
    listeners_end_at = next_descriptor() + 1
    reserve = DescriptorReserve(listeners_end_at + RESERVE, RESERVE)

    assert reserve.is_reached(MANY)


def test_first_connections() -> None:
    """A few calls are made when clients have used up all that they may, and these stop short of the end, too."""
    free = next_descriptor()
    clients_are_at_their_end = DescriptorReserve(free + RESERVE, RESERVE)
    half_is_used = DescriptorReserve(free + RESERVE // 2, RESERVE)

    assert not clients_are_at_their_end.is_reached(RESERVE // 2 - 1)
    assert clients_are_at_their_end.is_reached(RESERVE // 2)
    assert half_is_used.is_reached(0)


def test_no_descriptor_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the reserve is used up too."""

    def fail() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket, "socket", fail)

    assert DescriptorReserve(1000, RESERVE).is_reached(0)
    assert not DescriptorReserve().is_reached(MANY)
    assert not DescriptorReserve(1000).is_reached(MANY)
    assert not DescriptorReserve(0, RESERVE).is_reached(MANY)
