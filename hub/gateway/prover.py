"""Puts the proof into the requests of those routes that want one."""

import secrets
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey

from hub.config.settings import RouteSettings, SettingsError
from hub.gateway.proof import ProofKey, proven
from hub.gateway.routes import Route
from hub.oidc.private_key import read_private_key
from hub.primitives.clock import Clock
from hub.primitives.http import BodyStream, Headers
from hub.session.keyring import KeyringError, read_key


class Prover:
    """Knows the keys of all routes."""

    def __init__(self, routes: Iterable[RouteSettings], clock: Clock) -> None:
        """Read the keys.

        Raises:
            SettingsError: A key cannot be read, or does not fit its algorithm.
        """
        self._keys = {route.prefix: _read(route) for route in routes if route.proof != "none"}
        self._clock = clock

    def fields(self, route: Route, headers: Headers, *, method: str, url: str, body: bytes | BodyStream = b"") -> Headers:
        """Return the fields of a request, with a proof of it if its route wants one. No two proofs are alike."""
        key = self._keys.get(route.prefix)
        if key is None or not isinstance(body, bytes):
            return headers
        created, nonce = int(self._clock.now()), secrets.token_urlsafe(18)
        return proven(headers, key, method=method, url=url, body=body, created=created, nonce=nonce)


def _read(route: RouteSettings) -> ProofKey:
    setting = f"routes[{route.prefix}].proof_key_file"
    if route.proof == "hmac-sha256":
        try:
            return ProofKey("hmac-sha256", route.proof_key_id, read_key(Path(route.proof_key_file)))
        except KeyringError as error:
            raise SettingsError([f"{setting}: {error}"]) from error
    key = read_private_key(route.proof_key_file, setting)
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise SettingsError(
            [f"{setting}: ecdsa-p256-sha256 signs with an EC key on P-256; that in {route.proof_key_file} is another."]
        )
    return ProofKey("ecdsa-p256-sha256", route.proof_key_id, key)
