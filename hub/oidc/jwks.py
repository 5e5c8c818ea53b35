"""The provider's signing keys (RFC 7517, OpenID Connect Core 1.0 section 10.1). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from hub.errors import ProviderMisbehaved
from hub.oidc.provider_response import decode_object, refuse_unavailable

WHAT = "key set"
MIN_RSA_BITS = 2048  # RFC 7518 section 3.3

SIGNATURES: dict[tuple[str, str | None], tuple[str, ...]] = {
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
"""Signature algorithms by key type and curve. Other keys, such as symmetric ones, are ignored."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """One public key.

    Attributes:
        key_id: `kid`, as text; None if the key has none.
        algorithms: Algorithms that the key may verify: all of its type, or the one in its `alg`.
        key: The key in the form that PyJWT expects.
    """

    key_id: str | None
    algorithms: tuple[str, ...]
    key: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The public keys that verify signatures of the provider."""

    keys: tuple[VerificationKey, ...] = ()

    def select(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        """Return the keys that match a JWT header: they support `alg`, and have its `kid` if it has one."""
        return tuple(key for key in self.keys if algorithm in key.algorithms and (key_id is None or key.key_id == key_id))


def process_jwks(status: int, headers: Mapping[str, str], body: bytes) -> KeySet:
    """Parse the response of the `jwks_uri`. Keys that the hub cannot use are dropped (RFC 7517 section 5).

    Raises:
        ProviderUnavailable: The provider cannot respond now.
        ProviderMisbehaved: The response is not a key set.
    """
    refuse_unavailable(status, headers, WHAT)
    if status != 200:
        raise ProviderMisbehaved(f"The {WHAT} of the login service responded with status {status}.")
    members = decode_object(body, WHAT).get("keys")
    if not isinstance(members, list):
        raise ProviderMisbehaved(f"The {WHAT} of the login service contains no list of keys.")
    return KeySet(tuple(key for member in members if (key := _parse_key(member)) is not None))


def _parse_key(member: object) -> VerificationKey | None:
    """Return the key; None if it cannot verify signatures."""
    if not isinstance(member, dict) or member.get("use", "sig") != "sig" or not _may_verify(member):
        return None
    kind, curve = member.get("kty"), member.get("crv")
    if not isinstance(kind, str) or not isinstance(curve, str | None):
        return None
    possible = SIGNATURES.get((kind, curve), ())
    named = member.get("alg")
    algorithms = possible if named is None else tuple(name for name in possible if name == named)
    if not algorithms:
        return None
    public = {name: value for name, value in member.items() if name != "d"}
    try:
        key = jwt.PyJWK(public, algorithm=algorithms[0]).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if kind == "RSA" and key.key_size < MIN_RSA_BITS:
        return None
    kid = member.get("kid")
    return VerificationKey(None if kid is None else str(kid), algorithms, key)  # Caché 2017 sends numbers


def _may_verify(member: dict[str, Any]) -> bool:
    operations = member.get("key_ops")
    return not isinstance(operations, list) or "verify" in operations
