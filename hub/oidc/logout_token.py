"""Logout token validation (OpenID Connect Back-Channel Logout 1.0 sections 2.4 to 2.6). Pure: the caller passes keys and time.

A logout token ends sessions. ID tokens and old logout tokens must not be accepted in its place. The caller checks whether the
`jti` was used before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.errors import ProviderMisbehaved
from hub.oidc.id_token import Expectations
from hub.oidc.jwks import KeySet
from hub.oidc.signed_jwt import instant, verify
from hub.primitives.secret import Secret

WHAT = "logout token"

EVENT = "http://schemas.openid.net/event/backchannel-logout"

KINDS = frozenset({"logout+jwt", "jwt", ""})
"""Accepted values of `typ`. Section 2.4 only recommends the first one; the claims show the kind of token otherwise."""

LONGEST_AGE_SECONDS = 300.0  # even if `exp` is later: `jti` has to be stored for as long as the token is accepted
LONGEST_NAME = 512  # characters of `jti`, `sub` and `sid`, which become parts of Redis keys


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutClaims:
    """The claims of a validated logout token: which sessions it ends.

    Attributes:
        subject: `sub`. Without a `session_id`, all sessions of this user end.
        session_id: `sid`: the session at the provider that has ended.
        token_id: `jti`; a second token with the same value is a replay.
        expires_at: Time in epoch seconds after which the token is rejected for its age, leeway included. `token_id` must be
            stored until then.
    """

    issuer: str
    subject: str | None
    session_id: str | None
    token_id: str
    expires_at: float


def validate_logout_token(token: Secret, keys: KeySet, expected: Expectations, *, now: float) -> LogoutClaims:
    """Validate a logout token and return its claims. `now` is in epoch seconds by the provider's clock.

    Raises:
        UnknownKey: No key matches; try again with a fresh key set.
        ProviderMisbehaved: A rule is broken; the detail says which.
    """
    signed = verify(token, keys, expected.algorithms, what=WHAT)
    claims = signed.claims
    if signed.kind not in KINDS:
        raise ProviderMisbehaved("The provider sent a token of another kind in place of the logout token.")
    _check_purpose(claims)
    _check_issuer_and_audience(claims, expected)
    expires_at = _check_times(claims, now, expected.leeway_seconds)
    subject, session_id = _name(claims, "sub"), _name(claims, "sid")
    token_id = _name(claims, "jti")
    if subject is None and session_id is None:
        raise ProviderMisbehaved("The logout token names neither sub nor sid.")
    if token_id is None:
        raise ProviderMisbehaved("The logout token has no jti.")
    return LogoutClaims(issuer=expected.issuer, subject=subject, session_id=session_id, token_id=token_id, expires_at=expires_at)


def _check_purpose(claims: Mapping[str, Any]) -> None:
    """Check rules 6 and 7: the token has the logout event and no nonce."""
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise ProviderMisbehaved("The logout token's events do not contain the logout event.")
    if "nonce" in claims:
        raise ProviderMisbehaved("The logout token has a nonce, which is not allowed.")


def _check_issuer_and_audience(claims: Mapping[str, Any], expected: Expectations) -> None:
    """Check `iss` and `aud` (rule 4)."""
    if claims.get("iss") != expected.issuer:
        raise ProviderMisbehaved("The logout token's iss is not provider.issuer.")
    audience = claims.get("aud")
    if expected.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise ProviderMisbehaved("The logout token's aud is not provider.client_id.")


def _check_times(claims: Mapping[str, Any], now: float, leeway_seconds: float) -> float:
    """Check `iat`, `exp` and `nbf` (rule 4). Return the time in epoch seconds when the token becomes too old."""
    issued_at, expires_at = instant(claims, "iat", what=WHAT), instant(claims, "exp", what=WHAT)
    if issued_at is None or expires_at is None:
        raise ProviderMisbehaved("The logout token lacks exp or iat.")
    not_before = instant(claims, "nbf", what=WHAT)
    if max(issued_at, not_before or issued_at) - leeway_seconds > now:
        raise ProviderMisbehaved("The logout token is not valid yet. Check the clocks of provider and hub.")
    refused_from = min(expires_at, issued_at + LONGEST_AGE_SECONDS) + leeway_seconds
    if refused_from <= now:
        raise ProviderMisbehaved("The logout token is too old. Check the clocks of provider and hub.")
    return refused_from


def _name(claims: Mapping[str, Any], name: str) -> str | None:
    """Return a claim that is an identifier; None if it is absent."""
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        raise ProviderMisbehaved(f"The logout token's {name} is not a usable identifier.")
    return value
