"""Proofs of possession (RFC 9449), read by PyJWT with the key that they name."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hub.config.settings import ProviderSettings, SettingsError
from hub.oidc.dpop import MAX_SERVERS, DPoPKey
from hub.primitives.secret import Secret

KEY = generate_private_key(SECP256R1())
URL = "https://iris.example/csp/clinic/patients?q=1#x"


def dpop_key() -> DPoPKey:
    """Return a key at a known time."""
    return DPoPKey(KEY, lambda: 1_800_000_000.7)


def read(proof: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a proof whose signature is right."""
    header = jwt.get_unverified_header(proof)
    key = jwt.PyJWK(header["jwk"]).key
    return header, jwt.decode(proof, key, ["ES256"], options={"verify_iat": False})


def test_section_4_2() -> None:
    """Type, public key only, method, address without query and fragment, time, a number of its own."""
    header, claims = read(dpop_key().make_proof("GET", URL))
    assert (header["typ"], header["alg"], sorted(header["jwk"])) == ("dpop+jwt", "ES256", ["crv", "kty", "x", "y"])
    assert (claims["htm"], claims["htu"], claims["iat"]) == ("GET", "https://iris.example/csp/clinic/patients", 1_800_000_000)
    assert "ath" not in claims
    assert claims["jti"] != read(dpop_key().make_proof("GET", URL))[1]["jti"]


def test_bound_to_the_token() -> None:
    """`ath` is the hash of the access token."""
    _, claims = read(dpop_key().make_proof("GET", URL, Secret("token-1")))
    assert claims["ath"] == base64.urlsafe_b64encode(hashlib.sha256(b"token-1").digest()).decode().rstrip("=")


def test_nonces_by_server() -> None:
    """Section 8: the latest of each server, and not an endless number of them."""
    keys = dpop_key()
    assert keys.learn(URL, [("DPoP-Nonce", "n1")])
    assert not keys.learn(URL, [("dpop-nonce", "n1")])
    assert not keys.learn(URL, [("DPoP-Nonce", "x" * 1000)])
    assert read(keys.make_proof("GET", URL))[1]["nonce"] == "n1"
    assert "nonce" not in read(keys.make_proof("GET", "https://other.example/"))[1]
    for number in range(MAX_SERVERS):
        keys.learn(f"https://{number}.example/", [("DPoP-Nonce", "n")])
    assert "nonce" not in read(keys.make_proof("GET", URL))[1]


def test_key_files(tmp_path: Path) -> None:
    """None: bearer tokens. P-256 it must be."""
    assert DPoPKey.read(ProviderSettings(), lambda: 0.0) is None
    file = tmp_path / "key.pem"
    for key, fits in ((KEY, True), (generate_private_key(SECP384R1()), False)):
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        settings = ProviderSettings(dpop_key_file=str(file))
        if fits:
            assert DPoPKey.read(settings, lambda: 0.0) is not None
        else:
            with pytest.raises(SettingsError, match="dpop_key_file"):
                DPoPKey.read(settings, lambda: 0.0)
