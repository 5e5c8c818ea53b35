"""hub.oidc.circuit_breaker: when a failing endpoint is left alone."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hub.oidc.circuit_breaker import (
    FAILURES,
    LONGEST_RETRY_AFTER_SECONDS,
    LONGEST_WAIT_SECONDS,
    SPREAD,
    CircuitBreaker,
)

CHANCES = st.floats(min_value=0, max_value=1)


def fail(breaker: CircuitBreaker, now: float, times: int = 1, retry_after: float | None = None) -> None:
    """Let so many calls fail one after the other."""
    for _ in range(times):
        ticket = breaker.admit(now)
        assert ticket is not None
        breaker.failed(ticket, now, retry_after=retry_after)


def opened(now: float = 0.0) -> CircuitBreaker:
    """Return a circuit that has just opened."""
    breaker = CircuitBreaker()
    fail(breaker, now, FAILURES)
    return breaker


def test_opens_after_five_in_a_row() -> None:
    """Four failures change nothing; with the fifth no call goes through for a second."""
    breaker = CircuitBreaker()
    fail(breaker, 0.0, FAILURES - 1)
    before = breaker.is_open
    fail(breaker, 0.0)

    assert (before, breaker.is_open, breaker.admit(0.99), breaker.wait(0.25)) == (False, True, None, 0.75)


def test_success_in_between() -> None:
    """Failures count only where nothing worked in between."""
    breaker = CircuitBreaker()
    for _ in range(10):
        fail(breaker, 0.0, FAILURES - 1)
        breaker.succeeded()

    assert not breaker.is_open


def test_half_open() -> None:
    """After the wait exactly one call goes through; its success opens the way for all."""
    breaker = opened()
    admitted = [breaker.admit(1.0) for _ in range(20)]
    breaker.succeeded()

    assert [ticket is None for ticket in admitted] == [False] + [True] * 19
    assert all(breaker.admit(1.0) is not None for _ in range(20))


def test_doubling() -> None:
    """Each failed trial doubles the wait, up to half a minute; a success begins anew with one second."""
    breaker, now, waits = opened(), 0.0, []
    for _ in range(7):
        waits.append(breaker.wait(now))
        now += waits[-1]
        fail(breaker, now)
    breaker.succeeded()
    fail(breaker, now, FAILURES)

    assert (waits, breaker.wait(now)) == ([1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0], 1.0)


def test_shorter_limit() -> None:
    """The doubling ends where the caller says."""
    breaker, now = CircuitBreaker(longest_wait_seconds=4.0), 0.0
    fail(breaker, now, FAILURES)
    for _ in range(5):
        now += breaker.wait(now)
        fail(breaker, now)

    assert breaker.wait(now) == 4.0


def test_stragglers() -> None:
    """Calls that were under way when the circuit opened do not make the wait longer by failing too."""
    breaker = CircuitBreaker()
    tickets = [breaker.admit(0.0) for _ in range(100)]
    for ticket in tickets:
        assert ticket is not None
        breaker.failed(ticket, 0.0)
    trial = breaker.admit(1.0)
    breaker.failed(tickets[0] or 0, 1.0)

    assert (trial is not None, breaker.admit(1.0)) == (True, None)


def test_straggler_that_works() -> None:
    """A call that was under way and works shows that the endpoint is there."""
    breaker = opened()
    breaker.succeeded()

    assert breaker.admit(0.0) is not None


def test_abandoned_trial() -> None:
    """If the call that tries is cancelled, another one may try at once."""
    breaker = opened()
    ticket = breaker.admit(1.0)
    assert ticket is not None and breaker.admit(1.0) is None
    breaker.abandoned(ticket)

    assert breaker.admit(1.0) is not None


@given(st.floats(min_value=0, max_value=1e9), CHANCES)
def test_retry_after(seconds: float, chance: float) -> None:
    """What the provider asks for is waited for, never less, and never more than five minutes and the spread."""
    breaker = CircuitBreaker()
    for _ in range(FAILURES):
        breaker.failed(breaker.admit(0.0) or 0, 0.0, retry_after=seconds, chance=chance)
    wait = breaker.wait(0.0)

    assert min(max(seconds, 1.0), LONGEST_RETRY_AFTER_SECONDS) <= wait <= LONGEST_RETRY_AFTER_SECONDS * (1 + SPREAD)


class Endpoint(RuleBasedStateMachine):
    """An endpoint that works or not, and callers who come, wait for each other and give up, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = CircuitBreaker()
        self.now = 0.0
        self.under_way: list[int] = []
        self.in_a_row = 0

    @initialize(start=st.floats(min_value=0, max_value=1e6))
    def begin(self, start: float) -> None:
        self.now = start

    @rule(seconds=st.floats(min_value=0, max_value=100))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def call(self) -> None:
        waited_for, was_open = self.breaker.wait(self.now), self.breaker.is_open
        ticket = self.breaker.admit(self.now)
        assert (ticket is None) == (waited_for > 0)
        if ticket is None:
            assert was_open
        else:
            self.under_way.append(ticket)
            assert not was_open or self.breaker.admit(self.now) is None  # one trial at a time

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), chance=CHANCES)
    def fail(self, data: st.DataObject, chance: float) -> None:
        ticket = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        self.breaker.failed(ticket, self.now, chance=chance)
        self.in_a_row += 1

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def succeed(self, data: st.DataObject) -> None:
        self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        self.breaker.succeeded()
        self.in_a_row = 0
        assert not self.breaker.is_open

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        self.breaker.abandoned(self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1))))

    @invariant()
    def opens_for_a_reason(self) -> None:
        assert not self.breaker.is_open or self.in_a_row >= FAILURES

    @invariant()
    def never_waits_for_long(self) -> None:
        assert 0 <= self.breaker.wait(self.now) <= LONGEST_WAIT_SECONDS * (1 + SPREAD) + 1e-6

    @invariant()
    def never_sticks(self) -> None:
        """Once nobody is under way any more, some wait leads to a call that goes through."""
        if not self.under_way:
            assert self.breaker.wait(self.now + LONGEST_WAIT_SECONDS * (1 + SPREAD) + 1e-6) == 0


def test_any_order() -> None:
    """In any order of calls and outcomes: opens only after five failures in a row, tries once at a time, never sticks."""
    Endpoint.TestCase().runTest()
