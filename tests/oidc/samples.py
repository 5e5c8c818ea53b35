"""Values that the tests of this package share."""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from hub.config.settings import ProviderSettings
from hub.oidc.metadata import ProviderMetadata
from hub.primitives.secret import Secret

ISSUER = "https://provider.example"
IRIS = "https://iris.example/authserver/oauth2"
REDIRECT_URI = "https://hub.example/hub/callback"

METADATA = ProviderMetadata(
    issuer=ISSUER,
    authorization_endpoint=f"{ISSUER}/authorize",
    token_endpoint=f"{ISSUER}/token",
    jwks_uri=f"{ISSUER}/jwks",
    revocation_endpoint=f"{ISSUER}/revoke",
    end_session_endpoint=f"{ISSUER}/logout",
)


def settings(**changes: Any) -> ProviderSettings:
    """Return the hub's settings at `ISSUER`."""
    return ProviderSettings(**{"issuer": ISSUER, "client_id": "hub", "client_secret": Secret("secret"), **changes})


def discovery(**changes: Any) -> bytes:
    """Return a discovery document; members set to None are left out."""
    document = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/jwks",
        "code_challenge_methods_supported": ["plain", "S256"],
        **changes,
    }
    return json.dumps({name: value for name, value in document.items() if value is not None}).encode()


def iris_discovery() -> bytes:
    """Return what InterSystems IRIS 2026.1 says of itself, as far as it can matter to the hub."""
    endpoints = ("authorize", "token", "userinfo", "revocation", "introspection")
    named = {f"{name}_endpoint": f"{IRIS}/{name}" for name in endpoints if name != "authorize"}
    return discovery(
        issuer=IRIS,
        authorization_endpoint=f"{IRIS}/authorize",
        jwks_uri=f"{IRIS}/jwks",
        end_session_endpoint=f"{IRIS}/logout",
        access_token_signing_alg_values_supported=["none", "RS256"],
        subject_types_supported=None,
        **named,
    )


def write_key(folder: Path, key: PrivateKeyTypes, name: str = "key.pem", password: bytes | None = None) -> str:
    """Write a private key as an operator has it (PEM, PKCS #8); return the path."""
    encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
    path = folder / name
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return str(path)
