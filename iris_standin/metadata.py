"""The discovery document (OpenID Connect Discovery section 3) as IRIS emits it, in its order of members. Pure.

Copied from real documents, quirks included: `jwt_authorization` instead of the RFC 7523 URN, no `none` among the
authentication methods although public clients exist, no `iss` response parameter, non-standard `access_token_*` members.
"""

from typing import Any

from iris_standin.options import Options

STANDARD_SCOPES = ("openid", "profile", "email", "address", "phone")
OFFLINE_ACCESS = "offline_access"

GRANT_TYPES = ("authorization_code", "password", "client_credentials", "jwt_authorization", "refresh_token")
HMAC, RSA, EC, PSS = (tuple(f"{family}{size}" for size in (256, 384, 512)) for family in ("HS", "RS", "ES", "PS"))
ENCRYPTION_ALGORITHMS = ("none", "RSA1_5", "RSA-OAEP", "A128KW", "A192KW", "A256KW", "dir")
ENCRYPTION_METHODS = ("none", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512")
CLIENT_AUTHENTICATION = ("client_secret_post", "client_secret_basic", "client_secret_jwt", "private_key_jwt")
CLAIMS = (
    "preferred_username",
    "email",
    "email_verified",
    "name",
    "phone_number",
    "phone_number_verified",
    "iss",
    "sub",
    "aud",
    "exp",
    "auth_time",
    "jti",
    "sid",
)
LOCALES = ["ar", "de", "en", "en-us", "es", "es-cl", "fr", "it", "ja", "ko", "nl", "pt-br", "ru", "uk", "zh-cn"]


def discovery_document(issuer: str, options: Options) -> dict[str, Any]:
    """Return the members of `/.well-known/openid-configuration` for the IRIS version of `options.profile`."""
    return {
        "issuer": issuer,
        **_endpoints(issuer),
        "scopes_supported": [*STANDARD_SCOPES, *sorted(options.supported_scopes)],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "grant_types_supported": list(GRANT_TYPES),
        **({} if options.profile == "2023.1" else {"subject_types_supported": ["public"]}),
        **_algorithms(options),
        "token_endpoint_auth_methods_supported": list(CLIENT_AUTHENTICATION),
        "token_endpoint_auth_signing_alg_values_supported": list(_signing(options)),
        "claims_supported": list(CLAIMS),
        "ui_locales_supported": LOCALES,
        "claims_parameter_supported": True,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
    }


def _endpoints(issuer: str) -> dict[str, str]:
    return {
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "revocation_endpoint": f"{issuer}/revocation",
        "introspection_endpoint": f"{issuer}/introspection",
        "jwks_uri": f"{issuer}/jwks",
        "registration_endpoint": f"{issuer}/register",
        "end_session_endpoint": f"{issuer}/logout",
    }


def _algorithms(options: Options) -> dict[str, list[str]]:
    signing = _signing(options)
    members = _family("id_token", signing) | _family("userinfo", ("none", *signing))
    if not options.opaque_access_token:
        members |= _family("access_token", ("none", *signing))
    return members | _family("request_object", ("none", *signing))


def _family(name: str, signing: tuple[str, ...]) -> dict[str, list[str]]:
    return {
        f"{name}_signing_alg_values_supported": list(signing),
        f"{name}_encryption_alg_values_supported": list(ENCRYPTION_ALGORITHMS),
        f"{name}_encryption_enc_values_supported": list(ENCRYPTION_METHODS),
    }


def _signing(options: Options) -> tuple[str, ...]:
    return HMAC + RSA + EC + (() if options.profile == "2023.1" else PSS)
