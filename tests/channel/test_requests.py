"""Which requests wait, in which order they start, and when to look for those whose time is over."""

from hypothesis import given
from hypothesis import strategies as st

from hub.channel.messages import RequestMessage
from hub.channel.requests import Requests, Stage
from hub.config.settings import ChannelSettings

SETTINGS = ChannelSettings(in_flight=3, queue=100)
PLANS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 600_000), st.booleans()), max_size=40)


def message(request_id: int, priority: int = 1, timeout_ms: int = 1000) -> RequestMessage:
    """A request."""
    return RequestMessage(request_id, "GET", "/", priority=priority, timeout_ms=timeout_ms)


@given(PLANS)
def test_order_of_the_queue(plan: list[tuple[int, int, bool]]) -> None:
    """The most urgent first, of those the oldest, whichever have left the queue meanwhile."""
    requests = Requests(SETTINGS)
    for number, (priority, timeout_ms, _) in enumerate(plan, 1):
        requests.admit(message(number, priority, timeout_ms), 0.0)
    for number, (_, _, leaves) in enumerate(plan, 1):
        if leaves:
            requests.end(number)
    started: list[int] = []
    while some := requests.start(0.0):
        assert requests.running <= SETTINGS.in_flight
        for each in some:
            started.append(each.message.id)
            requests.end(each.message.id)
    stayed = [(priority, number) for number, (priority, _, leaves) in enumerate(plan, 1) if not leaves]

    assert started == [number for _, number in sorted(stayed)]
    assert requests.is_empty
    assert not requests.has_waiting


@given(PLANS, st.lists(st.floats(0, 700), max_size=10).map(sorted))
def test_nothing_is_looked_for_too_late(plan: list[tuple[int, int, bool]], looks: list[float]) -> None:
    """`wake_at` is never behind the next deadline, and a look at it finds what it was set for or moves it on."""
    requests = Requests(SETTINGS)
    for number, (priority, timeout_ms, streams) in enumerate(plan, 1):
        requests.admit(message(number, priority, timeout_ms), 0.0)
        if streams:
            requests.start(0.0)
    for now in looks:
        for request_id in requests.expired(now):
            requests.end(request_id)
        deadline = requests.next_deadline()

        assert requests.wake_at > now
        assert deadline is None or requests.wake_at <= deadline


def test_time_in_the_queue() -> None:
    """A request that starts tells how long it waited, never a time below zero."""
    requests = Requests(SETTINGS)
    requests.admit(message(1), 10.0)
    requests.admit(message(2), 11.5)

    assert [started.queued_seconds for started in requests.start(11.0)] == [1.0, 0.0]


def test_a_look_for_nothing_ends_the_looking() -> None:
    """The deadline of a request that has ended, or whose answer has begun, is forgotten with the first look."""
    requests = Requests(SETTINGS)
    requests.admit(message(1), 0.0)
    requests.admit(message(2), 0.0)
    requests.start(0.0)
    requests.end(1)
    requests.mark_streaming(2)

    assert requests.stage(2) is Stage.STREAMING
    assert requests.wake_at == 1.0
    assert requests.expired(1.0) == []
    assert requests.wake_at == float("inf")
