"""Sessions and tokens as tests want them."""

import secrets

from hub.primitives.secret import Secret
from hub.session.model import LoginAttempt, Session, SessionId, TokenSet
from hub.session.node_description import NodeDescription
from tests.parties.clock import START

ISSUERS = {"main": "https://iris.example/oauth2"}
"""The issuers of all providers, by their names: that of `make_session`."""


def make_tokens(*, now: float = START, lifetime: float | None = 300.0, refreshable: bool = True) -> TokenSet:
    """Return tokens obtained at `now`, due one tenth of their life before the end."""
    return TokenSet(
        access_token=Secret("at-" + secrets.token_hex(8)),
        obtained_at=now,
        expires_at=None if lifetime is None else now + lifetime,
        due_at=None if lifetime is None or not refreshable else now + 0.9 * lifetime,
        refresh_token=Secret("rt-" + secrets.token_hex(8)) if refreshable else None,
        id_token=Secret("idt-" + secrets.token_hex(8)),
        scope="openid",
    )


def make_session(
    session_id: SessionId | None = None, *, now: float = START, tokens: TokenSet | None = None, subject: str = "alice"
) -> Session:
    """Return a session that was started at `now`."""
    return Session(
        key=(session_id or SessionId.generate()).key,
        version=1,
        issuer="https://iris.example/oauth2",
        subject=subject,
        name="Alice Example",
        claims={"email": "alice@example.org"},
        tokens=tokens or make_tokens(now=now),
        created_at=now,
        touched_at=now,
        provider_session_id="sid-1",
    )


def make_attempt(*, now: float = START) -> LoginAttempt:
    """Return a login attempt that was begun at `now`."""
    return LoginAttempt(
        issuer="https://iris.example/oauth2",
        nonce="nonce",
        code_verifier=Secret("verifier-" + secrets.token_hex(8)),
        return_to="/patients?page=2#top",
        created_at=now,
    )


def make_node(*keys: str, name: str = "one:8080", process: int = 1, providers: dict[str, str] | None = None) -> NodeDescription:
    """Return a worker process with these session keys, the encrypting one first."""
    return NodeDescription(name, process, keys, ISSUERS if providers is None else providers)
