"""hub.oidc.jwks: which keys may verify what."""

import json
from typing import Any

import pytest

from hub.errors import ProviderMisbehaved, ProviderUnavailable
from hub.oidc.jwks import KeySet, process_jwks
from tests.parties.signing import SigningKey

RSA = SigningKey.rsa("a").public
RSA_FREE = {name: value for name, value in RSA.items() if name not in ("alg", "kid", "use")}
EC = SigningKey.ec("e").public


def key_set(*members: Any) -> KeySet:
    """Return the key set of an answer with these members."""
    return process_jwks(200, {}, json.dumps({"keys": members}).encode())


class TestSelection:
    """OpenID Connect Core 1.0 section 10.1: by `kid`, `alg` and `use`."""

    def test_by_kid(self) -> None:
        """A token that names a key is verified with that one alone."""
        keys = key_set(RSA, SigningKey.rsa("b").public)

        assert [key.key_id for key in keys.select("b", "RS256")] == ["b"]

    def test_unknown_kid(self) -> None:
        """A `kid` that is not published selects nothing, even where there is one key only."""
        assert key_set(RSA).select("z", "RS256") == ()

    def test_without_kid(self) -> None:
        """kid-absent: a token that names no key may be signed with any that fits its algorithm."""
        keys = key_set(RSA, EC)

        assert [key.key_id for key in keys.select(None, "ES256")] == ["e"]

    @pytest.mark.parametrize("algorithm", ["RS512", "PS256", "ES256", "HS256", "none"])
    def test_algorithm_of_key(self, algorithm: str) -> None:
        """A key that names its algorithm makes no other, and a public key is never an HMAC key."""
        assert key_set(RSA).select("a", algorithm) == ()

    def test_key_without_algorithm(self) -> None:
        """An RSA key without `alg`, `kid` and `use` serves all RSA algorithms, and no others."""
        keys = key_set(RSA_FREE)
        served = [name for name in ("RS256", "PS512", "ES256", "EdDSA", "HS256") if keys.select(None, name)]

        assert served == ["RS256", "PS512"]

    @pytest.mark.parametrize(("key", "algorithm"), [(EC, "ES256"), (SigningKey.ed25519("d").public, "EdDSA")])
    def test_other_types(self, key: dict[str, Any], algorithm: str) -> None:
        """Elliptic and Edwards curves serve the algorithm of their curve."""
        assert len(key_set(key).select(key["kid"], algorithm)) == 1

    def test_numeric_kid(self) -> None:
        """Caché of 2017 publishes `kid` as a number; tokens name it as text."""
        assert len(key_set({**RSA, "kid": 3}).select("3", "RS256")) == 1


class TestTolerance:
    """RFC 7517 section 5: keys that are not understood are ignored."""

    @pytest.mark.parametrize(
        "member",
        [
            {**RSA, "use": "enc"},
            {**RSA, "alg": "RSA-OAEP"},
            {**RSA, "alg": "RSA1_5"},
            {**RSA, "key_ops": ["encrypt"]},
            {**RSA, "n": 7},
            {**RSA, "n": "AQAB"},
            {**RSA, "kty": "lattice"},
            {**RSA, "kty": ["RSA"]},
            {**EC, "crv": "P-521"},
            {**EC, "crv": 1},
            {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"},
            SigningKey.rsa("short", bits=1024).public,
            {},
            "text",
            None,
        ],
    )
    def test_ignored(self, member: Any) -> None:
        """Encryption, symmetric, short, broken and unknown keys are left out; the others stay."""
        assert [key.key_id for key in key_set(member, RSA).keys] == ["a"]

    def test_private_part(self) -> None:
        """A provider that publishes a private key by mistake gives us its public half."""
        key = key_set({**RSA, "d": "AQAB"}).keys[0].key

        assert not hasattr(key, "private_numbers")


class TestAnswer:
    """What the `jwks_uri` may answer."""

    @pytest.mark.parametrize(("status", "body"), [(404, b"{}"), (302, b""), (200, b"<html>"), (200, b'{"keys":{}}')])
    def test_no_key_set(self, status: int, body: bytes) -> None:
        """An answer that is no key set is refused."""
        with pytest.raises(ProviderMisbehaved):
            process_jwks(status, {}, body)

    def test_unavailable(self) -> None:
        """A provider that cannot answer now is unavailable, not wrong."""
        with pytest.raises(ProviderUnavailable):
            process_jwks(500, {}, b"")
