"""Encrypted JWTs of the provider (RFC 7516, RFC 7519 section 5.2, OpenID Connect Core 1.0 section 10.2).

The key is read from a file; joserfc decrypts. JWE gives confidentiality, not authenticity: anybody can encrypt
with the public key, so the inner token must still be signed.
"""

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from hub.config.settings import ProviderSettings, SettingsError
from hub.errors import ProviderMisbehaved
from hub.oidc.private_key import read_private_key, setting_name
from hub.oidc.signed_jwt import decode_segment, refuse_critical
from hub.primitives.json_decoder import decode_json_object
from hub.primitives.secret import Secret

SETTING = "id_token_key_file"

RSA_ALGORITHMS = ("RSA-OAEP", "RSA-OAEP-256")
"""Without RSA1_5: its padding allows an attacker to decrypt by many requests (RFC 8725 section 3.2)."""

EC_ALGORITHMS = ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW")
CONTENT_ALGORITHMS = ("A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512")
"""Compression (`zip`) is not supported: a small token could become a large one."""


@dataclass(frozen=True, slots=True)
class DecryptionKey:
    """The private key for tokens that the provider encrypts."""

    key: RSAKey | ECKey = field(repr=False)
    algorithms: tuple[str, ...]


def read_decryption_key(settings: ProviderSettings) -> DecryptionKey | None:
    """Read the key of `id_token_key_file`; None if that is not set.

    Raises:
        SettingsError: The key cannot be read, or is of a type that can only sign.
    """
    path = settings.id_token_key_file
    if not path:
        return None
    name = setting_name(settings, SETTING)
    match read_private_key(path, name):
        case RSAPrivateKey():
            return DecryptionKey(RSAKey.import_key(Path(path).read_bytes()), RSA_ALGORITHMS)
        case EllipticCurvePrivateKey():
            return DecryptionKey(ECKey.import_key(Path(path).read_bytes()), EC_ALGORITHMS)
        case _:
            raise SettingsError([f"{name}: the key in {path} can only sign. Use an RSA or EC key."])


def is_encrypted(text: str) -> bool:
    """Return whether a compact JWT is encrypted: it then has five parts instead of three (RFC 7516 section 9)."""
    return text.count(".") == 4


def decrypt_signed(token: Secret, key: DecryptionKey | None, *, what: str, required: bool = True) -> Secret:
    """Return the signed JWT inside an encrypted one. The caller still has to verify its signature.

    Parameters:
        key: Private key for decryption; None if the provider does not encrypt tokens for the hub.
        what: The kind of token for error texts, such as `ID token`.
        required: Whether to reject a token that is not encrypted although there is a key.

    Raises:
        ProviderMisbehaved: The token is encrypted without a key, is not encrypted although required, cannot be decrypted, or
            contains no signed JWT.
    """
    text = token.reveal()
    if not is_encrypted(text):
        if key is not None and required:
            raise ProviderMisbehaved(f"The {what} is not encrypted, although provider.{SETTING} is set.")
        return token
    if key is None:
        raise ProviderMisbehaved(f"The {what} is encrypted. Set provider.{SETTING} to the private key for it.")
    inner = decrypt(token, key, what=what)
    if inner.count(".") != 2:  # OpenID Connect Core 1.0 section 2: sign first, then encrypt
        raise ProviderMisbehaved(f"The {what} is encrypted, but contains no signed JWT.")
    return Secret(inner)


def decrypt(token: Secret, key: DecryptionKey, *, what: str) -> str:
    """Return the plaintext of an encrypted JWT. `what` names the kind of token in error texts, such as `ID token`.

    Raises:
        ProviderMisbehaved: The token cannot be decrypted, or uses an algorithm that the hub does not support.
    """
    _check_header(token.reveal(), what)
    registry = jwe.JWERegistry(algorithms=[*key.algorithms, *CONTENT_ALGORITHMS], strict_check_header=False)
    try:
        plaintext = jwe.decrypt_compact(token.reveal(), key.key, registry=registry).plaintext
        return (plaintext or b"").decode()
    except (JoseError, ValueError, TypeError, KeyError) as error:  # TypeError and KeyError: malformed header members
        raise ProviderMisbehaved(
            f"The {what} cannot be decrypted. It must be encrypted for the key in provider.{SETTING}, by one of "
            f"{', '.join(key.algorithms)} with one of {', '.join(CONTENT_ALGORITHMS)}."
        ) from error


def _check_header(text: str, what: str) -> None:
    """Check the header before joserfc decodes it without bounds.

    Raises:
        ProviderMisbehaved: It is not a JSON object, or has `crit`.
    """
    try:
        header = decode_json_object(decode_segment(text.partition(".")[0]))
    except ValueError as error:
        raise ProviderMisbehaved(f"The {what} is not an encrypted JWT.") from error
    refuse_critical(header, what)
