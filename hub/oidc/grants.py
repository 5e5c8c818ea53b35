"""Grants for audience-restricted tokens and for tokens of the hub itself (RFC 8707, RFC 8693, RFC 6749 section 4.4). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hub.errors import ProviderMisbehaved
from hub.oidc.dialect import ProviderDialect
from hub.oidc.metadata import ProviderMetadata
from hub.oidc.provider_response import decode_object
from hub.oidc.token_endpoint import WHAT, FormRequest, TokenResponse, process_token_response
from hub.primitives.secret import Secret

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
ISSUED_TOKEN_TYPES = (ACCESS_TOKEN, "urn:ietf:params:oauth:token-type:jwt")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTarget:
    """The API for which a token is requested, and the scopes of the token.

    Attributes:
        audience: The provider's name for the resource server (RFC 8693 section 2.1).
        resource: The resource server as an absolute URI (RFC 8707).
        scopes: Requested scopes; empty: the provider's default.
    """

    audience: str = ""
    resource: str = ""
    scopes: tuple[str, ...] = ()


def build_client_credentials(metadata: ProviderMetadata, target: TokenTarget, dialect: ProviderDialect) -> FormRequest:
    """Build the request for an access token of the hub itself (client credentials grant, RFC 6749 section 4.4)."""
    return FormRequest(metadata.token_endpoint, {"grant_type": "client_credentials", **_target_form(dialect, target)})


def build_exchange(
    metadata: ProviderMetadata, access_token: Secret, target: TokenTarget, dialect: ProviderDialect
) -> FormRequest:
    """Build the request that exchanges a user's access token for an audience-restricted token (RFC 8693 section 2.1)."""
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": access_token.reveal(),
        "subject_token_type": ACCESS_TOKEN,
        "requested_token_type": ACCESS_TOKEN,
        **_target_form(dialect, target),
    }
    return FormRequest(metadata.token_endpoint, form)


def process_client_credentials(status: int, headers: Mapping[str, str], body: bytes) -> TokenResponse:
    """Parse the response to `build_client_credentials`. A refresh token is dropped: section 4.4.3 forbids it.

    Raises:
        TokenRefused, ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_token_response`.
    """
    return _access_token_only(process_token_response(status, headers, body))


def process_exchange(status: int, headers: Mapping[str, str], body: bytes) -> TokenResponse:
    """Parse the response to `build_exchange`. A refresh token is dropped: that of the session is enough.

    Raises:
        TokenRefused, ProviderRejectedClient, ProviderUnavailable: As `process_token_response`.
        ProviderMisbehaved: As `process_token_response`, or the issued token is not an access token (RFC 8693 section 2.2.1).
    """
    response = process_token_response(status, headers, body)
    if decode_object(body, WHAT).get("issued_token_type") not in ISSUED_TOKEN_TYPES:
        raise ProviderMisbehaved(f"The {WHAT} did not issue an access token in a token exchange.")
    return _access_token_only(response)


def _target_form(dialect: ProviderDialect, target: TokenTarget) -> dict[str, str]:
    """Return the parameters that name the target."""
    form = {
        dialect.audience_parameter: target.audience,
        "resource": target.resource,
        "scope": " ".join(target.scopes),
    }
    return {name: value for name, value in form.items() if value}


def _access_token_only(response: TokenResponse) -> TokenResponse:
    return replace(response, refresh_token=None, refresh_expires_in=None, id_token=None)
