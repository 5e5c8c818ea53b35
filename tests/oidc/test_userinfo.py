"""hub.oidc.userinfo: the response as JSON and as a JWT (OpenID Connect Core 1.0 section 5.3.2)."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import RSAKey

from hub.errors import HubError, ProviderMisbehaved
from hub.oidc.encryption import read_decryption_key
from hub.oidc.id_token import Expectations
from hub.oidc.jwks import KeySet, process_jwks
from hub.oidc.userinfo import SignedUserinfo, read_userinfo, require_subject, verify_userinfo
from tests.oidc.samples import ISSUER, settings, write_key
from tests.parties.signing import SigningKey, break_signature, sign

NOW = 1_800_000_000.0
JSON = {"Content-Type": "application/json"}
JWT = {"content-type": "application/jwt; charset=utf-8"}
KEY = SigningKey.rsa("k")
ENCRYPTION = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def keys() -> KeySet:
    """Return the provider's keys."""
    return process_jwks(200, {}, json.dumps({"keys": [KEY.public]}).encode())


def signed(header: dict[str, Any] | None = None, **changes: Any) -> SignedUserinfo:
    """Return a signed response; members that are None are left out."""
    claims = {"iss": ISSUER, "aud": "hub", "sub": "alice", "name": "Alice", **changes}
    text = sign({name: value for name, value in claims.items() if value is not None}, KEY, header)
    read = read_userinfo(JWT, text.encode(), None)
    assert isinstance(read, SignedUserinfo)
    return read


def verified(response: SignedUserinfo) -> dict[str, Any]:
    """Judge a signed response."""
    expected = Expectations(issuer=ISSUER, client_id="hub", algorithms=["RS256"], leeway_seconds=60)
    return verify_userinfo(response, keys(), expected, now=NOW)


def test_json() -> None:
    """Plain JSON is believed for the connection it came over."""
    assert read_userinfo(JSON, b'{"sub": "alice"}', None) == {"sub": "alice"}


def test_signed() -> None:
    """A JWT says nothing before its signature was judged; then it says what it says, also without `iss`, `aud` and `exp`."""
    assert verified(signed())["name"] == "Alice"
    assert verified(signed(iss=None, aud=None))["sub"] == "alice"
    assert verified(signed(aud=["other", "hub"], exp=int(NOW)))["sub"] == "alice"


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"aud": "other"}, "aud"),
        ({"aud": ["other"]}, "aud"),
        ({"exp": int(NOW) - 3600}, "expired"),
        ({"events": {}}, "another kind"),
        ({"header": {"typ": "logout+jwt"}}, "another kind"),
    ],
)
def test_refused(changes: dict[str, Any], detail: str) -> None:
    """What was made by or for somebody else, or as something else, is not used."""
    with pytest.raises(ProviderMisbehaved, match=detail):
        verified(signed(**changes))


def test_broken_signature() -> None:
    """A signature that is wrong makes all of it worthless."""
    with pytest.raises(HubError):
        verified(SignedUserinfo(type(signed().token)(break_signature(signed().token.reveal()))))


def test_encrypted(tmp_path: Path) -> None:
    """An encrypted response may hold plain claims or a signed JWT."""
    key = read_decryption_key(settings(id_token_key_file=write_key(tmp_path, ENCRYPTION)))
    public = RSAKey.import_key(RSAKey.import_key(Path(tmp_path, "key.pem").read_bytes()).as_pem(private=False))
    header = {"alg": "RSA-OAEP-256", "enc": "A256GCM"}
    registry = jwe.JWERegistry(algorithms=list(header.values()))

    def encrypt(plaintext: str) -> bytes:
        return jwe.encrypt_compact(header, plaintext, public, registry=registry).encode()

    inside = read_userinfo(JWT, encrypt(signed().token.reveal()), key)

    assert read_userinfo(JWT, encrypt('{"sub": "alice"}'), key) == {"sub": "alice"}
    assert isinstance(inside, SignedUserinfo)
    assert verified(inside)["sub"] == "alice"
    with pytest.raises(ProviderMisbehaved, match="id_token_key_file"):
        read_userinfo(JWT, encrypt("{}"), None)


@given(st.sampled_from([JSON, JWT, {}]), st.binary(max_size=100))
def test_any_body(headers: dict[str, str], body: bytes) -> None:
    """Whatever comes is claims, something to be judged, or an error of the hub's own."""
    try:
        assert isinstance(read_userinfo(headers, body, None), dict | SignedUserinfo)
    except HubError as error:
        assert error.detail


@pytest.mark.parametrize("subject", ["bob", None, ""])
def test_subject(subject: str | None) -> None:
    """C9: claims about anybody else are not used."""
    with pytest.raises(ProviderMisbehaved):
        require_subject({"sub": subject, "name": "Bob"}, "alice")
    assert require_subject({"sub": "alice"}, "alice") == {"sub": "alice"}
