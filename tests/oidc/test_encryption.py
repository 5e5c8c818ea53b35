"""hub.oidc.encryption: what a provider has encrypted for the hub (RFC 7516)."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey, RSAKey

from hub.config.settings import SettingsError
from hub.errors import ProviderMisbehaved
from hub.oidc.encryption import DecryptionKey, decrypt_signed, is_encrypted, read_decryption_key
from hub.primitives.secret import Secret
from tests.oidc.samples import settings, write_key

SIGNED = "e30.e30.c2lnbmF0dXJl"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
EVERYTHING = jwe.JWERegistry(
    algorithms=[*jwe.JWERegistry.algorithms["alg"], *jwe.JWERegistry.algorithms["enc"], *jwe.JWERegistry.algorithms["zip"]]
)


@pytest.fixture(params=["rsa", "ec"])
def key(request: pytest.FixtureRequest, tmp_path: Path) -> DecryptionKey:
    """The hub's key."""
    return read(tmp_path, RSA if request.param == "rsa" else EC)


def read(folder: Path, private: Any) -> DecryptionKey:
    """Read a key as the settings name it."""
    found = read_decryption_key(settings(id_token_key_file=write_key(folder, private)))
    assert found is not None
    return found


def encrypted(plaintext: str, private: Any, alg: str, enc: str = "A256GCM", **header: Any) -> Secret:
    """Encrypt for the public half of a key, as a provider does."""
    protected = {"alg": alg, "enc": enc, "cty": "JWT", **header}
    match private:
        case rsa.RSAPrivateKey():
            public: Any = RSAKey.import_key(RSAKey.import_key(_pem(private)).as_pem(private=False))
        case ec.EllipticCurvePrivateKey():
            public = ECKey.import_key(ECKey.import_key(_pem(private)).as_pem(private=False))
        case _:
            public = OctKey.import_key(private)
    return Secret(jwe.encrypt_compact(protected, plaintext, public, registry=EVERYTHING))


def _pem(private: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem: bytes = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


@pytest.mark.parametrize(
    ("private", "alg"),
    [(RSA, "RSA-OAEP"), (RSA, "RSA-OAEP-256"), (EC, "ECDH-ES"), (EC, "ECDH-ES+A128KW"), (EC, "ECDH-ES+A256KW")],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("enc", ["A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512"])
def test_decrypts(tmp_path: Path, private: Any, alg: str, enc: str) -> None:
    """What was encrypted for the hub's key, by an algorithm that is still good, gives the signed JWT inside."""
    token = encrypted(SIGNED, private, alg, enc)

    assert is_encrypted(token.reveal())
    assert decrypt_signed(token, read(tmp_path, private), what="ID token").reveal() == SIGNED


class TestRefused:
    """What must not pass for an encrypted and signed token."""

    @pytest.mark.filterwarnings("ignore:JWE algorithm")
    @pytest.mark.parametrize("alg", ["RSA1_5"])
    def test_refused(self, tmp_path: Path, alg: str) -> None:
        """RFC 8725 section 3.2: an algorithm that leaks what it encrypts is not used, whoever asks for it."""
        with pytest.raises(ProviderMisbehaved, match="cannot be decrypted"):
            decrypt_signed(encrypted(SIGNED, RSA, alg), read(tmp_path, RSA), what="ID token")

    def test_compressed(self, tmp_path: Path) -> None:
        """A token that would grow when it is opened is not opened."""
        with pytest.raises(ProviderMisbehaved):
            decrypt_signed(encrypted(SIGNED, RSA, "RSA-OAEP", zip="DEF"), read(tmp_path, RSA), what="ID token")

    def test_symmetric(self, tmp_path: Path) -> None:
        """The public key is no shared secret."""
        token = encrypted(SIGNED, b"k" * 32, "A256KW")
        with pytest.raises(ProviderMisbehaved):
            decrypt_signed(token, read(tmp_path, RSA), what="ID token")

    def test_other_key(self, tmp_path: Path) -> None:
        """What was encrypted for somebody else stays closed."""
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        with pytest.raises(ProviderMisbehaved, match=r"provider\.id_token_key_file"):
            decrypt_signed(encrypted(SIGNED, other, "RSA-OAEP"), read(tmp_path, RSA), what="ID token")

    @pytest.mark.parametrize("inside", [json.dumps({"sub": "alice"}), "e30.e30.e30.e30.e30", ""])
    def test_not_signed_inside(self, tmp_path: Path, inside: str) -> None:
        """Anybody can encrypt for a public key: only a signature tells who speaks (OpenID Connect Core 1.0 section 2)."""
        with pytest.raises(ProviderMisbehaved):
            decrypt_signed(encrypted(inside, RSA, "RSA-OAEP"), read(tmp_path, RSA), what="ID token")

    def test_plain_where_encrypted_is_expected(self, key: DecryptionKey) -> None:
        """Where the provider encrypts, a token that is not encrypted is not its."""
        with pytest.raises(ProviderMisbehaved, match="not encrypted"):
            decrypt_signed(Secret(SIGNED), key, what="ID token")

    def test_encrypted_without_a_key(self) -> None:
        """The operator is told which setting is missing."""
        with pytest.raises(ProviderMisbehaved, match="to the private key"):
            decrypt_signed(encrypted(SIGNED, RSA, "RSA-OAEP"), None, what="ID token")


def test_plain_where_it_may_be(key: DecryptionKey) -> None:
    """A logout token may come without encryption: its signature proves it."""
    assert decrypt_signed(Secret(SIGNED), key, what="logout token", required=False).reveal() == SIGNED
    assert decrypt_signed(Secret(SIGNED), None, what="ID token").reveal() == SIGNED


@given(st.lists(st.text(alphabet="abcXYZ019-_=", max_size=30), min_size=5, max_size=5).map(".".join))
def test_any_text(text: str) -> None:
    """No text of five parts raises anything but an error of the hub's own."""
    key = DecryptionKey(RSAKey.import_key(_pem(RSA)), ("RSA-OAEP",))
    with pytest.raises(ProviderMisbehaved):
        decrypt_signed(Secret(text), key, what="ID token")


def test_settings(tmp_path: Path) -> None:
    """No setting, no key; a key that can only sign is a mistake in the settings."""
    assert read_decryption_key(settings()) is None
    path = write_key(tmp_path, ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(SettingsError, match=r"provider\.id_token_key_file"):
        read_decryption_key(settings(id_token_key_file=path))


@pytest.mark.parametrize("header", [b'{"alg":' + b"[" * 30_000, b"[]", b"7", b"\xff"])
def test_header_that_cannot_be_read(key: DecryptionKey, header: bytes) -> None:
    """It is rejected before joserfc decodes it, which would exhaust the stack."""
    segment = base64.urlsafe_b64encode(header).rstrip(b"=").decode()

    with pytest.raises(ProviderMisbehaved, match="not an encrypted JWT"):
        decrypt_signed(Secret(f"{segment}.AAAA.AAAA.AAAA.AAAA"), key, what="ID token")


def test_critical_header(tmp_path: Path) -> None:
    """RFC 7516 section 4.1.13: the hub understands no extension."""
    token = encrypted(SIGNED, RSA, "RSA-OAEP").reveal()
    header = json.dumps({"alg": "RSA-OAEP", "enc": "A256GCM", "crit": ["exp"], "exp": 1}).encode()
    forged = base64.urlsafe_b64encode(header).rstrip(b"=").decode() + "." + token.partition(".")[2]

    with pytest.raises(ProviderMisbehaved, match="crit"):
        decrypt_signed(Secret(forged), read(tmp_path, RSA), what="ID token")
