"""The credit of uploads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channel.close_codes import ChannelClosed
from hub.channel.uploads import Uploads


def test_credit_comes_when_the_upload_is_opened_and_again_at_half() -> None:
    """The client gets the whole window at first, and more once half of it was taken."""
    uploads = Uploads(window=100, connection_window=1000)
    uploads.open(1, -1)

    assert uploads.grants() == [(1, 100)]

    uploads.receive(1, 60, end=False)
    uploads.accepted(1, 49)

    assert uploads.grants() == []

    uploads.accepted(1, 1)

    assert uploads.grants() == [(1, 50)]


def test_credit_never_exceeds_what_is_still_to_come() -> None:
    """A small upload gets no more credit than its length."""
    uploads = Uploads(window=100, connection_window=1000)
    uploads.open(1, 30)

    assert uploads.grants() == [(1, 30)]
    assert uploads.receive(1, 30, end=True) == 30
    assert not uploads.is_open(1)


@pytest.mark.parametrize(("length", "size", "end"), [(-1, 11, False), (5, 6, False), (5, 4, True), (0, 1, False)])
def test_violations_close(length: int, size: int, end: bool) -> None:
    """Beyond the credit, beyond the length, or an end before it."""
    uploads = Uploads(window=10, connection_window=10)
    uploads.open(1, length)
    uploads.grants()

    with pytest.raises(ChannelClosed):
        uploads.receive(1, size, end=end)


def test_an_end_without_data_needs_no_credit() -> None:
    """The last frame may be empty, whatever the credit."""
    uploads = Uploads(window=10, connection_window=10)
    uploads.open(1, -1)
    uploads.grants()
    uploads.receive(1, 10, end=False)

    assert uploads.receive(1, 0, end=True) == 10


def test_progress_is_reported_in_steps_and_at_the_end() -> None:
    """A report is due after so many more bytes, or when the API has accepted the whole upload; never twice for the same bytes."""
    uploads = Uploads(window=100, connection_window=100)
    uploads.open(1, -1)
    uploads.grants()
    reports = []
    for size, end in ((4, False), (6, False), (3, True)):
        uploads.receive(1, size, end=end)
        uploads.accepted(1, size - 1)
        reports.append(uploads.progress(1, 10))
        uploads.accepted(1, 1)
        reports += [uploads.progress(1, 10), uploads.progress(1, 10)]

    assert reports == [None, None, None, None, 10, None, None, 13, None]
    assert uploads.progress(2, 10) is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["open", "send", "take", "end", "close"]), st.integers(0, 9), st.integers(1, 40)),
        max_size=80,
    )
)
def test_window_is_never_exceeded_and_nobody_starves(steps: list[tuple[str, int, int]]) -> None:
    """Whatever happens, credit and untaken bytes stay within the connection's window; with all taken, every upload has credit."""
    uploads = Uploads(window=16, connection_window=50)
    credit: dict[int, int] = {}
    untaken: dict[int, int] = {}
    for verb, request_id, size in steps:
        if verb == "open" and request_id not in untaken:
            uploads.open(request_id, -1)
            credit[request_id] = untaken[request_id] = 0
        elif verb == "send" and request_id in credit:
            sent = min(size, credit[request_id])
            uploads.receive(request_id, sent, end=False)
            credit[request_id] -= sent
            untaken[request_id] += sent
        elif verb == "end" and request_id in credit:
            uploads.receive(request_id, 0, end=True)
            del credit[request_id]
        elif verb == "take" and request_id in untaken:
            taken = min(size, untaken[request_id])
            uploads.accepted(request_id, taken)
            untaken[request_id] -= taken
        elif verb == "close":
            uploads.close(request_id)
            credit.pop(request_id, None)
            untaken.pop(request_id, None)
        for granted, more in uploads.grants():
            credit[granted] += more

        assert sum(credit.values()) + sum(untaken.values()) <= 50

    for _ in range(20):  # everybody uses all credit, and all of it is taken
        for request_id in untaken:
            if request_id in credit:
                uploads.receive(request_id, credit[request_id], end=False)
                untaken[request_id] += credit[request_id]
                credit[request_id] = 0
            uploads.accepted(request_id, untaken[request_id])
            untaken[request_id] = 0
        for granted, more in uploads.grants():
            credit[granted] += more

    assert all(each > 0 for each in credit.values())
