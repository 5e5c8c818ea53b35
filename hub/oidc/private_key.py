"""Private keys of the hub in files (PEM): the one that it signs with as a client, the one that ID tokens are encrypted for."""

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hub.config.settings import MAIN_PROVIDER, ProviderSettings, SettingsError

MIN_RSA_BITS = 2048  # RFC 7518 section 3.3

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey


def read_private_key(path: str, setting: str) -> PrivateKey:
    """Read the private key in a PEM file.

    Parameters:
        setting: Where the file was named, for the operator.

    Raises:
        SettingsError: The file cannot be read, or holds no key that the hub can use.
    """
    try:
        key = load_pem_private_key(Path(path).read_bytes(), password=None)
    except OSError as error:
        raise SettingsError([f"{setting}: {path} cannot be read ({error.strerror})."]) from error
    except TypeError as error:  # what cryptography raises where a password is missing
        raise SettingsError(
            [f"{setting}: the key in {path} is protected by a password, which the hub cannot ask for."]
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SettingsError([f"{setting}: {path} holds no private key (PEM) that can be read."]) from error
    if not isinstance(key, PrivateKey):
        raise SettingsError([f"{setting}: the key in {path} is none of RSA, EC and Ed25519."])
    if isinstance(key, RSAPrivateKey) and key.key_size < MIN_RSA_BITS:
        raise SettingsError([f"{setting}: the RSA key in {path} has less than {MIN_RSA_BITS} bits."])
    return key


def setting_name(settings: ProviderSettings, key: str) -> str:
    """Return what the operator calls a setting of this provider."""
    return f"provider.{key}" if settings.name == MAIN_PROVIDER else f"providers[{settings.name}].{key}"
