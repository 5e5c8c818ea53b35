"""The session that a login makes."""

import pytest

from hub.config.settings import SessionSettings
from hub.login.new_session import MAX_CLIENT_CHARACTERS, Authenticated, Visitor, new_session
from hub.session.model import Session
from tests.parties.clock import START
from tests.session.samples import make_tokens


def session_of(claims: dict[str, object], *, refreshable: bool = True, client: str = "Firefox") -> Session:
    """Return the session of a user with these claims, of which the page may see `email` and `groups`."""
    user = Authenticated(provider="main", issuer="https://provider.example", subject="s1", claims=claims)
    tokens = make_tokens(refreshable=refreshable)
    session_id, session = new_session(
        user, tokens, Visitor(client, "192.0.2.1"), SessionSettings(claims=["email", "groups"]), START
    )
    assert session.key == session_id.key
    return session


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "Ada", "preferred_username": "ada1"}, "Ada"),
        ({"name": "", "preferred_username": "ada1"}, "ada1"),
        ({"name": 7}, "7"),
        ({"preferred_username": ""}, None),
        ({}, None),
    ],
)
def test_name(claims: dict[str, object], name: str | None) -> None:
    """The full name, or else the one to log in with; none if there is neither."""
    assert session_of(claims).name == name


def test_claims() -> None:
    """Only those of the settings, and of them only those that are there: a page must not learn more."""
    assert session_of({"email": "ada@example.org", "birthdate": "1815-12-10"}).claims == {"email": "ada@example.org"}


def test_client_is_cut() -> None:
    """A browser may send any text as its name."""
    assert len(session_of({}, client="x" * 5000).client) == MAX_CLIENT_CHARACTERS


def test_times() -> None:
    """The session begins now, and its user has just been active."""
    session = session_of({})

    assert (session.created_at, session.touched_at, session.version) == (START, START, 1)


@pytest.mark.expects_log
def test_without_refresh_token(caplog: pytest.LogCaptureFixture) -> None:
    """The operator is told how to get one: such a session lasts as long as its access token."""
    session_of({}, refreshable=False)

    assert [record.msg["event"] for record in caplog.records] == ["login.refresh_token_missing"]  # type: ignore[index]


def test_with_refresh_token() -> None:
    """Nothing is logged: `no_unexpected_warnings` would fail this test."""
    assert session_of({}).tokens.refresh_token is not None
