"""Calls to a provider in which the hub authenticates as an OAuth client. Tracks whether the provider accepts the hub."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from hub.config.settings import ProviderSettings
from hub.errors import LoginFailed, ProviderMisbehaved, ProviderRejectedClient
from hub.oidc.client_authentication import authenticate, mismatch, read_credentials
from hub.oidc.dpop import SCHEME, USE_NONCE, DPoPKey
from hub.oidc.http_client import ProviderHttpClient, ProviderResponse
from hub.oidc.metadata import ProviderMetadata
from hub.oidc.provider_response import refuse_unavailable
from hub.oidc.pushed_authorization import WHAT as PUSH
from hub.oidc.pushed_authorization import build_push, build_pushed_url, process_push
from hub.oidc.token_endpoint import (
    WHAT,
    FormRequest,
    TokenRefused,
    TokenResponse,
    build_revocation,
    process_token_response,
    token_error,
)
from hub.primitives.secret import Secret
from hub.telemetry import log

REVOCATION = "revocation endpoint"

_log = log.get(__name__)


class ClientCalls:
    """Sends authenticated requests to one provider."""

    def __init__(self, settings: ProviderSettings, http: ProviderHttpClient, dpop: DPoPKey | None) -> None:
        """Raises:
        SettingsError: The private key cannot be read.
        """
        self._name = settings.name
        self._client = read_credentials(settings)
        self._http = http
        self._dpop = dpop
        self._trouble: str | None = None
        self._warned: str | None = None

    def trouble(self) -> str | None:
        """Return in one line why the provider rejects the hub as a client; None if it does not."""
        return self._trouble

    def compare(self, metadata: ProviderMetadata) -> None:
        """Log a warning, once, if the provider does not list the hub's way of client authentication."""
        found = mismatch(self._client, metadata)
        if found is not None and found != self._warned:
            _log.warning("provider.client_authentication_not_listed", provider=self._name, reason=found)
        self._warned = found

    async def request_tokens(
        self,
        metadata: ProviderMetadata,
        request: FormRequest,
        process: Callable[[int, Mapping[str, str], bytes], TokenResponse] = process_token_response,
    ) -> TokenResponse:
        """Send a token request and return the tokens.

        Raises:
            TokenRefused, ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process`.
        """
        response = await self._post_with_dpop(metadata, request)
        try:
            tokens = process(response.status, response.headers, response.body)
        except ProviderRejectedClient as error:
            self._rejected(error)
            raise
        except TokenRefused:
            self._accepted()
            raise
        self._accepted()
        self._require_token_type(tokens)
        return tokens

    async def push(self, metadata: ProviderMetadata, parameters: Mapping[str, str]) -> str:
        """Push an authorization request (RFC 9126) and return the URL to which the browser has to go.

        Raises:
            LoginFailed, ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_push`.
        """
        response = await self._post(metadata, build_push(metadata, parameters), PUSH)
        try:
            request_uri = process_push(response.status, response.headers, response.body)
        except ProviderRejectedClient as error:
            self._rejected(error)
            raise
        except LoginFailed as error:
            _log.warning("provider.pushed_authorization_rejected", provider=self._name, error=error.extensions.get("error"))
            raise
        self._accepted()
        return build_pushed_url(metadata, self._client.client_id, request_uri)

    async def revoke(self, metadata: ProviderMetadata, token: Secret, hint: str) -> bool:
        """Revoke a token (RFC 7009). Return whether the token is certainly invalid now.

        Raises:
            ProviderRejectedClient, ProviderUnavailable: The token is still valid (section 2.2.1).
        """
        request = build_revocation(metadata, token, hint)
        if request is None:
            return False
        response = await self._post(metadata, request, REVOCATION)
        refuse_unavailable(response.status, response.headers, REVOCATION)
        if response.status == 200:
            self._accepted()
            return True
        error = token_error(response.status, response.headers, response.body, what=REVOCATION)
        if isinstance(error, ProviderRejectedClient):
            self._rejected(error)
            raise error
        _log.info("provider.revocation_rejected", status=response.status, reason=error.detail)
        return False

    async def _post_with_dpop(self, metadata: ProviderMetadata, request: FormRequest) -> ProviderResponse:
        """Send a token request, with a DPoP proof if tokens are bound to a key. Retry once if the provider demands a nonce."""
        if self._dpop is None:
            return await self._post(metadata, request, WHAT)
        response = await self._post(metadata, self._with_dpop_proof(request, self._dpop), WHAT)
        if (
            self._dpop.learn(request.url, response.headers.items())
            and response.status == 400
            and USE_NONCE.encode() in response.body
        ):
            response = await self._post(metadata, self._with_dpop_proof(request, self._dpop), WHAT)
        return response

    @staticmethod
    def _with_dpop_proof(request: FormRequest, dpop: DPoPKey) -> FormRequest:
        return replace(request, headers={**request.headers, SCHEME: dpop.make_proof("POST", request.url)})

    def _require_token_type(self, tokens: TokenResponse) -> None:
        """Raise `ProviderMisbehaved` for a token of another type than requested: a bearer token is not bound to the DPoP key."""
        wanted = "Bearer" if self._dpop is None else SCHEME
        if tokens.token_type != wanted:
            raise ProviderMisbehaved(
                f"The {WHAT} issued a {tokens.token_type} token, but the hub requested {wanted}. Check provider.dpop_key_file."
            )

    async def _post(self, metadata: ProviderMetadata, request: FormRequest, what: str) -> ProviderResponse:
        authenticated = authenticate(request, self._client, metadata, self._http.now())
        return await self._http.call(
            "POST", authenticated.url, what, headers=authenticated.headers, body=authenticated.body.encode()
        )

    def _rejected(self, error: ProviderRejectedClient) -> None:
        if self._trouble is None:
            _log.error("provider.client_rejected", client_id=self._client.client_id, reason=error.detail)
        self._trouble = error.detail

    def _accepted(self) -> None:
        if self._trouble is not None:
            _log.info("provider.client_accepted", client_id=self._client.client_id)
        self._trouble = None
