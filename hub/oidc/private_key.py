"""Reading of the hub's private keys (PEM): for client assertions, DPoP, message signatures and encrypted ID tokens."""

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
    """Read the private key in the PEM file that `setting` names; error texts begin with that name.

    Raises:
        SettingsError: The file cannot be read, or contains no key that the hub can use.
    """
    try:
        key = load_pem_private_key(Path(path).read_bytes(), password=None)
    except OSError as error:
        raise SettingsError([f"{setting}: {path} cannot be read ({error.strerror})."]) from error
    except TypeError as error:  # cryptography raises this if a password is missing
        raise SettingsError(
            [f"{setting}: the key in {path} is protected by a password. Save it without one: the hub cannot ask for it."]
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SettingsError([f"{setting}: {path} is not a readable private key (PEM)."]) from error
    if not isinstance(key, PrivateKey):
        raise SettingsError([f"{setting}: the key in {path} must be of type RSA, EC or Ed25519."])
    if isinstance(key, RSAPrivateKey) and key.key_size < MIN_RSA_BITS:
        raise SettingsError([f"{setting}: the RSA key in {path} must have at least {MIN_RSA_BITS} bits."])
    return key


def setting_name(settings: ProviderSettings, key: str) -> str:
    """Return the full name of a setting of this provider, for error texts."""
    return f"provider.{key}" if settings.name == MAIN_PROVIDER else f"providers[{settings.name}].{key}"
