"""ID token validation (OpenID Connect Core 1.0 sections 3.1.3.7 and 12.2). Pure: the caller passes the keys and the time.

`signed_jwt` verifies the signature. This module checks the claims.
"""

import base64
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from hub.errors import ProviderMisbehaved
from hub.oidc.jwks import KeySet
from hub.oidc.signed_jwt import SignedJwt, instant, is_same, stated_claims, verify
from hub.primitives.secret import Secret

WHAT = "ID token"

OTHER_KINDS = frozenset({"at+jwt", "logout+jwt", "oauth-authz-req+jwt", "secevent+jwt", "dpop+jwt"})
"""Values of `typ` of other kinds of JWT, which must not be accepted as ID tokens (RFC 8725 section 3.11)."""

HASHES = {
    "256": "sha256",
    "384": "sha384",
    "512": "sha512",
    "DSA": "sha512",
}  # by the end of `alg`; EdDSA is Ed25519 here


class SubjectChanged(ProviderMisbehaved):
    """A refreshed ID token is about another user (section 12.2). Nothing of that token response may be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTokenClaims:
    """The claims of a validated ID token.

    Attributes:
        subject: `sub`: the user; unique only together with `issuer`.
        session_id: `sid`: the session at the provider, to which logout messages refer.
        auth_time: Time of the user's authentication in epoch seconds.
        claims: All claims as received.
    """

    issuer: str
    subject: str
    session_id: str | None = None
    auth_time: float | None = None
    claims: dict[str, Any] = field(default_factory=dict, repr=False)


class Original(Protocol):
    """The identity in the first ID token, against which a refreshed one is checked. Sessions, which lie above, keep it."""

    @property
    def issuer(self) -> str:
        """`iss` of the first ID token."""

    @property
    def subject(self) -> str:
        """`sub` of the first ID token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """The values that each ID token, logout token and userinfo response for the hub must match.

    Attributes:
        algorithms: Signature algorithms that the settings allow.
        leeway_seconds: Tolerated clock difference.
        max_age_seconds: `max_age` of the authorization request; None if it had none.
        acr_values: `acr_values` of the authorization request; empty if it had none.
    """

    issuer: str
    client_id: str
    algorithms: Collection[str]
    leeway_seconds: float
    max_age_seconds: float | None = None
    acr_values: Collection[str] = ()


def validate_id_token(
    token: Secret,
    keys: KeySet,
    expected: Expectations,
    *,
    now: float,
    nonce: str | None,
    access_token: Secret | None,
) -> IdTokenClaims:
    """Validate the ID token of a login and return its claims.

    Parameters:
        now: Epoch seconds.
        nonce: Nonce of the authorization request; None if the request had none. Logins always have one.
        access_token: Access token of the same response; compared with `at_hash`, if that is present.

    Raises:
        UnknownKey: No key matches; try again with a fresh key set.
        ProviderMisbehaved: A rule is broken; the detail says which.
    """
    signed = _verified(token, keys, expected.algorithms)
    claims = signed.claims
    _check_issuer_and_audience(claims, expected)
    _check_times(claims, now, expected.leeway_seconds)
    _check_authentication(claims, expected, now)
    if nonce is not None and not is_same(claims.get("nonce"), nonce):
        raise ProviderMisbehaved("The ID token's nonce is not that of this login.")
    _check_access_token_hash(claims, signed.algorithm, access_token)
    return _claims(claims)


def validate_refreshed_id_token(
    token: Secret,
    keys: KeySet,
    expected: Expectations,
    *,
    now: float,
    original: Original,
    access_token: Secret | None,
    nonce: str | None = None,
    auth_time: float | None = None,
) -> IdTokenClaims:
    """Validate the ID token of a refresh response (section 12.2) and return its claims.

    Parameters:
        nonce: Nonce of the login; None if it was not stored. The token may omit it, but must not contain another one.
        auth_time: `auth_time` of the first ID token; None if it had none.

    Raises:
        SubjectChanged: Issuer or subject differ from those of the first ID token.
        UnknownKey, ProviderMisbehaved: As in `validate_id_token`.
    """
    signed = _verified(token, keys, expected.algorithms)
    claims = signed.claims
    _refuse_other_identity(claims, original)
    _check_issuer_and_audience(claims, expected)
    _check_times(claims, now, expected.leeway_seconds)
    if nonce is not None and "nonce" in claims and not is_same(claims["nonce"], nonce):
        raise ProviderMisbehaved("The refreshed ID token's nonce is not that of the login.")
    if auth_time is not None and "auth_time" in claims and claims["auth_time"] != auth_time:
        raise ProviderMisbehaved("The refreshed ID token's auth_time is not that of the login.")
    _check_access_token_hash(claims, signed.algorithm, access_token)
    return _claims(claims)


