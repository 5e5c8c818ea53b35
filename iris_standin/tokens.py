"""The contents of tokens and token responses, as IRIS writes them. Pure: values in, claims and members out."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from authlib.oidc.core.util import create_half_hash  # type: ignore[import-untyped]

from iris_standin.metadata import OFFLINE_ACCESS
from iris_standin.model import AuthorizationRequest, Client, TokenRow
from iris_standin.options import Options


def new_code() -> str:
    """Return an authorization code: 64 random bytes, 86 characters."""
    return secrets.token_urlsafe(64)


def new_token() -> str:
    """Return a refresh token, opaque access token or session id: 32 random bytes, 43 characters."""
    return secrets.token_urlsafe(32)


def new_token_id(issuer: str) -> str:
    """Return a `jti`: the issuer, a dot and 27 random characters."""
    return f"{issuer}.{secrets.token_urlsafe(20)}"


def scope_text(scopes: Iterable[str], options: Options) -> str:
    """Return the scopes as one string. IRIS stores them as an array keyed by scope, hence sorted."""
    return " ".join(sorted(scopes) if options.scope_order == "sorted" else scopes)


def wants_refresh_token(request: AuthorizationRequest, client: Client, options: Options) -> bool:
    """Apply `refresh_policy` to an authorization."""
    policy = options.refresh_policy
    offline = OFFLINE_ACCESS in request.scopes
    if not policy:
        return offline and "openid" in request.scopes
    return "a" in policy or ("c" in policy and client.is_confidential) or ("f" in policy and offline)


def access_token_claims(row: TokenRow, issuer: str, options: Options) -> dict[str, Any]:
    """Return the claims of a JWT access token in IRIS's order; there is no client id among them."""
    return {
        "jti": row.access_token_id,
        "iss": issuer,
        "sub": row.subject,
        "exp": int(row.access_expires_at),
        "aud": _one_or_many(row.audience),
        "scope": scope_text(row.scopes, options),
        "iat": int(row.issued_at),
    }


def id_token_claims(row: TokenRow, issuer: str, nonce: str, user_claims: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """Return the claims of an ID token in IRIS's order; `nonce` is left out if empty."""
    half_hash: bytes = create_half_hash(row.access_token, options.signing_algorithm)
    audience = [*row.request.audience, row.client_id] if options.aud_mode == "array" else row.client_id
    requested = {name: user_claims[name] for name in row.request.id_token_claims if name in user_claims}
    return {
        "iss": issuer,
        "sub": row.subject,
        "exp": int(row.access_expires_at),
        "auth_time": int(row.auth_time),
        "iat": int(row.issued_at),
        **({"nonce": nonce} if nonce else {}),
        "at_hash": half_hash.decode(),
        "aud": audience,
        "azp": row.client_id,
        "sid": row.sid,
    } | requested


def token_response(row: TokenRow, options: Options, *, refresh_token: str, id_token: str) -> dict[str, Any]:
    """Return the members of a token response (RFC 6749 section 5.1); empty strings are left out."""
    members: dict[str, Any] = {
        "access_token": row.access_token,
        "token_type": "bearer",
        "expires_in": int(row.access_expires_at - row.issued_at),
        "scope": scope_text(row.scopes, options),
    }
    if refresh_token:
        members["refresh_token"] = refresh_token
    if id_token:
        members["id_token"] = id_token
    return members | dict(options.response_properties)


def introspection_response(row: TokenRow, issuer: str, options: Options) -> dict[str, Any]:
    """Return what introspection (RFC 7662 section 2.2) tells about the row of an active token."""
    return {
        "active": True,
        "scope": scope_text(row.scopes, options),
        "client_id": row.client_id,
        "username": row.username,
        "token_type": "bearer",
        "exp": int(row.access_expires_at),
        "iat": int(row.issued_at),
        "nbf": int(row.issued_at),
        "sub": row.subject,
        "aud": _one_or_many(row.audience),
        "iss": issuer,
        "jti": row.access_token_id,
    }


def _one_or_many(audience: tuple[str, ...]) -> str | list[str]:
    return audience[0] if len(audience) == 1 else list(audience)
