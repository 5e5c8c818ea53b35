"""The reserve of file descriptors, in this process."""

import socket

import pytest

from hub.upstream.descriptors import DescriptorReserve


def next_descriptor() -> int:
    """Return the number that the next socket would have."""
    with socket.socket() as probe:
        return probe.fileno()


def test_reached_and_left() -> None:
    """It counts as reached while all descriptors below it are in use, and leaves none open itself."""
    shortages: list[bool] = []
    begins_at = next_descriptor() + 2
    reserve = DescriptorReserve(begins_at, lambda: shortages.append(True))
    assert not reserve.is_reached()
    assert not reserve.is_reached(1)
    assert reserve.is_reached(2)

    with socket.socket(), socket.socket() as last:
        while last.fileno() < begins_at - 1:  # other tests may have left gaps
            last = last.dup()
        assert reserve.is_reached()
    assert not reserve.is_reached()
    assert shortages == [True, True]


def test_no_descriptor_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the reserve is used up too."""

    def fail() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket, "socket", fail)

    assert DescriptorReserve(10).is_reached()
    assert not DescriptorReserve().is_reached()
