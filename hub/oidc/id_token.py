"""ID token validation (OpenID Connect Core 1.0 sections 3.1.3.7 and 12.2). Pure: is handed the keys and the time.

`signed_jwt` verifies the signature; the claims are checked here, against the time that the caller hands in.
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
"""Values of `typ` that say "I am no ID token": one kind must not pass for another (RFC 8725 section 3.11)."""

HASHES = {
    "256": "sha256",
    "384": "sha384",
    "512": "sha512",
    "DSA": "sha512",
}  # by the end of `alg`; EdDSA is Ed25519 here


class SubjectChanged(ProviderMisbehaved):
    """A refreshed ID token speaks of somebody else (section 12.2): nothing of that response may be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTokenClaims:
    """What a validated ID token says.

    Attributes:
        subject: `sub`: who logged in; unique only together with `issuer`.
        session_id: `sid`: the session at the provider, which logout names.
        auth_time: Epoch seconds at which the person proved who they are.
        claims: All claims as sent.
    """

    issuer: str
    subject: str
    session_id: str | None = None
    auth_time: float | None = None
    claims: dict[str, Any] = field(default_factory=dict, repr=False)


class Original(Protocol):
    """What has to be known of the first ID token when a refreshed one is judged."""

    @property
    def issuer(self) -> str:
        """`iss` of the first ID token."""

    @property
    def subject(self) -> str:
        """`sub` of the first ID token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """What every ID token for the hub is measured by.

    Attributes:
        algorithms: Signature algorithms that the operator allows.
        leeway_seconds: Clock difference that is tolerated.
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
    """Check the ID token of a login and return what it says.

    Parameters:
        now: Epoch seconds.
        nonce: Nonce of the authorization request. None only where none was sent, which a login never does.
        access_token: Access token that came with it; compared with `at_hash`, if that is present.

    Raises:
        UnknownKey: No key fits; try again with a fresh key set.
        ProviderMisbehaved: Any rule is broken; the detail says which.
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
    """Check the ID token of a refresh response (section 12.2) and return what it says.

    Parameters:
        nonce: Nonce of the login. The token may leave it out, but must not hold another one. None if it was not kept.
        auth_time: `auth_time` of the first ID token; None if there was none.

    Raises:
        SubjectChanged: Issuer or subject are not those of the first ID token.
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
    """Check whom a refreshed ID token speaks of, without its signature: what needs no keys can be done before storing.

    Raises:
        SubjectChanged: Issuer or subject are not those of the login.
        ProviderMisbehaved: It is no JWT.
    """
    _refuse_other_identity(stated_claims(token, what=WHAT), original)


def _refuse_other_identity(claims: Mapping[str, Any], original: Original) -> None:
    if claims.get("sub") != original.subject or claims.get("iss") != original.issuer:
        raise SubjectChanged("The refreshed ID token speaks of another person than the login.")


def _verified(token: Secret, keys: KeySet, algorithms: Collection[str]) -> SignedJwt:
    """Return a token whose signature is right (rules 6 and 7), and which does not say that it is of another kind."""
    signed = verify(token, keys, algorithms, what=WHAT)
    if signed.kind in OTHER_KINDS or "events" in signed.claims:  # which makes it a logout token or another security event
        raise ProviderMisbehaved("The token in place of the ID token is of another kind.")
    return signed


def _check_issuer_and_audience(claims: Mapping[str, Any], expected: Expectations) -> None:
    """Rules 2 to 5. IRIS lists the resource servers beside the client id, and names the client in `azp`."""
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
    """Rules 9 and 10. Fractions are tolerated: IRIS sends them."""
    expires_at, issued_at = instant(claims, "exp", what=WHAT), instant(claims, "iat", what=WHAT)
    if expires_at is None or issued_at is None:
        raise ProviderMisbehaved("The ID token lacks exp or iat.")
    if expires_at + leeway_seconds <= now:
        raise ProviderMisbehaved("The ID token has expired. Are the clocks of provider and hub right?")
    not_before = instant(claims, "nbf", what=WHAT)
    if issued_at - leeway_seconds > now or (not_before is not None and not_before - leeway_seconds > now):
        raise ProviderMisbehaved("The ID token is not valid yet. Are the clocks of provider and hub right?")


def _check_authentication(claims: Mapping[str, Any], expected: Expectations, now: float) -> None:
    """Rules 12 and 13: what the operator asked for by `acr_values` and `max_age` has to be given."""
    if expected.acr_values and claims.get("acr") not in expected.acr_values:
        raise ProviderMisbehaved("The login service did not authenticate in the way that acr_values asks for.")
    if expected.max_age_seconds is not None:
        auth_time = instant(claims, "auth_time", what=WHAT)
        if auth_time is None or auth_time + expected.max_age_seconds + expected.leeway_seconds < now:
            raise ProviderMisbehaved("The login at the login service is longer ago than max_age allows.")


def _check_access_token_hash(claims: Mapping[str, Any], algorithm: str, access_token: Secret | None) -> None:
    """Section 3.1.3.8: `at_hash` is the left half of the access token's hash."""
    if "at_hash" not in claims or access_token is None:
        return
    digest = hashlib.new(HASHES[algorithm[-3:]], access_token.reveal().encode()).digest()
    expected = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    if not is_same(claims["at_hash"], expected):
        raise ProviderMisbehaved("The access token is not the one that the ID token was issued with (at_hash).")


def _claims(claims: dict[str, Any]) -> IdTokenClaims:
    session_id = claims.get("sid")
    return IdTokenClaims(
        issuer=claims["iss"],
        subject=claims["sub"],
        session_id=session_id if isinstance(session_id, str) and session_id else None,
        auth_time=instant(claims, "auth_time", what=WHAT),
        claims=claims,
    )
