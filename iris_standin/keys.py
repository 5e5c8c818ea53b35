"""The key set of the authorization server: eight keys, as a real one publishes, made and used by joserfc. No I/O."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, GuestProtocol, OctKey, RSAKey

RSA_BITS = 2048  # the least that RFC 7518 section 3.3 allows; larger keys only slow the tests

SIGNING_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "RSA1_5", "RSA-OAEP")
ENCRYPTION_ALGORITHMS = frozenset({"RSA1_5", "RSA-OAEP"})

ClientSecretOf = Callable[[], str]


class InvalidToken(Exception):
    """The string is no JWT that this key set has signed."""


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """One key with the number and the algorithm under which it is published."""

    kid: int
    algorithm: str
    key: RSAKey | ECKey

    @property
    def use(self) -> str:
        """The `use` member (RFC 7517 section 4.2): `sig` or `enc`."""
        return "enc" if self.algorithm in ENCRYPTION_ALGORITHMS else "sig"


class KeyRing:
    """The keys in force. The first batch has the kids 1 to 8; each rotation adds eight more and the old ones stay."""

    def __init__(self) -> None:
        self._keys = _first_batch()

    def rotate(self, *, drop_old: bool = False) -> None:
        """Sign with new keys from now on. `drop_old` withdraws the others, which IRIS never does by itself."""
        last = self._keys[-1].kid
        batch = _batch(last + 1)
        self._keys = batch if drop_old else self._keys + batch

    def sign(self, claims: dict[str, Any], algorithm: str, client_secret: str) -> str:
        """Return `claims` as a JWT; HS* signs with the octets of `client_secret` (OpenID Connect Core section 10.1)."""
        if algorithm.startswith("HS"):
            return jwt.encode({"typ": "JWT", "alg": algorithm}, claims, _secret_key(client_secret), [algorithm])
        newest = next(item for item in reversed(self._keys) if item.algorithm == algorithm)
        header = {"typ": "JWT", "alg": algorithm, "kid": str(newest.kid)}
        return jwt.encode(header, claims, newest.key, [algorithm])

    def verify(self, token: str, algorithm: str, client_secret_of: ClientSecretOf) -> dict[str, Any]:
        """Return the claims of a JWT that was signed here with `algorithm`. Expiry is the caller's to look at.

        Raises:
            InvalidToken: The signature or the form is wrong.
        """

        def find(guest: GuestProtocol) -> RSAKey | ECKey | OctKey:
            if algorithm.startswith("HS"):
                return _secret_key(client_secret_of())
            return self._find(guest.headers().get("kid"), algorithm)

        try:
            return jwt.decode(token, find, [algorithm]).claims
        except (JoseError, ValueError) as error:
            raise InvalidToken(type(error).__name__) from error

    def document(self, *, numeric_kid: bool = False) -> dict[str, Any]:
        """Return the JWK Set (RFC 7517 section 5) with the public halves."""
        return {"keys": [_as_jwk(item, numeric_kid=numeric_kid) for item in self._keys]}

    def _find(self, kid: object, algorithm: str) -> RSAKey | ECKey:
        for item in self._keys:
            if str(item.kid) == kid and item.algorithm == algorithm:
                return item.key
        raise InvalidToken("unknown kid")


def _as_jwk(item: PublishedKey, *, numeric_kid: bool) -> dict[str, Any]:
    members = {"use": item.use, "alg": item.algorithm}
    return {"kid": item.kid if numeric_kid else str(item.kid), **members, **item.key.as_dict(private=False)}


def _secret_key(client_secret: str) -> OctKey:
    return OctKey.import_key(client_secret.encode())


@functools.cache  # half a second of arithmetic, which each stand-in of a test run would otherwise repeat
def _first_batch() -> tuple[PublishedKey, ...]:
    return _batch(1)


def _batch(first_kid: int) -> tuple[PublishedKey, ...]:
    return tuple(PublishedKey(kid, algorithm, _generate(algorithm)) for kid, algorithm in enumerate(ALGORITHMS, start=first_kid))


def _generate(algorithm: str) -> RSAKey | ECKey:
    if curve := SIGNING_CURVES.get(algorithm):
        return ECKey.generate_key(curve)
    return RSAKey.generate_key(RSA_BITS)
