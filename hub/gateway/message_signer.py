"""Signs the requests of routes with the setting `proof` (HTTP message signatures, RFC 9421)."""

import secrets
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey

from hub.config.settings import RouteSettings, SettingsError
from hub.gateway.message_signature import SignatureKey, with_signature
from hub.gateway.routes import Route
from hub.oidc.private_key import read_private_key
from hub.primitives.clock import Clock
from hub.primitives.http import BodyStream, Headers
from hub.session.keyring import KeyringError, read_key


class MessageSigner:
    """Signs requests with the keys of their routes."""

    def __init__(self, routes: Iterable[RouteSettings], clock: Clock) -> None:
        """Read the signature keys of all routes.

        Raises:
            SettingsError: A key file cannot be read, or its key does not fit the algorithm.
        """
        self._keys = {route.prefix: _read(route) for route in routes if route.proof != "none"}
        self._clock = clock

    def sign(self, route: Route, headers: Headers, *, method: str, url: str, body: bytes | BodyStream = b"") -> Headers:
        """Return the request headers, with a fresh signature if the route has a signature key."""
        key = self._keys.get(route.prefix)
        if key is None or not isinstance(body, bytes):
            return headers
        created, nonce = int(self._clock.now()), secrets.token_urlsafe(18)
        return with_signature(headers, key, method=method, url=url, body=body, created=created, nonce=nonce)


def _read(route: RouteSettings) -> SignatureKey:
    setting = f"routes[{route.prefix}].proof_key_file"
    if route.proof == "hmac-sha256":
        try:
            return SignatureKey("hmac-sha256", route.proof_key_id, read_key(Path(route.proof_key_file)), route.proof_version)
        except KeyringError as error:
            raise SettingsError([f"{setting}: {error}"]) from error
    key = read_private_key(route.proof_key_file, setting)
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise SettingsError(
            [f"{setting}: {route.proof_key_file} must hold an EC private key on P-256, because proof is ecdsa-p256-sha256."]
        )
    return SignatureKey("ecdsa-p256-sha256", route.proof_key_id, key, route.proof_version)
