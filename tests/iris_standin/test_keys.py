"""The key set."""

import jwt
import pytest

from iris_standin.keys import InvalidToken, KeyRing
from tests.iris_standin.browser import CLIENT_SECRET

ASYMMETRIC = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")


def test_eight_keys_are_published() -> None:
    """Six keys to sign and two to encrypt, numbered as strings, without private parts."""
    keys = KeyRing().document()["keys"]

    assert [key["kid"] for key in keys] == ["1", "2", "3", "4", "5", "6", "7", "8"]
    assert [key["use"] for key in keys] == ["sig"] * 6 + ["enc"] * 2
    assert [key["alg"] for key in keys] == [*ASYMMETRIC, "RSA1_5", "RSA-OAEP"]
    assert not any({"d", "p", "q"} & set(key) for key in keys)


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_an_independent_library_verifies_what_was_signed(algorithm: str) -> None:
    """PyJWT finds the key by `kid` and accepts the signature."""
    ring = KeyRing()
    token = ring.sign({"sub": "alice"}, algorithm, "")

    kid = jwt.get_unverified_header(token)["kid"]
    key = next(key for key in ring.document()["keys"] if key["kid"] == kid)
    assert jwt.decode(token, jwt.PyJWK(key).key, algorithms=[algorithm]) == {"sub": "alice"}


def test_hmac_signs_with_the_client_secret() -> None:
    """HS256 needs no published key."""
    token = KeyRing().sign({"sub": "alice"}, "HS256", CLIENT_SECRET)

    assert jwt.decode(token, CLIENT_SECRET, algorithms=["HS256"]) == {"sub": "alice"}


def test_rotation_adds_keys_and_keeps_the_old_ones() -> None:
    """After a rotation new tokens have a new kid, old tokens are still verified, and other rings are untouched."""
    ring = KeyRing()
    old = ring.sign({"n": 1}, "RS256", "")
    ring.rotate()
    new = ring.sign({"n": 2}, "RS256", "")

    assert jwt.get_unverified_header(new)["kid"] == "9"
    assert [ring.verify(token, "RS256", str)["n"] for token in (old, new)] == [1, 2]
    assert len(ring.document()["keys"]) == 16
    assert len(KeyRing().document()["keys"]) == 8


def test_dropped_keys_verify_nothing() -> None:
    """A token of a withdrawn key is refused."""
    ring = KeyRing()
    old = ring.sign({"n": 1}, "RS256", "")
    ring.rotate(drop_old=True)

    with pytest.raises(InvalidToken):
        ring.verify(old, "RS256", str)


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_nonsense_is_refused(token: str) -> None:
    """What is no JWT of this server is an error, never a claim."""
    with pytest.raises(InvalidToken):
        KeyRing().verify(token, "RS256", str)


def test_key_ids_may_be_numbers() -> None:
    """Old servers emit numeric key ids."""
    assert [key["kid"] for key in KeyRing().document(numeric_kid=True)["keys"]] == list(range(1, 9))
