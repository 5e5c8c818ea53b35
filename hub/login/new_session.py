"""The session that a successful login creates, whatever kind of login it was."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.config.settings import SessionSettings
from hub.session.model import Session, SessionId, TokenSet
from hub.telemetry import log

logger = log.get(__name__)

MAX_CLIENT_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Visitor:
    """The browser that logs in, as lists of sessions show it.

    Attributes:
        client: Value of `User-Agent`.
        address: IP address.
    """

    client: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticated:
    """The identity of a user who has just logged in, as stated by the provider.

    Attributes:
        claims: All known claims. The setting `session.claims` selects those that the page may see.
    """

    provider: str
    issuer: str
    subject: str
    claims: Mapping[str, Any]
    provider_session_id: str | None = None
    nonce: str | None = None
    auth_time: float | None = None
    clock_difference: float = 0.0
    acr: str | None = None


def new_session(
    user: Authenticated, tokens: TokenSet, visitor: Visitor, settings: SessionSettings, now: float
) -> tuple[SessionId, Session]:
    """Return a session and its ID. The ID is always new, which prevents session fixation (ASVS 7.2.4)."""
    session_id = SessionId.generate()
    name = user.claims.get("name") or user.claims.get("preferred_username")
    if tokens.refresh_token is None:
        logger.warning(
            "login.refresh_token_missing",
            hint="Add offline_access to provider.scopes, or configure the provider to issue refresh tokens.",
        )
    return session_id, Session(
        key=session_id.key,
        version=1,
        provider=user.provider,
        issuer=user.issuer,
        subject=user.subject,
        provider_session_id=user.provider_session_id,
        nonce=user.nonce,
        auth_time=user.auth_time,
        clock_difference=user.clock_difference,
        acr=user.acr,
        name=str(name) if name else None,
        claims={key: user.claims[key] for key in settings.claims if key in user.claims},
        tokens=tokens,
        client=visitor.client[:MAX_CLIENT_CHARACTERS],
        address=visitor.address,
        created_at=now,
        touched_at=now,
    )
