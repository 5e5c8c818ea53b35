"""Token and revocation requests (RFC 6749 sections 4.1.3, 5 and 6; RFC 7009). Pure.

`client_authentication` adds the client authentication.
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
from hub.primitives.json_decoder import UnreadableJson, decode_json_object
from hub.primitives.secret import Secret

WHAT = "token endpoint"
FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
REJECTED_CLIENT = (
    "The login service rejects the hub as a client. Check provider.client_id, provider.client_secret (or client_key_file), "
    "and provider.client_authentication."
)
TOKEN = re.compile(r"[\x21-\x7e]+")  # RFC 6749 appendix A.12 without the space, which would split the Authorization header
TOKEN_TYPES = {"bearer": "Bearer", "dpop": "DPoP"}
ERROR_CODE = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")  # narrower than RFC 6749 section 5.2, because it is shown to users


@dataclass(frozen=True, slots=True)
class FormRequest:
    """A POST request with a form body. Headers and form contain secrets and are left out of `repr`."""

    url: str
    form: dict[str, str] = field(repr=False)
    headers: dict[str, str] = field(default_factory=lambda: dict(FORM_HEADERS), repr=False)

    @property
    def body(self) -> str:
        """The form, encoded."""
        return urlencode(self.form)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenResponse:
    """A successful token response (RFC 6749 section 5.1). A value that is missing has not changed (section 6).

    Attributes:
        token_type: `Bearer`, or `DPoP` for a token that is bound to a key, in this spelling.
        expires_in: Seconds until the access token expires; None if not stated.
        refresh_expires_in: Seconds until the refresh token expires; None if not stated, as with most providers.
        scope: Granted scopes in the provider's order (IRIS sorts them); None if exactly the requested scopes were granted.
        subject: User of the tokens, if the response names one (IRIS's native JWT mode).
        context: Other members with plain values, such as `patient` of SMART.
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
    """The token endpoint rejected the grant.

    Attributes:
        error: The provider's error code. `invalid_grant`: the code or refresh token was used before, has expired, or was revoked.
    """

    title = "The login service refused the grant"

    def __init__(self, error: str) -> None:
        super().__init__("The login service refused to issue tokens. Please log in again.", error=error)
        self.error = error


class TargetRefused(TokenRefused):
    """The provider does not know the audience or resource, or issues no token for it (`invalid_target`, RFC 8707 section 2)."""


class _TokenMessage(msgspec.Struct):
    """Members of a token response as received. Unknown members are ignored."""

    access_token: str
    token_type: str
    expires_in: float | str | None = None
    refresh_token: str | None = None
    refresh_expires_in: float | str | None = None
    id_token: str | None = None
    scope: str | None = None


def build_code_exchange(metadata: ProviderMetadata, *, code: Secret, code_verifier: Secret, redirect_uri: str) -> FormRequest:
    """Build the request that exchanges an authorization code for tokens (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""
    form = {
        "grant_type": "authorization_code",
        "code": code.reveal(),
        "redirect_uri": redirect_uri,
        "code_verifier": code_verifier.reveal(),
    }
    return FormRequest(metadata.token_endpoint, form)


def build_refresh(metadata: ProviderMetadata, refresh_token: Secret, resource: str = "") -> FormRequest:
    """Build a refresh request (RFC 6749 section 6). It has no `scope`, so the granted scopes stay the same."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()}
    if resource:  # RFC 8707 section 2.2: an access token for this resource alone
        form["resource"] = resource
    return FormRequest(metadata.token_endpoint, form)


def build_revocation(metadata: ProviderMetadata, token: Secret, hint: str) -> FormRequest | None:
    """Build the request that revokes `token` (RFC 7009 section 2.1); None if the provider has no revocation endpoint.

    `hint` is `refresh_token` or `access_token`.
    """
    if metadata.revocation_endpoint is None:
        return None
    return FormRequest(metadata.revocation_endpoint, {"token": token.reveal(), "token_type_hint": hint})


def process_token_response(status: int, headers: Mapping[str, str], body: bytes) -> TokenResponse:
    """Parse a response of the token endpoint.

    Raises:
        TokenRefused: The grant was rejected; `error` says why.
        ProviderRejectedClient: Client ID or secret are wrong.
        ProviderUnavailable: 429, 5xx or the like: the grant was neither accepted nor rejected.
        ProviderMisbehaved: The response contains neither tokens nor an OAuth error.
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
        raise ProviderMisbehaved(f"The {WHAT} issued a token of an unknown type. The hub supports Bearer and DPoP.")
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
    """Return the error that an error response stands for (RFC 6749 section 5.2, RFC 7009 section 2.2.1).

    `what` is the endpoint's name for operators.
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
        case None if status == 401:  # 401 means that client authentication failed, even without a JSON body
            return ProviderRejectedClient(REJECTED_CLIENT)
        case None:
            return ProviderMisbehaved(f"The {what} responded with status {status} and no OAuth error.")


def _error_code(body: bytes) -> str | None:
    """Return the OAuth error code; None if the body contains no well-formed one."""
    try:
        document = decode_json_object(body)
    except UnreadableJson:
        return None
    code = document.get("error")
    return code if isinstance(code, str) and ERROR_CODE.fullmatch(code) else None


def _context(document: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    """Return the members that OAuth does not define, if their values are plain."""
    further = {name: value for name, value in document.items() if name not in _TokenMessage.__struct_fields__}
    return {name: value for name, value in further.items() if isinstance(value, str | int | float | bool)}


def _token(text: str, name: str) -> Secret:
    if not TOKEN.fullmatch(text):
        raise ProviderMisbehaved(f"The {WHAT} sent an {name} that is empty or contains invalid characters.")
    return Secret(text)


def _seconds(value: float | str | None) -> float | None:
    """Return a lifetime in seconds. Some providers send it as text."""
    if value is None or value == "":
        return None
    try:
        seconds = float(value)
    except ValueError as error:
        raise ProviderMisbehaved(f"The {WHAT} sent an expires_in that is not a number.") from error
    if not 0 <= seconds < float("inf"):
        raise ProviderMisbehaved(f"The {WHAT} sent an expires_in that is negative or infinite.")
    return seconds
