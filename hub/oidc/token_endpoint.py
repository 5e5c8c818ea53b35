"""Token and revocation requests (RFC 6749 sections 4.1.3, 5 and 6; RFC 7009). Pure.

Who sends them is not proved here: `client_authentication` adds that.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import msgspec

from hub.errors import LoginFailed, ProviderMisbehaved, ProviderRejectedClient, ProviderUnavailable
from hub.oidc.metadata import ProviderMetadata
from hub.oidc.provider_response import decode_object, parse_retry_after, refuse_unavailable
from hub.primitives.secret import Secret

WHAT = "token endpoint"
FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
REJECTED_CLIENT = (
    "The login service rejects the hub as a client. Mend provider.client_id, provider.client_secret (or client_key_file), "
    "or provider.client_authentication."
)
TOKEN = re.compile(r"[\x21-\x7e]+")  # RFC 6749 appendix A.12, less the space, which would split the Authorization header
TOKEN_TYPES = {"bearer": "Bearer", "dpop": "DPoP"}
ERROR_CODE = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")  # narrower than RFC 6749 section 5.2: it is shown to people


@dataclass(frozen=True, slots=True)
class FormRequest:
    """A POST with a form body. Headers and form hold secrets and are not printed."""

    url: str
    form: dict[str, str] = field(repr=False)
    headers: dict[str, str] = field(default_factory=lambda: dict(FORM_HEADERS), repr=False)

    @property
    def body(self) -> str:
        """The form as it is sent."""
        return urlencode(self.form)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenResponse:
    """A successful token response (RFC 6749 section 5.1). What it leaves out stays as it was (section 6).

    Attributes:
        token_type: `Bearer`, or `DPoP` for a token that is bound to a key; however the provider writes it.
        expires_in: Seconds from now; None if the provider did not say.
        refresh_expires_in: Seconds that the refresh token lives; None if the provider did not say, as most do.
        scope: Granted scopes in the provider's order (IRIS sorts them); None if they are those that were asked for.
        subject: Whose tokens these are, where the response itself says so (IRIS's native JWT).
        context: Further members, such as the `patient` of SMART: what the login is about.
    """

    access_token: Secret
    token_type: str = "Bearer"
    expires_in: float | None = None
    refresh_token: Secret | None = None
    refresh_expires_in: float | None = None
    id_token: Secret | None = None
    scope: str | None = None
    subject: str | None = None
    context: Mapping[str, str | int | float | bool] = field(default_factory=dict)


class TokenRefused(LoginFailed):
    """The token endpoint refused the grant.

    Attributes:
        error: The provider's error code. `invalid_grant`: the code or refresh token is used up, expired or revoked.
    """

    title = "The login service refused the grant"

    def __init__(self, error: str) -> None:
        super().__init__("The login service refused to issue tokens. Please log in again.", error=error)
        self.error = error


class TargetRefused(TokenRefused):
    """The provider does not know the audience or resource, or grants nothing there (`invalid_target`, RFC 8707 section 2)."""


class _TokenMessage(msgspec.Struct):
    """Members of a token response as they come; unknown ones are ignored."""

    access_token: str
    token_type: str
    expires_in: float | str | None = None
    refresh_token: str | None = None
    refresh_expires_in: float | str | None = None
    id_token: str | None = None
    scope: str | None = None


def build_code_exchange(metadata: ProviderMetadata, *, code: Secret, code_verifier: Secret, redirect_uri: str) -> FormRequest:
    """Make the request that turns an authorization code into tokens (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""
    form = {
        "grant_type": "authorization_code",
        "code": code.reveal(),
        "redirect_uri": redirect_uri,
        "code_verifier": code_verifier.reveal(),
    }
    return FormRequest(metadata.token_endpoint, form)


def build_refresh(metadata: ProviderMetadata, refresh_token: Secret, resource: str = "") -> FormRequest:
    """Make the request for fresh tokens (RFC 6749 section 6). Without `scope`: what was granted stays granted."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()}
    if resource:  # RFC 8707 section 2.2: an access token for this resource alone
        form["resource"] = resource
    return FormRequest(metadata.token_endpoint, form)


def build_revocation(metadata: ProviderMetadata, token: Secret, hint: str) -> FormRequest | None:
    """Make the request that revokes `token` (RFC 7009 section 2.1); None if the provider has no endpoint for it.

    Parameters:
        hint: `refresh_token` or `access_token`.
    """
    if metadata.revocation_endpoint is None:
        return None
    return FormRequest(metadata.revocation_endpoint, {"token": token.reveal(), "token_type_hint": hint})


def process_token_response(status: int, headers: Mapping[str, str], body: bytes) -> TokenResponse:
    """Read an answer of the token endpoint.

    Raises:
        TokenRefused: The grant was refused; `error` says why.
        ProviderRejectedClient: Client id or secret are wrong.
        ProviderUnavailable: 429, 5xx or the like: the grant is neither accepted nor refused.
        ProviderMisbehaved: The answer is neither tokens nor an OAuth error.
    """
    refuse_unavailable(status, headers, WHAT)
    if status != 200:
        raise token_error(status, headers, body)
    try:
        document = decode_object(body, WHAT)
        wire = msgspec.convert(document, _TokenMessage)
    except msgspec.ValidationError as error:
        raise ProviderMisbehaved(f"The {WHAT} sent a response that cannot be used: {error}.") from error
    token_type = TOKEN_TYPES.get(wire.token_type.lower())
    if token_type is None:  # RFC 6749 section 7.1: a token of unknown type must not be used
        raise ProviderMisbehaved(
            f"The {WHAT} issued a token of a type that the hub does not know; only Bearer is used, and DPoP."
        )
    return TokenResponse(
        access_token=_token(wire.access_token, "access_token"),
        token_type=token_type,
        expires_in=_seconds(wire.expires_in),
        refresh_token=_token(wire.refresh_token, "refresh_token") if wire.refresh_token else None,
        refresh_expires_in=_seconds(wire.refresh_expires_in) or None,  # Keycloak sends 0 for "never"
        id_token=_token(wire.id_token, "id_token") if wire.id_token else None,
        scope=wire.scope,
        context=_context(document),
    )


def token_error(
    status: int, headers: Mapping[str, str], body: bytes, what: str = WHAT
) -> TokenRefused | ProviderRejectedClient | ProviderUnavailable | ProviderMisbehaved:
    """Return what an error answer (RFC 6749 section 5.2, also used by RFC 7009 section 2.2.1) means for the hub.

    Parameters:
        what: The endpoint in words, for the operator.
    """
    match _error_code(body):
        case "invalid_client" | "unauthorized_client":
            return ProviderRejectedClient(REJECTED_CLIENT)
        case "temporarily_unavailable" | "slow_down" | "server_error":
            wait = parse_retry_after(headers)
            return ProviderUnavailable("The login service asks to try again later.", retry_after_seconds=wait)
        case "invalid_target":
            return TargetRefused("invalid_target")
        case str(error):
            return TokenRefused(error)
        case None if status == 401:  # 401 means a failed client authentication even where no JSON says so
            return ProviderRejectedClient(REJECTED_CLIENT)
        case None:
            return ProviderMisbehaved(f"The {what} answered with status {status} and no OAuth error.")


def _error_code(body: bytes) -> str | None:
    """Return the OAuth error code; None if the body holds none that is well-formed."""
    try:
        document = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    code = document.get("error")
    return code if isinstance(code, str) and ERROR_CODE.fullmatch(code) else None


def _context(document: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    """Return the members that are no part of OAuth, as far as they are plain values."""
    further = {name: value for name, value in document.items() if name not in _TokenMessage.__struct_fields__}
    return {name: value for name, value in further.items() if isinstance(value, str | int | float | bool)}


def _token(text: str, name: str) -> Secret:
    if not TOKEN.fullmatch(text):
        raise ProviderMisbehaved(f"The {WHAT} sent an {name} that is empty or holds characters which no token may hold.")
    return Secret(text)


def _seconds(value: float | str | None) -> float | None:
    """Read `expires_in`; some providers send it as text."""
    if value is None or value == "":
        return None
    try:
        seconds = float(value)
    except ValueError as error:
        raise ProviderMisbehaved(f"The {WHAT} sent an expires_in that is no number.") from error
    if not 0 <= seconds < float("inf"):
        raise ProviderMisbehaved(f"The {WHAT} sent an expires_in that is no time to live.")
    return seconds