def require_stated_identity(token: Secret, original: Original) -> None:
    """Check the issuer and subject of a refreshed ID token without its signature. This needs no keys, so it runs before storing.

    Raises:
        SubjectChanged: Issuer or subject differ from those of the login.
        ProviderMisbehaved: The token is not a JWT.
    """
    _refuse_other_identity(stated_claims(token, what=WHAT), original)


def _refuse_other_identity(claims: Mapping[str, Any], original: Original) -> None:
    if claims.get("sub") != original.subject or claims.get("iss") != original.issuer:
        raise SubjectChanged("The refreshed ID token is about another user than the login.")


def _verified(token: Secret, keys: KeySet, algorithms: Collection[str]) -> SignedJwt:
    """Return the token if its signature is valid (rules 6 and 7) and it is not of another kind."""
    signed = verify(token, keys, algorithms, what=WHAT)
    if signed.kind in OTHER_KINDS or "events" in signed.claims:  # `events` marks a logout token or another security event
        raise ProviderMisbehaved("The provider sent a token of another kind in place of the ID token.")
    return signed


def _check_issuer_and_audience(claims: Mapping[str, Any], expected: Expectations) -> None:
    """Check rules 2 to 5. IRIS lists the resource servers beside the client ID in `aud`, and names the client in `azp`."""
    if claims.get("iss") != expected.issuer:
        raise ProviderMisbehaved("The ID token's iss is not provider.issuer.")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise ProviderMisbehaved("The ID token has no sub.")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in audiences:
        raise ProviderMisbehaved("The ID token's aud is not provider.client_id.")
    authorized = claims.get("azp")
    if (authorized is not None or len(audiences) > 1) and authorized != expected.client_id:
        raise ProviderMisbehaved("The ID token was issued to another client: its azp is not provider.client_id.")


def _check_times(claims: Mapping[str, Any], now: float, leeway_seconds: float) -> None:
    """Check rules 9 and 10. Fractions of seconds are accepted, because IRIS sends them."""
    expires_at, issued_at = instant(claims, "exp", what=WHAT), instant(claims, "iat", what=WHAT)
    if expires_at is None or issued_at is None:
        raise ProviderMisbehaved("The ID token lacks exp or iat.")
    if expires_at + leeway_seconds <= now:
        raise ProviderMisbehaved("The ID token has expired. Check the clocks of provider and hub.")
    not_before = instant(claims, "nbf", what=WHAT)
    if issued_at - leeway_seconds > now or (not_before is not None and not_before - leeway_seconds > now):
        raise ProviderMisbehaved("The ID token is not valid yet. Check the clocks of provider and hub.")


def _check_authentication(claims: Mapping[str, Any], expected: Expectations, now: float) -> None:
    """Check rules 12 and 13: the token must satisfy the requested `acr_values` and `max_age`."""
    if expected.acr_values and claims.get("acr") not in expected.acr_values:
        raise ProviderMisbehaved("The login service did not use an authentication method of acr_values.")
    if expected.max_age_seconds is not None:
        auth_time = instant(claims, "auth_time", what=WHAT)
        if auth_time is None or auth_time + expected.max_age_seconds + expected.leeway_seconds < now:
            raise ProviderMisbehaved("The login at the login service is older than max_age allows.")


def _check_access_token_hash(claims: Mapping[str, Any], algorithm: str, access_token: Secret | None) -> None:
    """Check `at_hash`, the left half of the hash of the access token (section 3.1.3.8)."""
    if "at_hash" not in claims or access_token is None:
        return
    digest = hashlib.new(HASHES[algorithm[-3:]], access_token.reveal().encode()).digest()
    expected = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    if not is_same(claims["at_hash"], expected):
        raise ProviderMisbehaved("The access token does not belong to the ID token: at_hash differs.")


def _claims(claims: dict[str, Any]) -> IdTokenClaims:
    session_id = claims.get("sid")
    return IdTokenClaims(
        issuer=claims["iss"],
        subject=claims["sub"],
        session_id=session_id if isinstance(session_id, str) and session_id else None,
        auth_time=instant(claims, "auth_time", what=WHAT),
        claims=claims,
    )
