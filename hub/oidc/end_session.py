"""Requests that end the session at the provider (OpenID Connect RP-Initiated Logout 1.0). Pure."""

from urllib.parse import urlencode, urlsplit

from hub.config.settings import ProviderSettings
from hub.oidc.dialect import ProviderDialect
from hub.oidc.metadata import ProviderMetadata
from hub.oidc.token_endpoint import FormRequest
from hub.primitives.secret import Secret


def is_direct(dialect: ProviderDialect, settings: ProviderSettings) -> bool:
    """Return whether the hub itself calls the end-session endpoint, instead of sending the browser there."""
    return settings.end_session == "direct" or (settings.end_session == "auto" and dialect.ends_session_by_id_token)


def build_end_session_url(metadata: ProviderMetadata, client_id: str, post_logout_redirect_uri: str, state: str) -> str | None:
    """Return the logout URL for the browser (section 2); None if the provider has no end-session endpoint.

    It carries `client_id` instead of `id_token_hint`, because no ID token may appear in a URL that a browser sees.
    """
    endpoint = metadata.end_session_endpoint
    if endpoint is None:
        return None
    parameters = {"client_id": client_id, "post_logout_redirect_uri": post_logout_redirect_uri, "state": state}
    return endpoint + ("&" if urlsplit(endpoint).query else "?") + urlencode(parameters)


def build_direct_end_session(metadata: ProviderMetadata, id_token: Secret, client_id: str) -> FormRequest | None:
    """Build the request by which the hub itself ends the session; None if the provider has no end-session endpoint.

    Parameters:
        id_token: The latest ID token of the session. IRIS compares the whole text.
    """
    if metadata.end_session_endpoint is None:
        return None
    form = {"id_token_hint": id_token.reveal(), "client_id": client_id}
    return FormRequest(metadata.end_session_endpoint, form, headers={"Content-Type": "application/x-www-form-urlencoded"})
