"""Keys of a provider, and ID tokens signed with them or with nothing."""

import base64
import functools
import json
from dataclasses import dataclass, field
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa


@functools.cache
def _rsa(key_id: str | None, bits: int) -> rsa.RSAPrivateKey:
    """Make one key for each id in a test run: making them is slow."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the JWK of its public half.

    Attributes:
        key_id: `kid` in header and JWK; None leaves it out of both.
        algorithm: `alg` of the tokens it signs.
    """

    key_id: str | None
    algorithm: str
    private: Any = field(repr=False)

    @classmethod
    def rsa(cls, key_id: str | None, algorithm: str = "RS256", bits: int = 2048) -> Self:
        """Return the RSA key of this id; the same one each time."""
        return cls(key_id, algorithm, _rsa(key_id, bits))

    @classmethod
    def ec(cls, key_id: str | None) -> Self:
        """Make a P-256 key."""
        return cls(key_id, "ES256", ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def ed25519(cls, key_id: str | None) -> Self:
        """Make an Ed25519 key."""
        return cls(key_id, "EdDSA", ed25519.Ed25519PrivateKey.generate())

    @property
    def public(self) -> dict[str, Any]:
        """The public JWK, with `alg`, `use` and `kid`."""
        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        jwk = algorithm.to_jwk(self.private.public_key(), as_dict=True)  # type: ignore[call-overload]
        members = {**jwk, "use": "sig", "alg": self.algorithm, "kid": self.key_id}
        members.pop("key_ops", None)
        return {name: value for name, value in members.items() if value is not None}


def sign(claims: dict[str, Any], key: SigningKey | None, header: dict[str, Any] | None = None) -> str:
    """Make a compact JWS of `claims`; header members set to None are left out. Without a key it is unsigned."""
    if key is None:
        members = {"alg": "none", **(header or {})}
        return f"{_segment({name: value for name, value in members.items() if value is not None})}.{_segment(claims)}."
    members = {"alg": key.algorithm, "kid": key.key_id, **(header or {})}
    signed = f"{_segment({name: value for name, value in members.items() if value is not None})}.{_segment(claims)}"
    algorithm = jwt.get_algorithm_by_name(key.algorithm)
    return f"{signed}.{_base64url(algorithm.sign(signed.encode(), key.private))}"


def break_signature(token: str) -> str:
    """Return the token with another signature of the same length."""
    signed, _, signature = token.rpartition(".")
    return f"{signed}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def _segment(members: dict[str, Any]) -> str:
    return _base64url(json.dumps(members).encode())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
