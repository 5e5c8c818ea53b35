"""An OpenID Provider as the rest of the hub uses it. Combines the pure modules with the HTTP client."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from hub.config.settings import ProviderSettings
from hub.errors import ProviderMisbehaved
from hub.oidc.authorization import NO_PARAMETERS, AuthorizationRequest, build_authorization_request
from hub.oidc.client_calls import ClientCalls
from hub.oidc.dialect import DialectOf, standard_dialect
from hub.oidc.dpop import SCHEME, DPoPKey
from hub.oidc.end_session import build_direct_end_session, build_end_session_url, is_direct
from hub.oidc.grants import TokenTarget, build_client_credentials, build_exchange, process_client_credentials, process_exchange
from hub.oidc.http_client import ProviderHttpClient, ProviderResponse, report_nothing
from hub.oidc.id_token import IdTokenClaims, Original
from hub.oidc.metadata import ProviderMetadata
from hub.oidc.provider_documents import ProviderDocuments
from hub.oidc.provider_response import refuse_unavailable
from hub.oidc.pushed_authorization import contradicts, is_pushed
from hub.oidc.token_checks import TokenChecks
from hub.oidc.token_endpoint import FormRequest, TokenResponse, build_code_exchange, build_refresh
from hub.oidc.userinfo import ACCEPT, require_subject
from hub.oidc.userinfo import WHAT as USERINFO
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret
from hub.primitives.task_supervisor import TaskSupervisor
from hub.telemetry import log

_log = log.get(__name__)


class OpenIDProvider:
    """One OpenID Provider of the settings.

    Attributes:
        checks: Validates its tokens.
        dpop: The key to which it binds tokens; None: it issues bearer tokens.
    """

    def __init__(
        self,
        settings: ProviderSettings,
        clock: Clock,
        report_open_circuits: Callable[[float], None] = report_nothing,
        dialect_of: DialectOf = standard_dialect,
        tasks: TaskSupervisor | None = None,
    ) -> None:
        """Parameters:
            report_open_circuits: Called with the number of open circuits whenever it changes.
            dialect_of: Recognizes the provider's dialect by its metadata.
            tasks: Runs the discovery. Without it the provider has a supervisor of its own.

        Raises:
            SettingsError: A certificate or a private key cannot be read.
        """
        self.name = settings.name
        self.label = settings.label or settings.name
        self.issuer = settings.issuer
        self.kills_old_access_token = settings.refresh_ends_access_token
        self._settings = settings
        self._dialect_of = dialect_of
        self._http = ProviderHttpClient(
            clock,
            settings.timeout_seconds,
            settings.ca_file,
            name=settings.name,
            report_open_circuits=report_open_circuits,
        )
        self.dpop = DPoPKey.read(settings, self._http.now)
        self._client = ClientCalls(settings, self._http, self.dpop)
        self._documents = ProviderDocuments(settings.issuer, self._http, clock, self._compare, tasks or TaskSupervisor(clock))
        self.checks = TokenChecks(settings, self._documents, clock, self._http.now)
        self._contradiction: str | None = None

    @property
    def clock_difference(self) -> float:
        """How many seconds the provider's clock is ahead of ours, as far as known."""
        return self._http.clock_difference

    async def start(self) -> None:
        """Start discovery in the background, which is repeated until it succeeds. Returns at once."""
        await self._http.start()
        self._documents.start()

    async def close(self) -> None:
        """Stop the background work and abort all calls."""
        await self._documents.close()
        await self._http.close()

    def status(self) -> str | None:
        """Return in one line why no login is possible; None if logins should work."""
        return self._documents.trouble() or self._client.trouble() or self._contradiction

    async def metadata(self) -> ProviderMetadata:
        """Return the cached metadata. It is renewed each hour, and remains in use while the provider does not respond.

        Raises:
            ProviderUnavailable, ProviderMisbehaved: There is no metadata yet.
        """
        return await self._documents.metadata()

    async def begin_login(self, redirect_uri: str, parameters: Mapping[str, str] = NO_PARAMETERS) -> AuthorizationRequest:
        """Return the authorization request of a new login: the URL for the browser, and what to store until its return.

        If the request is pushed, its URL can be used for one login and expires soon. `parameters` are added to the settings'.

        Raises:
            BadRequest: `parameters` demand authentication methods that the settings do not accept.
            LoginFailed, ProviderRejectedClient: The provider rejects the pushed request.
            ProviderUnavailable, ProviderMisbehaved: There is no metadata, or the provider cannot take the request now.
        """
        metadata = await self.metadata()
        request = build_authorization_request(metadata, self._settings, redirect_uri, extra=parameters)
        if not is_pushed(metadata, self._settings.pushed_authorization):
            return request
        return replace(request, url=await self._client.push(metadata, request.parameters))

    async def exchange_code(self, code: Secret, code_verifier: Secret, redirect_uri: str) -> TokenResponse:
        """Exchange an authorization code for tokens. An encrypted ID token is returned decrypted, still signed.

        Raises:
            TokenRefused, ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_token_response`.
            ProviderMisbehaved: The ID token cannot be decrypted, or is not encrypted although `id_token_key_file` is set.
        """
        metadata = await self.metadata()
        request = build_code_exchange(metadata, code=code, code_verifier=code_verifier, redirect_uri=redirect_uri)
        response = await self._client.request_tokens(metadata, request)
        return self._with_readable_id_token(response)

    async def refresh(self, refresh_token: Secret, *, resource: str = "") -> TokenResponse:
        """Refresh the tokens. Do not cancel this: the response, and with it a rotated refresh token, would be lost.

        An ID token that cannot be decrypted is dropped, because an error would lose the refresh token. Providers may omit the ID
        token anyway (OpenID Connect Core 1.0 section 12.2).

        Parameters:
            resource: URI of the API for which the access token is meant (RFC 8707); empty: as at the login.

        Raises:
            TokenRefused: `error` is `invalid_grant` if the refresh token was used before, has expired, or was revoked.
            TargetRefused: The provider issues no access token for this resource.
            ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_token_response`.
        """
        metadata = await self.metadata()
        response = await self._client.request_tokens(metadata, build_refresh(metadata, refresh_token, resource))
        try:
            return self._with_readable_id_token(response)
        except ProviderMisbehaved as error:
            _log.warning("provider.id_token_unreadable", provider=self.name, reason=error.detail)
            return replace(response, id_token=None)

    async def client_token(self, target: TokenTarget) -> TokenResponse:
        """Request an access token of the hub itself (client credentials grant, RFC 6749 section 4.4).

        Raises:
            TokenRefused, ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_token_response`.
        """
        metadata = await self.metadata()
        request = build_client_credentials(metadata, target, self._dialect_of(metadata))
        return await self._client.request_tokens(metadata, request, process_client_credentials)

    async def exchange(self, access_token: Secret, target: TokenTarget) -> TokenResponse:
        """Exchange the access token of a user for an audience-restricted token (RFC 8693).

        Raises:
            TokenRefused: The access token is no longer valid, or the provider issues no token for this target.
            ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_exchange`.
        """
        metadata = await self.metadata()
        request = build_exchange(metadata, access_token, target, self._dialect_of(metadata))
        return await self._client.request_tokens(metadata, request, process_exchange)

    async def validate_refreshed_id_token(
        self,
        token: Secret,
        *,
        original: Original,
        access_token: Secret | None,
        nonce: str | None = None,
        auth_time: float | None = None,
    ) -> IdTokenClaims:
        """Validate the ID token of a refresh response against that of the login. Raises as `TokenChecks.refreshed_id_token`."""
        return await self.checks.refreshed_id_token(
            token, original=original, access_token=access_token, nonce=nonce, auth_time=auth_time
        )

    async def userinfo(self, access_token: Secret, subject: str) -> dict[str, Any]:
        """Return the claims about `subject` from the userinfo endpoint (OpenID Connect Core 1.0 section 5.3).

        The result is empty if the provider has no userinfo endpoint, or if it rejects the access token there because the token is
        meant for the API alone.

        Raises:
            ProviderUnavailable: The provider does not respond.
            UnknownKey: The response is signed with a key that the provider does not publish.
            ProviderMisbehaved: The claims are about another user, cannot be read, or have a wrong signature.
        """
        url = (await self.metadata()).userinfo_endpoint
        if url is None:
            return {}
        response = await self._http.call("GET", url, USERINFO, headers=self._credentials(url, access_token))
        if self.dpop is not None and self.dpop.learn(url, response.headers.items()) and response.status == 401:
            response = await self._http.call("GET", url, USERINFO, headers=self._credentials(url, access_token))
        refuse_unavailable(response.status, response.headers, USERINFO)
        if response.status in (401, 403):
            _log.info("provider.userinfo_rejected", status=response.status)
            return {}
        if response.status != 200:
            raise ProviderMisbehaved(f"The {USERINFO} of the login service responded with status {response.status}.")
        return require_subject(await self.checks.userinfo(response.headers, response.body), subject)

    async def revoke(self, token: Secret, hint: str) -> bool:
        """Revoke a token (RFC 7009). Return whether it is certainly invalid now. `hint`: `refresh_token` or `access_token`.

        Raises:
            ProviderRejectedClient, ProviderUnavailable: The token is still valid (section 2.2.1).
        """
        return await self._client.revoke(await self.metadata(), token, hint)

    async def log_out(self, *, id_token: Secret | None, access_token: Secret, return_url: str) -> str:
        """End the session at the provider. Return the URL to which the browser has to go.

        Most providers find the session by the browser's cookie, so the browser has to visit them. `ProviderDialect` names the
        exception.

        Raises:
            ProviderUnavailable, ProviderMisbehaved: The session at the provider may still exist.
        """
        metadata = await self.metadata()
        if is_direct(self._dialect_of(metadata), self._settings) and id_token is not None:
            if not await self.end_session(id_token):
                _log.warning("provider.end_session_rejected", provider=self.name)
            return return_url
        state = secrets.token_urlsafe(16)  # the provider returns it; the hub does not need it (RP-Initiated Logout 1.0)
        return build_end_session_url(metadata, self._settings.client_id, return_url, state) or return_url

    async def end_session(self, id_token: Secret) -> bool:
        """End the session at the provider without the browser. Return whether the provider accepted the request.

        Raises:
            ProviderUnavailable: The provider does not respond; the session there may still exist.
        """
        what, metadata = "end-session endpoint", await self.metadata()
        request = build_direct_end_session(metadata, id_token, self._settings.client_id)
        if request is None:
            return False
        response = await self._post(request, what)
        if response.status in (404, 405, 501):  # it supports GET only; POST comes first because GET puts the token into the URL
            response = await self._http.call("GET", f"{request.url}?{request.body}", what)
        refuse_unavailable(response.status, response.headers, what)
        if response.status >= 400:
            _log.info("provider.end_session_rejected", status=response.status)
        return response.status < 400

    def _credentials(self, url: str, access_token: Secret) -> dict[str, str]:
        if self.dpop is None:
            return {"Authorization": f"Bearer {access_token.reveal()}", "Accept": ACCEPT}
        proof = self.dpop.make_proof("GET", url, access_token)
        return {"Authorization": f"{SCHEME} {access_token.reveal()}", SCHEME: proof, "Accept": ACCEPT}

    def _compare(self, metadata: ProviderMetadata) -> None:
        """Log the discovery, compare the metadata with the settings, and log contradictions once."""
        _log.info("provider.discovered", provider=self.name, issuer=self.issuer, dialect=self._dialect_of(metadata).name)
        self._client.compare(metadata)
        found = contradicts(metadata, self._settings.pushed_authorization)
        if found is not None and found != self._contradiction:
            _log.error("provider.settings_contradicted", provider=self.name, reason=found)
        self._contradiction = found

    def _with_readable_id_token(self, response: TokenResponse) -> TokenResponse:
        if response.id_token is None:
            return response
        return replace(response, id_token=self.checks.readable(response.id_token))

    def _post(self, request: FormRequest, what: str) -> Awaitable[ProviderResponse]:
        return self._http.call("POST", request.url, what, headers=request.headers, body=request.body.encode())
