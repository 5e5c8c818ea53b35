"""Pushed authorization requests (RFC 9126): the hub hands in what a login asks for, the browser takes a reference there. Pure."""

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from hub.errors import LoginFailed, ProviderMisbehaved, ProviderRejectedClient, ProviderUnavailable
from hub.oidc.authorization import authorization_url, refused_authorization
from hub.oidc.metadata import ProviderMetadata
from hub.oidc.provider_response import decode_object, refuse_unavailable
from hub.oidc.token_endpoint import FormRequest, TokenRefused, token_error

WHAT = "pushed authorization request endpoint"
REQUEST_URI = re.compile(r"[\x21-\x7e]{1,2048}")

Setting = Literal["auto", "always", "never"]


class _PushedRequestMessage(msgspec.Struct):
    request_uri: str
    expires_in: float


def is_pushed(metadata: ProviderMetadata, setting: Setting) -> bool:
    """Tell whether a login is to be pushed: wherever the provider offers it, unless the operator wants something else.

    Raises:
        ProviderMisbehaved: Settings and provider cannot both have their way.
    """
    contradiction = contradicts(metadata, setting)
    if contradiction is not None:
        raise ProviderMisbehaved(contradiction)
    return setting != "never" and metadata.pushed_authorization_request_endpoint is not None


def contradicts(metadata: ProviderMetadata, setting: Setting) -> str | None:
    """Say in one line why nobody can log in with this setting; None if nothing speaks against it."""
    if setting == "never" and metadata.require_pushed_authorization_requests:
        return "The provider takes pushed authorization requests only: provider.pushed_authorization must not be never."
    if metadata.pushed_authorization_request_endpoint is not None:
        return None
    if setting == "always":
        return "The provider offers no pushed authorization requests: provider.pushed_authorization must not be always."
    if metadata.require_pushed_authorization_requests:
        return "The provider takes pushed authorization requests only, but its discovery document names no endpoint for them."
    return None


def build_push(metadata: ProviderMetadata, parameters: Mapping[str, str]) -> FormRequest:
    """Make the request that hands in the parameters of an authorization request (section 2.1).

    Raises:
        ProviderMisbehaved: The provider has no endpoint for it.
    """
    endpoint = metadata.pushed_authorization_request_endpoint
    if endpoint is None:
        raise ProviderMisbehaved(f"The login service has no {WHAT}.")
    return FormRequest(endpoint, dict(parameters))


def process_push(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """Return the `request_uri`: good for one login that begins at once (sections 2.2 and 7.3).

    Raises:
        LoginFailed: The provider refuses what the login asks for; the extension `error` holds its error code.
        ProviderRejectedClient: Client id, secret or key are wrong.
        ProviderUnavailable: 429, 5xx or the like.
        ProviderMisbehaved: The answer is neither a reference that can be used nor an OAuth error.
    """
    refuse_unavailable(status, headers, WHAT)
    if status not in (200, 201):  # section 2.2 says 201; some say 200
        raise _refused(status, headers, body)
    try:
        wire = msgspec.convert(decode_object(body, WHAT), _PushedRequestMessage)
    except msgspec.ValidationError as error:
        raise ProviderMisbehaved(f"The {WHAT} sent a response that cannot be used: {error}.") from error
    if not REQUEST_URI.fullmatch(wire.request_uri):
        raise ProviderMisbehaved(f"The {WHAT} sent a request_uri that is none.")
    if not wire.expires_in > 0:
        raise ProviderMisbehaved(f"The {WHAT} sent a request_uri that has expired already.")
    return wire.request_uri


def build_pushed_url(metadata: ProviderMetadata, client_id: str, request_uri: str) -> str:
    """Return where to send the browser: client id and reference, and nothing else (section 4)."""
    return authorization_url(metadata, {"client_id": client_id, "request_uri": request_uri})


def _refused(
    status: int, headers: Mapping[str, str], body: bytes
) -> LoginFailed | ProviderRejectedClient | ProviderUnavailable | ProviderMisbehaved:
    """Return what an error answer (section 2.3) means: it has the codes of both the token and the authorization endpoint."""
    error = token_error(status, headers, body, what=WHAT)
    return refused_authorization(error.error) if isinstance(error, TokenRefused) else error
