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

RANDOM_BYTES = 32  # 256 bits, as RFC 7636 section 7.1 asks of the code verifier

NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})

ERROR_CODE = re.compile(r"[a-z0-9_]{1,64}")
"""Looks of an error code that may be repeated to the person; no provider writes anything else in its place."""

EXPLANATIONS = {
    "access_denied": "The login was cancelled, or access was denied.",
    "login_required": "The login service asks you to log in again.",
    "consent_required": "The login service needs your consent. Please log in again and give it.",
    "interaction_required": "The login service needs an answer from you. Please log in again.",
    "account_selection_required": "The login service needs to know which account to use. Please log in again.",
    "temporarily_unavailable": "The login service is busy. Please try again in a moment.",
    "server_error": "The login service had a problem. Please try again in a moment.",
    "invalid_scope": "The login service does not allow what this application asks for. Please tell its operator.",
    "invalid_request": "The login service did not understand this application. Please tell its operator.",
    "unauthorized_client": "The login service does not know this application. Please tell its operator.",
}
EXPLANATION_OF_OTHERS = "The login service refused the login."


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """Where to send the browser, and what has to be remembered until it comes back.

    Attributes:
        url: The authorization endpoint with all parameters, or with a reference to them.
        parameters: What the login asks for.
        state: Names the attempt in the response; used once.
        nonce: Binds the ID token to the attempt.
        code_verifier: Proves at the token endpoint that the code was asked for by us.
    """

    url: str = field(repr=False)
    parameters: Mapping[str, str] = field(repr=False)
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: Secret

    @property
    def demands(self) -> dict[str, str]:
        """What the ID token has to show in return: `max_age` and `acr_values`, as far as they were asked for."""
        return {name: self.parameters[name] for name in ("max_age", "acr_values") if name in self.parameters}


def build_authorization_request(
    metadata: ProviderMetadata,
    settings: ProviderSettings,
    redirect_uri: str,
    *,
    extra: Mapping[str, str] = NO_PARAMETERS,
) -> AuthorizationRequest:
    """Make the request for an authorization code, with fresh state, nonce and S256 challenge.

    Parameters:
        redirect_uri: The hub's callback, as registered at the provider.
        extra: Further parameters of this one request, such as `prompt`. They win over those of the settings, but cannot make a
            login weaker than those want it, and neither can replace a parameter that the hub sets itself.

    Raises:
        BadRequest: `extra` asks for ways of authentication which the settings do not accept.
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
    """Return the authorization endpoint with these parameters; a query that it has stays (RFC 6749 section 3.1)."""
    endpoint = metadata.authorization_endpoint
    return endpoint + ("&" if urlsplit(endpoint).query else "?") + urlencode(parameters)


def process_authorization_response(parameters: Mapping[str, list[str]], *, expected_issuer: str, iss_required: bool) -> Secret:
    """Return the authorization code out of the callback's query. The caller has found the attempt by `state` before.

    Parameters:
        expected_issuer: Issuer that the attempt was begun at; `iss` has to be identical (RFC 9207 section 2.4).
        iss_required: The provider announced that it always sends `iss`.

    Raises:
        LoginFailed: The response is an error, was tampered with, or comes from another provider. Its extension `error`
            holds the provider's error code, if there is one. Nothing else of the response is repeated.
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
    """Return what has to hold where settings and caller both say how people prove who they are.

    Anybody can write the address of a login: what the operator demands is the least that is asked for.
    """
    strictest = {}
    if "max_age" in settings and "max_age" in extra:
        strictest["max_age"] = min(settings["max_age"], extra["max_age"], key=int)
    if "acr_values" in settings and "acr_values" in extra:
        accepted = settings["acr_values"].split()
        strictest["acr_values"] = " ".join(value for value in extra["acr_values"].split() if value in accepted)
        if not strictest["acr_values"]:
            raise BadRequest("acr_values: holds none that provider.authorization_parameters accepts.")
    if "prompt" in settings and "prompt" in extra:
        words = dict.fromkeys([*settings["prompt"].split(), *extra["prompt"].split()])
        strictest["prompt"] = " ".join(word for word in words if word != "none")  # which stands alone (section 3.1.2.1)
    return strictest


def _refuse_duplicates(parameters: Mapping[str, list[str]]) -> None:
    """A parameter must not occur more than once (RFC 6749 section 3.1): which of the two was checked?"""
    if any(len(values) != 1 for values in parameters.values()):
        raise LoginFailed("The response of the login service is ambiguous. Please log in again.")


def _refuse_other_issuer(parameters: Mapping[str, list[str]], expected_issuer: str, *, required: bool) -> None:
    """Stop mix-up attacks: a code of one provider must not be taken to another (RFC 9207, RFC 9700 section 4.4)."""
    if "iss" not in parameters and not required:
        return
    if parameters.get("iss", [""])[0] != expected_issuer:
        raise LoginFailed("The response does not come from the login service that was asked. Please log in again.")


def refused_authorization(code: str) -> LoginFailed:
    """Return what an error code of the provider means to the person who logs in (RFC 6749 section 4.1.2.1)."""
    if not ERROR_CODE.fullmatch(code):
        return LoginFailed(EXPLANATION_OF_OTHERS)
    return LoginFailed(EXPLANATIONS.get(code, EXPLANATION_OF_OTHERS), error=code)
