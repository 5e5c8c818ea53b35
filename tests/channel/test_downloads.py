"""The credit of answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.downloads import CONNECTION, MAX_CREDIT, Downloads


def limited(window: int = 10, connection_window: int = 15) -> Downloads:
    """Return the books of a client that counts."""
    downloads = Downloads()
    downloads.limit(window, connection_window)
    return downloads


def test_without_windows_there_is_no_limit() -> None:
    """A client that does not count takes all; one that gives credit without having said so breaks the protocol."""
    downloads = Downloads()
    downloads.open(1, None)
    downloads.spend(1, 1 << 40)

    assert downloads.available(1) > 1 << 40
    with pytest.raises(ChannelClosed) as closed:
        downloads.add_credit(1, 1)
    assert closed.value.code is CloseCode.PROTOCOL


def test_window_of_the_request() -> None:
    """A request says how much of its answer may come at first; nothing at all, if it likes."""
    downloads = limited()
    downloads.open(1, 4)
    downloads.open(2, 0)
    downloads.open(3, None)

    assert [downloads.available(request_id) for request_id in (1, 2, 3)] == [4, 0, 10]


def test_connection_bounds_all_answers_together() -> None:
    """Two answers share the window of the connection; id 0 renews it."""
    downloads = limited()
    downloads.open(1, None)
    downloads.open(2, None)
    downloads.spend(1, 10)

    assert (downloads.available(1), downloads.available(2)) == (0, 5)

    downloads.add_credit(0, 3)
    downloads.add_credit(1, 100)

    assert (downloads.available(1), downloads.available(2)) == (8, 8)


def test_credit_that_comes_late() -> None:
    """For an answer that has ended it is ignored: it may have crossed the end."""
    downloads = limited()
    downloads.open(1, None)
    downloads.close(1)
    downloads.add_credit(1, 5)

    assert downloads.available(1) == 0


@pytest.mark.parametrize("request_id", [0, 1])
def test_too_much_credit(request_id: int) -> None:
    """More than anybody can mean is a client that miscounts."""
    downloads = limited()
    downloads.open(1, None)

    with pytest.raises(ChannelClosed):
        downloads.add_credit(request_id, MAX_CREDIT)


def test_answers_without_credit_are_found() -> None:
    """Only after the time has passed without any; new credit begins it anew."""
    downloads = limited(window=10, connection_window=100)
    downloads.open(1, 0)
    downloads.open(2, 0)

    assert downloads.stalled(0.0, 60) == []
    downloads.add_credit(2, 1)
    assert downloads.stalled(59.9, 60) == []
    assert downloads.stalled(60.0, 60) == [1]


def test_credit_that_was_used_up_between_two_looks() -> None:
    """An answer that moves on is not stalled, although it has no credit whenever somebody looks."""
    downloads = limited(window=0, connection_window=100)
    downloads.open(1, None)
    for now in range(0, 300, 50):
        assert downloads.stalled(now, 60) == []
        downloads.add_credit(1, 5)
        downloads.spend(1, 5)

    assert downloads.stalled(300.0, 60) == []
    assert downloads.stalled(360.0, 60) == [1]


def test_time_without_credit_begins_anew() -> None:
    """What was spent without credit before credit came does not count, be it what another answer has left over."""
    downloads = limited(window=100, connection_window=5)
    downloads.open(1, None)
    downloads.open(2, None)
    downloads.spend(2, 5)

    assert downloads.stalled(0.0, 60) == []
    downloads.close(2)
    downloads.refund(5)
    assert downloads.stalled(50.0, 60) == []
    downloads.spend(1, 5)
    assert downloads.stalled(51.0, 60) == []
    assert downloads.stalled(110.9, 60) == []
    assert downloads.stalled(111.0, 60) == [1]


def test_credit_of_the_connection_is_credit() -> None:
    """It moves an answer on that has credit of its own; one that has none stays stalled."""
    downloads = limited(window=100, connection_window=0)
    downloads.open(1, None)
    downloads.open(2, 0)
    downloads.stalled(0.0, 60)
    downloads.add_credit(CONNECTION, 5)
    downloads.spend(1, 5)

    assert downloads.stalled(60.0, 60) == [2]


@given(
    st.lists(
        st.tuples(st.sampled_from(["open", "send", "give", "drop", "close"]), st.integers(0, 4), st.integers(1, 40)), max_size=80
    )
)
def test_client_never_gets_more_than_it_gave(steps: list[tuple[str, int, int]]) -> None:
    """Whatever happens: the bytes on their way never exceed what was given, by answer and altogether."""
    downloads = limited(window=20, connection_window=50)
    given_credit, total = dict[int, int](), 50
    for verb, request_id, size in steps:
        if verb == "open" and request_id > 0 and request_id not in given_credit:
            downloads.open(request_id, None)
            given_credit[request_id] = 20
        elif verb == "give":
            downloads.add_credit(request_id, size)
            total += size if request_id == 0 else 0
            if request_id in given_credit:
                given_credit[request_id] += size
        elif verb == "send" and request_id in given_credit:
            sent = min(size, downloads.available(request_id))
            downloads.spend(request_id, sent)
            given_credit[request_id] -= sent
            total -= sent
        elif verb == "close":
            downloads.close(request_id)
            given_credit.pop(request_id, None)
        for each, credit in given_credit.items():
            assert downloads.available(each) == max(min(credit, total), 0)

        assert total >= 0
        assert all(credit >= 0 for credit in given_credit.values())
