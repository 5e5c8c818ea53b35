"""Encrypted JWTs of the provider (RFC 7516, RFC 7519 section 5.2, OpenID Connect Core 1.0 section 10.2). Pure, but for the key.

joserfc decrypts. Encryption hides and proves nothing: whoever has the public key can encrypt, so that what is inside has to be
signed all the same.
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
from hub.primitives.secret import Secret

SETTING = "id_token_key_file"

RSA_ALGORITHMS = ("RSA-OAEP", "RSA-OAEP-256")
"""Not RSA1_5: its padding lets an attacker decrypt by asking often enough (RFC 8725 section 3.2)."""

EC_ALGORITHMS = ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW")
CONTENT_ALGORITHMS = ("A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512")
"""No compression (`zip`) beside them: a small token could become a large one."""


@dataclass(frozen=True, slots=True)
class DecryptionKey:
    """The private key that the provider encrypts for."""

    key: RSAKey | ECKey = field(repr=False)
    algorithms: tuple[str, ...]


def read_decryption_key(settings: ProviderSettings) -> DecryptionKey | None:
    """Read the key of the settings; None if they name none.

    Raises:
        SettingsError: It cannot be read, or nobody can encrypt for it.
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
            raise SettingsError([f"{name}: the key in {path} can only sign; ID tokens are encrypted for RSA and EC keys."])


def is_encrypted(text: str) -> bool:
    """Tell whether a compact JWT is encrypted: it has five parts then, and three if it is signed (RFC 7516 section 9)."""
    return text.count(".") == 4


def decrypt_signed(token: Secret, key: DecryptionKey | None, *, what: str, required: bool = True) -> Secret:
    """Return the signed JWT inside; whose signature it is has still to be checked.

    Parameters:
        key: None: the provider does not encrypt for the hub. Otherwise it does.
        what: The kind of token in words, such as `ID token`.
        required: Whether a token that is not encrypted is refused where there is a key.

    Raises:
        ProviderMisbehaved: It is encrypted and should not be, or the other way round; or it cannot be decrypted; or what is
            inside is not signed.
    """
    text = token.reveal()
    if not is_encrypted(text):
        if key is not None and required:
            raise ProviderMisbehaved(f"The {what} is not encrypted, although provider.{SETTING} is set.")
        return token
    if key is None:
        raise ProviderMisbehaved(f"The {what} is encrypted. Name the private key for it in provider.{SETTING}.")
    inner = decrypt(token, key, what=what)
    if inner.count(".") != 2:  # OpenID Connect Core 1.0 section 2: it is signed first
        raise ProviderMisbehaved(f"The {what} is encrypted, but holds no signed JWT.")
    return Secret(inner)


def decrypt(token: Secret, key: DecryptionKey, *, what: str) -> str:
    """Return what is inside an encrypted JWT.

    Parameters:
        what: The kind of token in words, such as `ID token`.

    Raises:
        ProviderMisbehaved: It cannot be decrypted, or not with algorithms that the hub takes.
    """
    registry = jwe.JWERegistry(algorithms=[*key.algorithms, *CONTENT_ALGORITHMS], strict_check_header=False)
    try:
        plaintext = jwe.decrypt_compact(token.reveal(), key.key, registry=registry).plaintext
        return (plaintext or b"").decode()
    except (JoseError, ValueError, TypeError, KeyError) as error:  # the last two where members of the header are of a wrong kind
        raise ProviderMisbehaved(
            f"The {what} cannot be decrypted. It must be encrypted for the key in provider.{SETTING}, by one of "
            f"{', '.join(key.algorithms)} with one of {', '.join(CONTENT_ALGORITHMS)}."
        ) from error
