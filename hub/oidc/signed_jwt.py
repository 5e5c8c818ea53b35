"""Signature checks for JWTs of the provider (RFC 7515, RFC 7519). Pure: the caller passes the keys.

PyJWT verifies the signature. `id_token`, `logout_token` and `userinfo` check the claims.
"""

import base64
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from hub.errors import ProviderMisbehaved
from hub.oidc.jwks import KeySet, VerificationKey
from hub.primitives.json_decoder import UnreadableJson, decode_json_object
from hub.primitives.secret import Secret


class UnknownKey(ProviderMisbehaved):
    """No key of the set matches the token's header. The provider may have rotated its keys: fetch them again."""


@dataclass(frozen=True, slots=True)
class SignedJwt:
    """A JWT with a valid signature.

    Attributes:
        algorithm: `alg` of its header, one of those that the caller allows.
        kind: `typ` of its header in lower case, without `application/`; empty if it has none. Callers check it, so that one kind
            of JWT is not accepted as another (RFC 8725 section 3.11).
    """

    algorithm: str
    kind: str
    claims: dict[str, Any] = field(repr=False)


def verify(token: Secret, keys: KeySet, algorithms: Collection[str], *, what: str) -> SignedJwt:
    """Verify the signature of a token and return its claims.

    Parameters:
        algorithms: Signature algorithms that the settings allow.
        what: The kind of token for error texts, such as `ID token`.

    Raises:
        UnknownKey: No key matches; try again with a fresh key set.
        ProviderMisbehaved: The token is not a JWT, its algorithm is not allowed, or its signature is wrong.
    """
    text = token.reveal()
    header = _header(text, what)
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise ProviderMisbehaved(f"The {what} is not signed with an algorithm of provider.signing_algorithms.")
    candidates = keys.select(None if key_id is None else str(key_id), algorithm)
    if not candidates:
        raise UnknownKey(f"The {what} is signed with a key that the provider does not publish.")
    if key_id is None and len(candidates) > 1:  # OpenID Connect Core 1.0 section 10.1: `kid` is required then
        raise ProviderMisbehaved(f"The {what} has no kid, although the provider has several keys.")
    kind = str(header.get("typ", "")).lower().removeprefix("application/")
    return SignedJwt(algorithm, kind, _payload(text, candidates, algorithm, what))


def stated_claims(token: Secret, *, what: str) -> dict[str, Any]:
    """Return the claims of a token without checking its signature.

    Raises:
        ProviderMisbehaved: The token is not a JWT.
    """
    text = token.reveal()
    _header(text, what)
    try:
        return decode_json_object(decode_segment(text.split(".")[1]))
    except ValueError as error:
        raise ProviderMisbehaved(f"The claims of the {what} cannot be read.") from error


def instant(claims: Mapping[str, Any], name: str, *, what: str) -> float | None:
    """Return a NumericDate (RFC 7519 section 2) in epoch seconds; None if it is absent.

    Raises:
        ProviderMisbehaved: The claim is not a number.
    """
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ProviderMisbehaved(f"The {what}'s {name} is not a number.")
    try:
        return float(value)
    except OverflowError as error:
        raise ProviderMisbehaved(f"The {what}'s {name} is not a time.") from error


def is_same(value: object, expected: str) -> bool:
    """Compare a claim with a secret in constant time."""
    return isinstance(value, str) and hmac.compare_digest(value.encode(), expected.encode())


def refuse_critical(header: Mapping[str, Any], what: str) -> None:
    """Reject a JWS or JWE whose header has `crit` (RFC 7515 section 4.1.11, RFC 7516 section 4.1.13).

    `crit` names extensions that a receiver must understand or else reject the token. The hub understands none; that includes
    `b64`, which RFC 7797 section 7 forbids in JWTs. The libraries check `crit` too, PyJWT since version 2.12.

    Raises:
        ProviderMisbehaved: The header has `crit`, whatever its value.
    """
    if "crit" in header:
        raise ProviderMisbehaved(f"The {what} requires extensions (crit) that the hub does not understand.")


def decode_segment(segment: str) -> bytes:
    """Return the bytes of a segment of a JWT, which is base64url without padding.

    Raises:
        ValueError: It is not base64url.
    """
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _header(text: str, what: str) -> Mapping[str, Any]:
    try:
        segment, _, _ = text.split(".")
        header = decode_json_object(decode_segment(segment))
    except ValueError as error:
        raise ProviderMisbehaved(f"The {what} is not a signed JWT.") from error
    refuse_critical(header, what)
    return header


def _payload(text: str, candidates: Collection[VerificationKey], algorithm: str, what: str) -> dict[str, Any]:
    """Return the claims if one of the keys verifies the signature. Several keys can have the same `kid`."""
    for candidate in candidates:
        try:
            payload = jwt.PyJWS(algorithms=[algorithm]).decode(text, candidate.key, algorithms=[algorithm])
            return decode_json_object(payload)
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, UnreadableJson) as error:
            raise ProviderMisbehaved(f"The {what} is malformed.") from error
    raise ProviderMisbehaved(f"The {what}'s signature is wrong.")
