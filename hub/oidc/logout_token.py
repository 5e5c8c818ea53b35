"""Logout token validation (OpenID Connect Back-Channel Logout 1.0 sections 2.4 to 2.6). Pure: is handed the keys and the time.

A logout token ends sessions, so that nothing else may pass for one: not an ID token, of which there are many about, and no
old logout token. Whether its `jti` was seen before is for the caller to find out.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from hub.errors import ProviderMisbehaved
from hub.oidc.jwks import KeySet
from hub.oidc.signed_jwt import instant, verify
from hub.primitives.secret import Secret

WHAT = "logout token"

EVENT = "http://schemas.openid.net/event/backchannel-logout"

KINDS = frozenset({"logout+jwt", "jwt", ""})
"""Values of `typ` that are accepted. Section 2.4 only recommends the first; without it the claims have to show what it is."""

LONGEST_AGE_SECONDS = 300.0  # however late its `exp` is: the longer a token lives, the longer its `jti` must be remembered
LONGEST_NAME = 512  # characters of `jti`, `sub` and `sid`, which become parts of keys


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutClaims:
    """Whose sessions a validated logout token ends.

    Attributes:
        subject: `sub`. Without a `session_id` all sessions of this user end.
        session_id: `sid`: the one session at the provider that has ended.
        token_id: `jti`; a second token with the same one is a replay.
        expires_at: Epoch seconds after which the token would be refused for its age alone, leeway included; so long its
            `token_id` has to be remembered.
    """

    issuer: str
    subject: str | None
    session_id: str | None
    token_id: str
    expires_at: float


def validate_logout_token(
    token: Secret,
    keys: KeySet,
    *,
    issuer: str,
    client_id: str,
    algorithms: Collection[str],
    leeway_seconds: float,
    now: float,
) -> LogoutClaims:
    """Check a logout token and return what it says.

    Parameters:
        algorithms: Signature algorithms that the operator allows.
        leeway_seconds: Clock difference that is tolerated.
        now: Epoch seconds by the provider's clock.

    Raises:
        UnknownKey: No key fits; try again with a fresh key set.
        ProviderMisbehaved: Any rule is broken; the detail says which.
    """
    signed = verify(token, keys, algorithms, what=WHAT)
    claims = signed.claims
    if signed.kind not in KINDS:
        raise ProviderMisbehaved("The token in place of the logout token is of another kind.")
    _check_purpose(claims)
    _check_issuer_and_audience(claims, issuer, client_id)
    expires_at = _check_times(claims, now, leeway_seconds)
    subject, session_id = _name(claims, "sub"), _name(claims, "sid")
    token_id = _name(claims, "jti")
    if subject is None and session_id is None:
        raise ProviderMisbehaved("The logout token names neither sub nor sid.")
    if token_id is None:
        raise ProviderMisbehaved("The logout token has no jti.")
    return LogoutClaims(issuer=issuer, subject=subject, session_id=session_id, token_id=token_id, expires_at=expires_at)


def _check_purpose(claims: Mapping[str, Any]) -> None:
    """Rules 6 and 7: what makes it a logout token, and what no logout token has."""
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise ProviderMisbehaved("The logout token's events do not say that it is one.")
    if "nonce" in claims:
        raise ProviderMisbehaved("The logout token has a nonce, which belongs into ID tokens.")


def _check_issuer_and_audience(claims: Mapping[str, Any], issuer: str, client_id: str) -> None:
    """Rule 4, first half."""
    if claims.get("iss") != issuer:
        raise ProviderMisbehaved("The logout token's iss is not provider.issuer.")
    audience = claims.get("aud")
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise ProviderMisbehaved("The logout token's aud is not provider.client_id.")


def _check_times(claims: Mapping[str, Any], now: float, leeway_seconds: float) -> float:
    """Rule 4, second half; return when the token becomes too old."""
    issued_at, expires_at = instant(claims, "iat", what=WHAT), instant(claims, "exp", what=WHAT)
    if issued_at is None or expires_at is None:
        raise ProviderMisbehaved("The logout token lacks exp or iat.")
    not_before = instant(claims, "nbf", what=WHAT)
    if max(issued_at, not_before or issued_at) - leeway_seconds > now:
        raise ProviderMisbehaved("The logout token is not valid yet. Are the clocks of provider and hub right?")
    refused_from = min(expires_at, issued_at + LONGEST_AGE_SECONDS) + leeway_seconds
    if refused_from <= now:
        raise ProviderMisbehaved("The logout token is too old. Are the clocks of provider and hub right?")
    return refused_from


def _name(claims: Mapping[str, Any], name: str) -> str | None:
    """Return a claim that names something; None if it is absent."""
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        raise ProviderMisbehaved(f"The logout token's {name} is no usable name.")
    return value
