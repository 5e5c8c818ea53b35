"""Requests to IRIS's own JWT endpoints (`/login`, `/refresh`, `/logout`, `/revoke`), and their responses. Pure.

They are not OAuth. User and password are sent as JSON. Every rejection is a 401 with an empty body. The tokens are opaque,
because IRIS publishes no key for them. The hub never uses `Basic`: it would be a second way to send the password.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hub.config.settings import ProviderSettings
from hub.errors import HubError, ProviderMisbehaved, ProviderRejectedClient
from hub.oidc.provider_response import decode_object, refuse_unavailable
from hub.oidc.providers import CredentialsRefused
from hub.oidc.token_endpoint import TOKEN, TokenRefused, TokenResponse
from hub.primitives.secret import Secret

NOT_ENABLED = (
    "The IRIS application does not take logins with JWT. Switch on its JWT authentication (JWTAuthEnabled), with password "
    "authentication among its allowed methods."
)


@dataclass(frozen=True, slots=True)
class JsonRequest:
    """A POST with a JSON body. Headers and body hold secrets and are not printed."""

    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class _NativeTokenMessage(msgspec.Struct):
    """Members of a response with tokens. `iat` has a fraction. Unknown members are ignored."""

    access_token: str
    iat: float
    exp: float
    refresh_token: str | None = None
    sub: str | None = None


def build_login(settings: ProviderSettings, user: str, password: Secret) -> JsonRequest:
    """Return the request that logs a user in."""
    return _request(settings, settings.login_path, {"user": user, "password": password.reveal()})


def build_refresh(settings: ProviderSettings, refresh_token: Secret) -> JsonRequest:
    """Return the request for new tokens. It invalidates the old refresh token and the old access token."""
    return _request(settings, settings.refresh_path, {"refresh_token": refresh_token.reveal()})


def build_probe(settings: ProviderSettings) -> JsonRequest:
    """Return a request that IRIS rejects without counting a failed login: a refresh without a token."""
    return _request(settings, settings.refresh_path, {})


def build_logout(settings: ProviderSettings, access_token: Secret) -> JsonRequest:
    """Return the request that ends the login of an access token."""
    return _request(settings, settings.logout_path, None, access_token)


def build_revocation(settings: ProviderSettings, access_token: Secret, refresh_token: Secret) -> JsonRequest:
    """Return the request that ends the login to which both tokens belong."""
    return _request(settings, settings.revoke_path, {"refresh_token": refresh_token.reveal()}, access_token)


def process_login(status: int, headers: Mapping[str, str], body: bytes) -> TokenResponse:
    """Return the tokens of a response to a login; `subject` is always set.

    Raises:
        CredentialsRefused: User name or password are wrong.
        ProviderRejectedClient: The application is not JWT-enabled.
        ProviderUnavailable: 429, 5xx or the like: nothing is known about the password.
        ProviderMisbehaved: The response has neither tokens nor a rejection.
    """
    what = "login endpoint"
    if is_refusal(status, headers, body):
        raise CredentialsRefused("User name or password are wrong.")
    response = _tokens(status, headers, body, what)
    if not response.subject or response.refresh_token is None:
        raise ProviderMisbehaved(f"The {what} of the login service sent tokens without a user or without a refresh token.")
    return response


def process_refresh(status: int, headers: Mapping[str, str], body: bytes) -> TokenResponse:
    """Return the tokens of a response to a refresh.

    Raises:
        TokenRefused: `invalid_grant`: the refresh token is used up, expired, or its login has ended.
        ProviderRejectedClient: The application is not JWT-enabled any more; the refresh token may be good.
        ProviderUnavailable: 429, 5xx or the like: the refresh token is neither accepted nor rejected.
        ProviderMisbehaved: The response has neither tokens nor a rejection.
    """
    if is_refusal(status, headers, body):
        raise TokenRefused("invalid_grant")
    return _tokens(status, headers, body, "refresh endpoint")


def process_end(status: int, headers: Mapping[str, str], body: bytes, what: str) -> bool:
    """Return whether a logout or a revocation has ended a login; False if it had ended before.

    Raises:
        ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: The login may live on.
    """
    if is_refusal(status, headers, body):
        return False
    if status != 200:
        raise unexpected(status, headers, what)
    return True


def is_refusal(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Return whether IRIS itself has rejected the request: 401 without body and challenge. Any other 401 comes from a proxy."""
    return status == 401 and not body.strip() and _challenge(headers) is None


def unexpected(status: int, headers: Mapping[str, str], what: str) -> HubError:
    """Return the error for a response that has neither tokens nor IRIS's own rejection.

    Raises:
        ProviderUnavailable: 408, 425, 429 or 5xx.
    """
    refuse_unavailable(status, headers, what)
    challenge = _challenge(headers) or ""
    if status == 401 and challenge.lower().startswith("basic"):
        return ProviderRejectedClient(NOT_ENABLED)
    return ProviderMisbehaved(
        f"The {what} of the login service answered with status {status}. Is provider.issuer the URL of a web application "
        "with JWT authentication?"
    )


def _request(
    settings: ProviderSettings, path: str, members: dict[str, Any] | None, access_token: Secret | None = None
) -> JsonRequest:
    headers = {"Accept": "application/json"}
    if members is not None:
        headers["Content-Type"] = "application/json"
    if access_token is not None:
        headers["Authorization"] = f"Bearer {access_token.reveal()}"
    body = b"" if members is None else msgspec.json.encode(members)
    return JsonRequest(settings.issuer.rstrip("/") + path, headers, body)


def _tokens(status: int, headers: Mapping[str, str], body: bytes, what: str) -> TokenResponse:
    if status != 200:
        raise unexpected(status, headers, what)
    try:
        wire = msgspec.convert(decode_object(body, what), _NativeTokenMessage)
    except msgspec.ValidationError as error:
        raise ProviderMisbehaved(f"The {what} of the login service sent an answer that cannot be used: {error}.") from error
    lifetime = wire.exp - wire.iat
    if not math.isfinite(lifetime) or lifetime <= 0:
        raise ProviderMisbehaved(f"The {what} of the login service sent tokens that have ended already.")
    return TokenResponse(
        access_token=_token(wire.access_token, what),
        expires_in=lifetime,  # both ends by the clock of IRIS, so its difference from the hub's does not matter
        refresh_token=_token(wire.refresh_token, what) if wire.refresh_token else None,
        subject=wire.sub or None,
    )


def _token(text: str, what: str) -> Secret:
    if not TOKEN.fullmatch(text):
        raise ProviderMisbehaved(f"The {what} of the login service sent a token that is empty or holds strange characters.")
    return Secret(text)


def _challenge(headers: Mapping[str, str]) -> str | None:
    """Return the value of `WWW-Authenticate`. IRIS writes header names in capitals."""
    return next((value for name, value in headers.items() if name.lower() == "www-authenticate"), None)
