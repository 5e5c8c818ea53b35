"""Sessions as lists show them."""

from dataclasses import replace

from hub.session.listing import describe, describe_to_operator
from hub.session.model import Lifetimes, SessionId
from tests.parties.clock import START
from tests.session.samples import make_session

SESSION = replace(make_session(SessionId.generate()), client="Firefox", address="192.0.2.1", touched_at=START + 40.0)
EXPECTED = {
    "handle": SESSION.key,
    "provider": "main",
    "client": "Firefox",
    "address": "192.0.2.1",
    "age": 100.123,
    "inactive_for": 60.123,
    "idle_expires_in": 839.877,
    "absolute_expires_in": 42099.877,
}


def test_for_its_user() -> None:
    """Times are relative, so that the clock of the page does not matter."""
    assert describe(SESSION, Lifetimes(900, 42200), START + 100.1234) == EXPECTED


def test_for_an_operator() -> None:
    """The user is named as well."""
    described = describe_to_operator(SESSION, Lifetimes(900, 42200), START + 100.1234)

    assert described == {"subject": "alice", "issuer": SESSION.issuer, "name": "Alice Example", **EXPECTED}


def test_no_secret() -> None:
    """A list gives no access: neither tokens nor session ids stand in it."""
    text = str(describe_to_operator(SESSION, Lifetimes(900, 42200), START))

    assert SESSION.tokens.access_token.reveal() not in text
    assert "rt-" not in text
