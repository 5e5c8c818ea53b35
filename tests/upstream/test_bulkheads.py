"""The bulkheads by themselves: who is next, whatever happens before."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from hub.upstream.bulkheads import Bulkhead

LIMIT = 2
KEYS = "abc"


def waiting(bulkhead: Bulkhead[str], *callers: str) -> None:
    """Let callers wait; the first letter of a caller is its client."""
    for caller in callers:
        bulkhead.wait(bulkhead.client(caller[0], LIMIT), caller)


def served(bulkhead: Bulkhead[str]) -> list[str]:
    """Return the callers in the order in which they get a connection; each ends at once."""
    order = []
    while bulkhead.has_turns:
        client, caller = bulkhead.next()
        order.append(caller)
        bulkhead.give_back(client)
    return order


def test_round_robin_by_client():
    """Whoever has many that wait does not keep another waiting."""
    bulkhead = Bulkhead[str]()
    waiting(bulkhead, "a1", "a2", "a3", "b1", "c1", "c2")

    assert served(bulkhead) == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_client_that_does_not_wait():
    """It is refused at its limit, and is forgotten when it uses nothing."""
    bulkhead = Bulkhead[str]()
    used = [bulkhead.use("a", LIMIT) for _ in range(LIMIT + 1)]
    other = bulkhead.use("b", LIMIT)

    assert (used[-1], other is None) == (None, False)
    for client in [*used[:-1], other]:
        assert client is not None
        bulkhead.give_back(client)
    assert bulkhead.clients == 0


def test_client_at_its_limit_is_passed_over():
    """Until one of its connections is free."""
    bulkhead = Bulkhead[str]()
    waiting(bulkhead, "a1", "a2", "a3", "b1")
    taken = [bulkhead.next() for _ in range(3)]

    assert [caller for _, caller in taken] == ["a1", "b1", "a2"]
    assert not bulkhead.has_turns
    bulkhead.give_back(taken[0][0])
    assert bulkhead.next()[1] == "a3"


def test_nothing_is_kept_of_who_has_left():
    """A client is known as long as it uses or awaits a connection."""
    bulkhead = Bulkhead[str]()
    client = bulkhead.client("a", LIMIT)
    waiting(bulkhead, "a1", "a2")
    bulkhead.leave(client, "a1")
    bulkhead.leave(client, "a2")

    assert (bulkhead.has_turns, bulkhead.clients) == (False, 0)


@given(st.lists(st.tuples(st.sampled_from(["wait", "next", "end", "leave"]), st.sampled_from(KEYS)), max_size=60))
def test_any_order(steps):
    """No client exceeds its limit, nobody is lost or served twice, and nobody waits who could be next."""
    bulkhead = Bulkhead[str]()
    number, expected, running, order = 0, Counter[str](), [], []
    for step, key in steps:
        if step == "wait":
            number += 1
            expected[f"{key}{number}"] += 1
            waiting(bulkhead, f"{key}{number}")
        elif step == "next" and bulkhead.has_turns:
            client, caller = bulkhead.next()
            running.append(client)
            order.append(caller)
        elif step == "end" and running:
            bulkhead.give_back(running.pop(0))
        elif step == "leave" and (mine := list(bulkhead.client(key, LIMIT).waiting)):
            bulkhead.leave(bulkhead.client(key, LIMIT), mine[-1])
            del expected[mine[-1]]
        clients = [bulkhead.client(each, LIMIT) for each in KEYS]
        assert all(0 <= client.used <= LIMIT for client in clients)
        assert bulkhead.has_turns == any(client.waiting and client.used < LIMIT for client in clients)
        for client in clients:
            bulkhead.forget(client)
    for client in running:
        bulkhead.give_back(client)

    assert Counter([*order, *served(bulkhead)]) == expected
    assert bulkhead.clients == 0
