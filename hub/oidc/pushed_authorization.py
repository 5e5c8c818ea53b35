"""Pushed authorization requests (RFC 9126). Pure.

The hub sends the parameters of a login to the provider. The browser gets only a reference to them, the `request_uri`.
"""

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
    """Return whether to push a login. With `auto` that is so if the provider supports it.

    Raises:
        ProviderMisbehaved: The setting contradicts the provider's metadata.
    """
    contradiction = contradicts(metadata, setting)
    if contradiction is not None:
        raise ProviderMisbehaved(contradiction)
    return setting != "never" and metadata.pushed_authorization_request_endpoint is not None


def contradicts(metadata: ProviderMetadata, setting: Setting) -> str | None:
    """Return in one line why no login is possible with this setting; None if there is no contradiction."""
    if setting == "never" and metadata.require_pushed_authorization_requests:
        return "The provider requires pushed authorization requests. Set provider.pushed_authorization to auto or always."
    if metadata.pushed_authorization_request_endpoint is not None:
        return None
    if setting == "always":
        return "The provider does not support pushed authorization requests. Set provider.pushed_authorization to auto or never."
    if metadata.require_pushed_authorization_requests:
        return "The provider requires pushed authorization requests, but its discovery document has no endpoint for them."
    return None


def build_push(metadata: ProviderMetadata, parameters: Mapping[str, str]) -> FormRequest:
    """Build the request that pushes the parameters of a login (section 2.1).

    Raises:
        ProviderMisbehaved: The provider has no endpoint for pushed authorization requests.
    """
    endpoint = metadata.pushed_authorization_request_endpoint
    if endpoint is None:
        raise ProviderMisbehaved(f"The login service has no {WHAT}.")
    return FormRequest(endpoint, dict(parameters))


def process_push(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """Return the `request_uri` of the response. It can be used for one login and expires soon (sections 2.2 and 7.3).

    Raises:
        LoginFailed: The provider rejects the parameters; the extension `error` is its error code.
        ProviderRejectedClient: Client ID, secret or key are wrong.
        ProviderUnavailable: 429, 5xx or the like.
        ProviderMisbehaved: The response contains neither a usable `request_uri` nor an OAuth error.
    """
    refuse_unavailable(status, headers, WHAT)
    if status not in (200, 201):  # section 2.2 requires 201; some providers send 200
        raise _refused(status, headers, body)
    try:
        wire = msgspec.convert(decode_object(body, WHAT), _PushedRequestMessage)
    except msgspec.ValidationError as error:
        raise ProviderMisbehaved(f"The {WHAT} sent a response that cannot be used: {error}.") from error
    if not REQUEST_URI.fullmatch(wire.request_uri):
        raise ProviderMisbehaved(f"The {WHAT} sent an invalid request_uri.")
    if not wire.expires_in > 0:
        raise ProviderMisbehaved(f"The {WHAT} sent a request_uri that has already expired.")
    return wire.request_uri


def build_pushed_url(metadata: ProviderMetadata, client_id: str, request_uri: str) -> str:
    """Return the URL for the browser. It carries only client ID and `request_uri` (section 4)."""
    return authorization_url(metadata, {"client_id": client_id, "request_uri": request_uri})


def _refused(
    status: int, headers: Mapping[str, str], body: bytes
) -> LoginFailed | ProviderRejectedClient | ProviderUnavailable | ProviderMisbehaved:
    """Return the error for an error response. It can have codes of the token and of the authorization endpoint (section 2.3)."""
    error = token_error(status, headers, body, what=WHAT)
    return refused_authorization(error.error) if isinstance(error, TokenRefused) else error
