"""Sessions and tokens as values: transitions and expiry."""

from dataclasses import replace

import pytest

from hub.errors import IdentityChanged
from hub.oidc.token_endpoint import TokenResponse
from hub.primitives.secret import Secret
from hub.session.codec import RecordCodec
from hub.session.keyring import Keyring
from hub.session.model import Lifetimes, SessionId, TokenSet, identity_of
from tests.parties.clock import START
from tests.session.samples import make_session, make_tokens

LIFETIMES = Lifetimes(idle_seconds=900, absolute_seconds=43200)


def response(**values: object) -> TokenResponse:
    """Return a token response with nothing but an access token and `values`."""
    fields = {"token_type": "bearer", "expires_in": None, "refresh_token": None, "id_token": None, "scope": None}
    return TokenResponse(access_token=Secret("new"), **{**fields, **values})  # type: ignore[arg-type]


def test_refresh_response_replaces_what_it_brings() -> None:
    """C12: a new refresh token takes the place of the old one."""
    tokens = make_tokens().refreshed_by(response(refresh_token=Secret("rt2"), expires_in=60.0), START + 100)

    assert (tokens.access_token, tokens.refresh_token) == (Secret("new"), Secret("rt2"))
    assert (tokens.obtained_at, tokens.expires_at) == (START + 100, START + 160)


def test_refresh_response_leaves_what_it_does_not_bring() -> None:
    """C11: without refresh token, ID token or scope in the response the old ones stay."""
    old = make_tokens()
    tokens = old.refreshed_by(response(), START)

    assert (tokens.refresh_token, tokens.id_token, tokens.scope) == (old.refresh_token, old.id_token, old.scope)
    assert tokens.expires_at is None


def test_token_without_end_is_never_expired() -> None:
    """RFC 6749 section 5.1: `expires_in` is only recommended."""
    tokens = TokenSet(access_token=Secret("x"), obtained_at=START)

    assert not tokens.is_expired(START + 10**9)
    assert not tokens.is_due(START + 10**9)


@pytest.mark.parametrize(
    ("idle_for", "age", "reason"),
    [(0, 0, None), (899, 899, None), (900, 900, "idle"), (0, 43199, None), (0, 43200, "absolute"), (900, 43200, "absolute")],
)
def test_end_reason(idle_for: float, age: float, reason: str | None) -> None:
    """ASVS 7.3.1 and 7.3.2: a session ends after silence, and at its longest life whatever its user does."""
    session = make_session()
    session = replace(session, created_at=START, touched_at=START + age - idle_for)

    assert LIFETIMES.end_reason(session, START + age) == reason


def test_secrets_are_not_shown() -> None:
    """Printing a session shows no token."""
    session = make_session()

    assert session.tokens.access_token.reveal() not in repr(session)
    assert session.key not in session.ref


def test_identity() -> None:
    """It is worked out once, is that of issuer and subject, and is neither stored nor taken over by another user's session."""
    session, codec = make_session(), RecordCodec(Keyring([bytes(32)]))
    before = session.identity
    stored = codec.decode_session(codec.encode_session(session), key=session.key, version=1)

    assert (before, session.identity is before) == (identity_of(session.issuer, session.subject), True)
    assert (stored, stored.identity) == (session, before)
    assert replace(session, subject="bob").identity == identity_of(session.issuer, "bob")


def test_page_of_another_user() -> None:
    """A page that names another user than that of the session is rejected; one that names nobody is not checked."""
    session = make_session()
    session.require_identity(None)
    session.require_identity(session.identity)

    with pytest.raises(IdentityChanged):
        session.require_identity(identity_of(session.issuer, "bob"))


def test_key_of_an_id() -> None:
    """It is worked out once, and is the same for the same id."""
    session_id = SessionId.generate()

    assert session_id.key is session_id.key
    assert session_id.key == SessionId(session_id.reveal()).key != SessionId.generate().key
