"""The hub as a client of one provider: the calls that need a proof of who makes them, and whether the provider accepts it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from hub.config.settings import ProviderSettings
from hub.errors import LoginFailed, ProviderMisbehaved, ProviderRejectedClient
from hub.oidc.client_authentication import authenticate, mismatch, read_credentials
from hub.oidc.door import ProviderDoor, ProviderResponse
from hub.oidc.dpop import SCHEME, USE_NONCE, DPoPKey
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
    """Calls a provider in the hub's own name."""

    def __init__(self, settings: ProviderSettings, door: ProviderDoor, dpop: DPoPKey | None) -> None:
        """Raises:
        SettingsError: The private key cannot be read.
        """
        self._name = settings.name
        self._client = read_credentials(settings)
        self._door = door
        self._dpop = dpop
        self._trouble: str | None = None
        self._warned: str | None = None

    def trouble(self) -> str | None:
        """Say in one line why the provider does not accept the hub; None as long as it does."""
        return self._trouble

    def compare(self, metadata: ProviderMetadata) -> None:
        """Warn the operator, once, if the provider does not list how the hub authenticates."""
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
        """Send a token request and read the answer.

        Raises:
            TokenRefused, ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process`.
        """
        answer = await self._post_with_dpop(metadata, request)
        try:
            response = process(answer.status, answer.headers, answer.body)
        except ProviderRejectedClient as error:
            self._rejected(error)
            raise
        except TokenRefused:
            self._accepted()
            raise
        self._accepted()
        self._refuse_other_type(response)
        return response

    async def push(self, metadata: ProviderMetadata, parameters: Mapping[str, str]) -> str:
        """Hand in what a login asks for, and return where the browser has to go.

        Raises:
            LoginFailed, ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_push`.
        """
        answer = await self._post(metadata, build_push(metadata, parameters), PUSH)
        try:
            request_uri = process_push(answer.status, answer.headers, answer.body)
        except ProviderRejectedClient as error:
            self._rejected(error)
            raise
        except LoginFailed as error:
            _log.warning("provider.push_refused", provider=self._name, error=error.extensions.get("error"))
            raise
        self._accepted()
        return build_pushed_url(metadata, self._client.client_id, request_uri)

    async def revoke(self, metadata: ProviderMetadata, token: Secret, hint: str) -> bool:
        """Revoke a token (RFC 7009); tell whether the provider did so, or did not know it any more.

        Raises:
            ProviderRejectedClient, ProviderUnavailable: The token is still valid (section 2.2.1).
        """
        request = build_revocation(metadata, token, hint)
        if request is None:
            return False
        answer = await self._post(metadata, request, REVOCATION)
        refuse_unavailable(answer.status, answer.headers, REVOCATION)
        if answer.status == 200:
            self._accepted()
            return True
        error = token_error(answer.status, answer.headers, answer.body, what=REVOCATION)
        if isinstance(error, ProviderRejectedClient):
            self._rejected(error)
            raise error
        _log.info("provider.revocation_refused", status=answer.status, reason=error.detail)
        return False

    async def _post_with_dpop(self, metadata: ProviderMetadata, request: FormRequest) -> ProviderResponse:
        """Send a token request; with the proof to whose key the tokens will be bound, if they are to be."""
        if self._dpop is None:
            return await self._post(metadata, request, WHAT)
        answer = await self._post(metadata, self._with_dpop_proof(request, self._dpop), WHAT)
        if self._dpop.learn(request.url, answer.headers.items()) and answer.status == 400 and USE_NONCE.encode() in answer.body:
            answer = await self._post(metadata, self._with_dpop_proof(request, self._dpop), WHAT)
        return answer

    @staticmethod
    def _with_dpop_proof(request: FormRequest, dpop: DPoPKey) -> FormRequest:
        return replace(request, headers={**request.headers, SCHEME: dpop.make_proof("POST", request.url)})

    def _refuse_other_type(self, response: TokenResponse) -> None:
        """A token must be of the type that was asked for: one that is not bound could be used by whoever steals it."""
        wanted = "Bearer" if self._dpop is None else SCHEME
        if response.token_type != wanted:
            raise ProviderMisbehaved(
                f"The {WHAT} issued a {response.token_type} token, where {wanted} was asked for: see provider.dpop_key_file."
            )

    async def _post(self, metadata: ProviderMetadata, request: FormRequest, what: str) -> ProviderResponse:
        proved = authenticate(request, self._client, metadata, self._door.now())
        return await self._door.call("POST", proved.url, what, headers=proved.headers, body=proved.body.encode())

    def _rejected(self, error: ProviderRejectedClient) -> None:
        if self._trouble is None:
            _log.error("provider.rejected_client", client_id=self._client.client_id, reason=error.detail)
        self._trouble = error.detail

    def _accepted(self) -> None:
        if self._trouble is not None:
            _log.info("provider.accepted_client", client_id=self._client.client_id)
        self._trouble = None
