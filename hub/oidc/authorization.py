"""Authorization request and response (OpenID Connect Core 1.0 section 3.1.2, RFC 7636, RFC 9207). Pure."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

from hub.config.settings import ProviderSettings
from hub.errors import BadRequest, LoginFailed
from hub.oidc.metadata import ProviderMetadata
from hub.primitives.secret import Secret

RANDOM_BYTES = 32  # 256 bits, as RFC 7636 section 7.1 requires for the code verifier

NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})

ERROR_CODE = re.compile(r"[a-z0-9_]{1,64}")
"""Error codes that may be shown to the user. Other text in their place is dropped."""

EXPLANATIONS = {
    "access_denied": "The login was cancelled, or access was denied.",
    "login_required": "The login service asks you to log in again.",
    "consent_required": "The login service needs your consent. Please log in again and give it.",
    "interaction_required": "The login service needs your input. Please log in again.",
    "account_selection_required": "The login service needs to know which account to use. Please log in again.",
    "temporarily_unavailable": "The login service is busy. Please try again in a moment.",
    "server_error": "The login service had a problem. Please try again in a moment.",
    "invalid_scope": "The login service does not allow the access that this application requests. Please tell its operator.",
    "invalid_request": "The login service did not understand this application. Please tell its operator.",
    "unauthorized_client": "The login service does not know this application. Please tell its operator.",
}
EXPLANATION_OF_OTHERS = "The login service rejected the login."


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """An authorization request: the URL for the browser, and the values to store until the browser returns.

    Attributes:
        url: The authorization endpoint with all parameters, or with a `request_uri` of a pushed request.
        parameters: All parameters of the request.
        state: Identifies the login attempt in the response; used once.
        nonce: Binds the ID token to the login attempt.
        code_verifier: Shows the token endpoint that the same party requested the code (PKCE).
    """

    url: str = field(repr=False)
    parameters: Mapping[str, str] = field(repr=False)
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: Secret

    @property
    def demands(self) -> dict[str, str]:
        """The requested `max_age` and `acr_values`, which the ID token must satisfy."""
        return {name: self.parameters[name] for name in ("max_age", "acr_values") if name in self.parameters}


def build_authorization_request(
    metadata: ProviderMetadata,
    settings: ProviderSettings,
    redirect_uri: str,
    *,
    extra: Mapping[str, str] = NO_PARAMETERS,
) -> AuthorizationRequest:
    """Build a request for an authorization code, with fresh state, nonce and S256 challenge.

    Parameters:
        redirect_uri: The hub's callback, as registered at the provider.
        extra: Parameters of this login alone, such as `prompt`. They replace those of the settings, but cannot weaken the
            required authentication. Neither can replace a parameter that the hub sets itself.

    Raises:
        BadRequest: `extra` demands authentication methods that the settings do not accept.
    """
    state, nonce, code_verifier = (secrets.token_urlsafe(RANDOM_BYTES) for _ in range(3))
    parameters = {
        **settings.authorization_parameters,
        **extra,
        **_strictest(settings.authorization_parameters, extra),
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(settings.scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": create_s256_code_challenge(code_verifier),
        "code_challenge_method": "S256",
    }
    return AuthorizationRequest(
        url=authorization_url(metadata, parameters),
        parameters=parameters,
        state=state,
        nonce=nonce,
        code_verifier=Secret(code_verifier),
    )


def authorization_url(metadata: ProviderMetadata, parameters: Mapping[str, str]) -> str:
    """Return the authorization endpoint with these parameters. A query in its URL is preserved (RFC 6749 section 3.1)."""
    endpoint = metadata.authorization_endpoint
    return endpoint + ("&" if urlsplit(endpoint).query else "?") + urlencode(parameters)


def process_authorization_response(parameters: Mapping[str, list[str]], *, expected_issuer: str, iss_required: bool) -> Secret:
    """Return the authorization code from the callback's query. The caller has already found the login attempt by `state`.

    Parameters:
        expected_issuer: Issuer of the login attempt; `iss` must be identical (RFC 9207 section 2.4).
        iss_required: The provider has announced that it always sends `iss`.

    Raises:
        LoginFailed: The response is an error, was tampered with, or comes from another provider. The extension `error` is the
            provider's error code, if there is one. Nothing else of the response is shown.
    """
    _refuse_duplicates(parameters)
    _refuse_other_issuer(parameters, expected_issuer, required=iss_required)
    if "error" in parameters:
        raise refused_authorization(parameters["error"][0])
    code = parameters.get("code", [""])[0]
    if not code:
        raise LoginFailed("The login service sent no code. Please log in again.")
    return Secret(code)


def _strictest(settings: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """Return the stricter value of each authentication requirement that both settings and `extra` set.

    Anybody can write a login URL, so `extra` must not weaken what the operator requires.
    """
    strictest = {}
    if "max_age" in settings and "max_age" in extra:
        strictest["max_age"] = min(settings["max_age"], extra["max_age"], key=int)
    if "acr_values" in settings and "acr_values" in extra:
        accepted = settings["acr_values"].split()
        strictest["acr_values"] = " ".join(value for value in extra["acr_values"].split() if value in accepted)
        if not strictest["acr_values"]:
            raise BadRequest("acr_values: contains no value that provider.authorization_parameters accepts.")
    if "prompt" in settings and "prompt" in extra:
        words = dict.fromkeys([*settings["prompt"].split(), *extra["prompt"].split()])
        strictest["prompt"] = " ".join(word for word in words if word != "none")  # `none` cannot be combined (section 3.1.2.1)
    return strictest


def _refuse_duplicates(parameters: Mapping[str, list[str]]) -> None:
    """Reject repeated parameters (RFC 6749 section 3.1): two servers could use different values."""
    if any(len(values) != 1 for values in parameters.values()):
        raise LoginFailed("The response of the login service is ambiguous. Please log in again.")


def _refuse_other_issuer(parameters: Mapping[str, list[str]], expected_issuer: str, *, required: bool) -> None:
    """Prevent mix-up attacks: the code of one provider must not be sent to another (RFC 9207, RFC 9700 section 4.4)."""
    if "iss" not in parameters and not required:
        return
    if parameters.get("iss", [""])[0] != expected_issuer:
        raise LoginFailed("The response comes from another login service than the login was sent to. Please log in again.")


def refused_authorization(code: str) -> LoginFailed:
    """Return the error that an error code of the provider means for the user (RFC 6749 section 4.1.2.1)."""
    if not ERROR_CODE.fullmatch(code):
        return LoginFailed(EXPLANATION_OF_OTHERS)
    return LoginFailed(EXPLANATIONS.get(code, EXPLANATION_OF_OTHERS), error=code)
