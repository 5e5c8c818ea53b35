"""How the hub proves to a provider who it is (RFC 6749 section 2.3.1; RFC 7523 and OpenID Connect Core 1.0 section 9).

Pure, but for the key, which is read once. The hub is a confidential client: there is no way without a proof.
"""

import base64
import secrets
from dataclasses import dataclass, field, replace
from urllib.parse import quote_plus

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.config.rules import SHORTEST_SECRET
from hub.config.settings import ProviderSettings, SettingsError
from hub.oidc.metadata import ProviderMetadata
from hub.oidc.private_key import PrivateKey, read_private_key, setting_name
from hub.oidc.token_endpoint import FormRequest
from hub.primitives.secret import Secret

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME_SECONDS = 45  # IRIS takes assertions of 60 s at most, and its clock is known to some seconds only
BACKDATED_SECONDS = 5  # for the same reason: one that seems to come out of the future is refused
JTI_BYTES = 24

RSA_ALGORITHMS = ("RS256", "PS256", "RS384", "PS384", "RS512", "PS512")
EC_ALGORITHMS = {"secp256r1": ("ES256",), "secp384r1": ("ES384",), "secp521r1": ("ES512",)}
ED25519_ALGORITHMS = ("EdDSA",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """Who the hub is at a provider, and with what it proves it.

    Attributes:
        method: One of `provider.client_authentication`.
        algorithms: What a JWT of the hub may be signed with, the preferred first; empty for methods without one.
        key: Signs the JWTs of `private_key_jwt`.
        key_id: `kid` of that key; empty: none.
        audience_is_token_endpoint: `aud` of the JWTs is the token endpoint, and not the issuer.
    """

    client_id: str
    method: str
    secret: Secret
    algorithms: tuple[str, ...] = ()
    key: PrivateKey | None = field(default=None, repr=False)
    key_id: str = ""
    audience_is_token_endpoint: bool = False


def read_credentials(settings: ProviderSettings) -> ClientCredentials:
    """Return the hub's credentials at a provider; reads the private key, if they have one.

    Raises:
        SettingsError: The key cannot be read, or cannot sign with the algorithm of the settings.
    """
    method = settings.client_authentication
    key: PrivateKey | None = None
    possible: tuple[str, ...] = ()
    if method == "private_key_jwt":
        key = read_private_key(settings.client_key_file, setting_name(settings, "client_key_file"))
        possible = _algorithms_of(key)
    elif method == "client_secret_jwt":
        length = len(settings.client_secret.reveal().encode())
        possible = tuple(name for name, shortest in SHORTEST_SECRET.items() if length >= shortest)
    return ClientCredentials(
        client_id=settings.client_id,
        method=method,
        secret=settings.client_secret,
        algorithms=_chosen(settings, possible) if method.endswith("_jwt") else (),
        key=key,
        key_id=settings.client_key_id,
        audience_is_token_endpoint=settings.client_assertion_audience == "token_endpoint",
    )


def authenticate(request: FormRequest, client: ClientCredentials, metadata: ProviderMetadata, now: float) -> FormRequest:
    """Return the request with the proof of who sends it: a new one each time, since an assertion counts once (RFC 7523).

    Parameters:
        now: Epoch seconds by the provider's clock.
    """
    match client.method:
        case "client_secret_basic":
            credentials = f"{quote_plus(client.client_id)}:{quote_plus(client.secret.reveal())}"
            authorization = f"Basic {base64.b64encode(credentials.encode()).decode()}"
            return replace(request, headers={**request.headers, "Authorization": authorization})
        case "client_secret_post":
            proof = {"client_id": client.client_id, "client_secret": client.secret.reveal()}
        case _:
            proof = {
                "client_id": client.client_id,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": _assertion(client, metadata, now),
            }
    return replace(request, form={**request.form, **proof})


def mismatch(client: ClientCredentials, metadata: ProviderMetadata) -> str | None:
    """Say in one line what the provider does not list of how the hub authenticates; None if nothing speaks against it.

    Lists can be wrong: it is worth a warning, and the hub goes on.
    """
    methods = metadata.token_endpoint_auth_methods_supported
    if methods is not None and client.method not in methods:
        return f"The provider does not list {client.method}, but {', '.join(methods)}: see provider.client_authentication."
    listed = metadata.token_endpoint_auth_signing_alg_values_supported
    if client.algorithms and listed is not None and not set(client.algorithms) & set(listed):
        return (
            f"The provider does not list {' or '.join(client.algorithms)} for client assertions, but {', '.join(listed)}: "
            "see provider.client_assertion_algorithm and provider.client_key_file."
        )
    return None


def _assertion(client: ClientCredentials, metadata: ProviderMetadata, now: float) -> str:
    """Make the JWT in which the client speaks for itself (RFC 7523 section 3, OpenID Connect Core 1.0 section 9)."""
    claims = {
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": metadata.token_endpoint if client.audience_is_token_endpoint else metadata.issuer,
        "jti": secrets.token_urlsafe(JTI_BYTES),
        "iat": int(now) - BACKDATED_SECONDS,
        "exp": int(now) + LIFETIME_SECONDS,
    }
    listed = metadata.token_endpoint_auth_signing_alg_values_supported
    fitting = [name for name in client.algorithms if listed is None or name in listed]
    algorithm = (fitting or client.algorithms)[0]
    headers = {"kid": client.key_id} if client.key_id else None
    return jwt.encode(claims, client.secret.reveal() if client.key is None else client.key, algorithm, headers)


def _algorithms_of(key: PrivateKey) -> tuple[str, ...]:
    match key:
        case RSAPrivateKey():
            return RSA_ALGORITHMS
        case EllipticCurvePrivateKey():
            return EC_ALGORITHMS.get(key.curve.name, ())
        case _:
            return ED25519_ALGORITHMS


def _chosen(settings: ProviderSettings, possible: tuple[str, ...]) -> tuple[str, ...]:
    """Return the algorithm of the settings, or all possible ones if they leave it open."""
    wanted = settings.client_assertion_algorithm
    chosen = (wanted,) if wanted in possible else () if wanted else possible
    if not chosen:
        setting = setting_name(settings, "client_assertion_algorithm")
        usable = ", ".join(possible) or "nothing that the hub knows"
        raise SettingsError([f"{setting}: what the client authenticates with can sign with {usable}."])
    return chosen
