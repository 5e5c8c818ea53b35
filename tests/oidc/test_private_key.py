"""hub.oidc.private_key: what an operator may name as a private key."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from hub.config.settings import ProviderSettings, SettingsError
from hub.oidc.private_key import read_private_key, setting_name
from tests.oidc.samples import write_key


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["rsa", "ec", "ed25519"],
)
def test_read(tmp_path: Path, key: PrivateKeyTypes) -> None:
    """RSA, EC and Ed25519 keys are read as they are."""
    read = read_private_key(write_key(tmp_path, key), "provider.client_key_file")

    assert type(read) is type(key)
    assert read.public_key() == key.public_key()


@pytest.mark.parametrize(
    ("key", "detail"),
    [
        (rsa.generate_private_key(public_exponent=65537, key_size=1024), "at least 2048 bits"),  # noqa: S505
        (x25519.X25519PrivateKey.generate(), "RSA, EC or Ed25519"),
        (dsa.generate_private_key(key_size=2048), "RSA, EC or Ed25519"),
    ],
    ids=["short", "x25519", "dsa"],
)
def test_unusable(tmp_path: Path, key: PrivateKeyTypes, detail: str) -> None:
    """A key that is too weak, or of a kind that cannot be used, is refused with the name of its setting."""
    with pytest.raises(SettingsError, match=detail) as caught:
        read_private_key(write_key(tmp_path, key), "provider.client_key_file")

    assert str(caught.value).strip().splitlines()[-1].strip().startswith("provider.client_key_file: ")


def test_password(tmp_path: Path) -> None:
    """The hub cannot ask for a password, and says so."""
    path = write_key(tmp_path, ec.generate_private_key(ec.SECP256R1()), password=b"secret")
    with pytest.raises(SettingsError, match="protected by a password"):
        read_private_key(path, "provider.client_key_file")


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_no_key(tmp_path: Path, content: bytes) -> None:
    """What is no key is told, and not repeated."""
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="not a readable private key") as caught:
        read_private_key(str(path), "provider.client_key_file")

    assert "AAAA" not in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(SettingsError, match="cannot be read"):
        read_private_key(str(tmp_path / "missing.pem"), "provider.client_key_file")


def test_names() -> None:
    """The operator finds the setting under the name that it has in the settings file."""
    assert setting_name(ProviderSettings(), "client_key_file") == "provider.client_key_file"
    assert setting_name(ProviderSettings(name="lab"), "client_key_file") == "providers[lab].client_key_file"
