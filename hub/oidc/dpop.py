"""DPoP (RFC 9449): access tokens that are bound to a private key of the hub. No I/O after the key has been read.

A stolen token is useless without the key. The nonces that servers demand are cached by server.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit, urlunsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from jwt.algorithms import ECAlgorithm

from hub.config.settings import ProviderSettings, SettingsError
from hub.oidc.private_key import read_private_key, setting_name
from hub.primitives.secret import Secret
from hub.primitives.ttl_cache import BoundedTtlCache

SCHEME = "DPoP"
NONCE = "dpop-nonce"
USE_NONCE = "use_dpop_nonce"
ALGORITHM = "ES256"
MAX_SERVERS = 1000  # servers whose nonces are cached
MAX_NONCE_CHARACTERS = 512


class DPoPKey:
    """The key to which one provider binds the hub's tokens. It makes DPoP proofs and caches server nonces."""

    def __init__(self, key: EllipticCurvePrivateKey, now: Callable[[], float]) -> None:
        """Parameters:
        now: Returns the time in epoch seconds.
        """
        self._key = key
        self._public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        self._now = now
        self._nonces: BoundedTtlCache[str, str] = BoundedTtlCache(MAX_SERVERS)

    @classmethod
    def read(cls, settings: ProviderSettings, now: Callable[[], float]) -> "DPoPKey | None":
        """Read the key of `dpop_key_file`. Return None if that is not set: tokens are then bearer tokens.

        Raises:
            SettingsError: The file cannot be read, or does not hold an EC key on P-256.
        """
        if not settings.dpop_key_file:
            return None
        setting = setting_name(settings, "dpop_key_file")
        key = read_private_key(settings.dpop_key_file, setting)
        if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
            raise SettingsError([f"{setting}: {settings.dpop_key_file} must hold an EC private key on P-256."])
        return cls(key, now)

    def make_proof(self, method: str, url: str, access_token: Secret | None = None) -> str:
        """Return a DPoP proof for one request (section 4.2) and its access token; None at the token endpoint."""
        parts = urlsplit(url)
        claims: dict[str, str | int] = {
            "jti": secrets.token_urlsafe(18),
            "htm": method,
            "htu": urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")),
            "iat": int(self._now()),
        }
        if access_token is not None:
            digest = hashlib.sha256(access_token.reveal().encode()).digest()
            claims["ath"] = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if nonce := self._nonces.get(_origin(url)):
            claims["nonce"] = nonce
        return jwt.encode(claims, self._key, ALGORITHM, headers={"typ": "dpop+jwt", "jwk": self._public})

    def learn(self, url: str, headers: Iterable[tuple[str, str]]) -> bool:
        """Cache the nonce in a response from `url` (section 8). Return whether it is new."""
        nonce = next((value for name, value in headers if name.lower() == NONCE), "")
        origin = _origin(url)
        if not nonce or len(nonce) > MAX_NONCE_CHARACTERS or self._nonces.get(origin) == nonce:
            return False
        self._nonces.put(origin, nonce)
        return True


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
