"""Client authentication at a provider (RFC 6749 section 2.3.1; RFC 7523 and OpenID Connect Core 1.0 section 9).

Pure, except that the key is read from a file once. The hub is a confidential client and always authenticates.
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
LIFETIME_SECONDS = 45  # IRIS accepts at most 60 s, and its clock is only known to within seconds
BACKDATED_SECONDS = 5  # providers reject assertions from the future, and their clocks may be slightly behind
JTI_BYTES = 24

RSA_ALGORITHMS = ("RS256", "PS256", "RS384", "PS384", "RS512", "PS512")
EC_ALGORITHMS = {"secp256r1": ("ES256",), "secp384r1": ("ES384",), "secp521r1": ("ES512",)}
ED25519_ALGORITHMS = ("EdDSA",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """The hub's client credentials at a provider.

    Attributes:
        method: A value of `provider.client_authentication`.
        algorithms: Signature algorithms for client assertions, the preferred first; empty for methods without assertions.
        key: Private key for the client assertions of `private_key_jwt`.
        key_id: `kid` of that key; empty: the assertions have none.
        audience_is_token_endpoint: Whether `aud` of client assertions is the token endpoint instead of the issuer.
    """

    client_id: str
    method: str
    secret: Secret
    algorithms: tuple[str, ...] = ()
    key: PrivateKey | None = field(default=None, repr=False)
    key_id: str = ""
    audience_is_token_endpoint: bool = False


def read_credentials(settings: ProviderSettings) -> ClientCredentials:
    """Return the hub's credentials at a provider. Reads the private key, if one is set.

    Raises:
        SettingsError: The key cannot be read, or does not fit the algorithm of the settings.
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
    """Return the request with client authentication. Each call makes a new client assertion, because it can be used once.

    `now` is in epoch seconds by the provider's clock.
    """
    match client.method:
        case "client_secret_basic":
            credentials = f"{quote_plus(client.client_id)}:{quote_plus(client.secret.reveal())}"
            authorization = f"Basic {base64.b64encode(credentials.encode()).decode()}"
            return replace(request, headers={**request.headers, "Authorization": authorization})
        case "client_secret_post":
            credentials_form = {"client_id": client.client_id, "client_secret": client.secret.reveal()}
        case _:
            credentials_form = {
                "client_id": client.client_id,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": _assertion(client, metadata, now),
            }
    return replace(request, form={**request.form, **credentials_form})


def mismatch(client: ClientCredentials, metadata: ProviderMetadata) -> str | None:
    """Return a warning if the provider does not list the hub's way of client authentication; None if it does.

    Such lists can be wrong, so the hub continues in any case.
    """
    methods = metadata.token_endpoint_auth_methods_supported
    if methods is not None and client.method not in methods:
        return f"The provider lists {', '.join(methods)}, but not {client.method}. Check provider.client_authentication."
    listed = metadata.token_endpoint_auth_signing_alg_values_supported
    if client.algorithms and listed is not None and not set(client.algorithms) & set(listed):
        return (
            f"The provider lists {', '.join(listed)} for client assertions, but not {' or '.join(client.algorithms)}. "
            "Check provider.client_assertion_algorithm and provider.client_key_file."
        )
    return None


def _assertion(client: ClientCredentials, metadata: ProviderMetadata, now: float) -> str:
    """Return a client assertion (RFC 7523 section 3, OpenID Connect Core 1.0 section 9)."""
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
    """Return the algorithm of the settings, or all possible algorithms if the settings name none."""
    wanted = settings.client_assertion_algorithm
    chosen = (wanted,) if wanted in possible else () if wanted else possible
    if not chosen:
        setting = setting_name(settings, "client_assertion_algorithm")
        usable = ", ".join(possible) or "no algorithm that the hub supports"
        raise SettingsError([f"{setting}: must fit the key or secret, which can sign with {usable}."])
    return chosen
