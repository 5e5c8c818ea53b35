"""An OpenID Provider: what the rest of the hub asks of it, put together from the pure modules and the door."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from hub.config.settings import ProviderSettings
from hub.errors import ProviderMisbehaved
from hub.oidc.authorization import NO_PARAMETERS, AuthorizationRequest, build_authorization_request
from hub.oidc.client_calls import ClientCalls
from hub.oidc.dialect import DialectOf, standard_dialect
from hub.oidc.door import ProviderDoor, ProviderResponse, report_nothing
from hub.oidc.dpop import SCHEME, DPoPKey
from hub.oidc.end_session import build_direct_end_session, build_end_session_url, is_direct
from hub.oidc.grants import TokenTarget, build_client_credentials, build_exchange, process_client_credentials, process_exchange
from hub.oidc.id_token import IdTokenClaims, Original
from hub.oidc.logout_token import LogoutClaims
from hub.oidc.metadata import ProviderMetadata
from hub.oidc.provider_response import refuse_unavailable
from hub.oidc.published import ProviderDocuments
from hub.oidc.pushed_authorization import contradicts, is_pushed
from hub.oidc.token_checks import TokenChecks
from hub.oidc.token_endpoint import FormRequest, TokenResponse, build_code_exchange, build_refresh
from hub.oidc.userinfo import ACCEPT, require_subject
from hub.oidc.userinfo import WHAT as USERINFO
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret
from hub.telemetry import log

_log = log.get(__name__)


class OpenIDProvider:
    """The OpenID Provider of the settings, as the rest of the hub sees it."""

    def __init__(
        self,
        settings: ProviderSettings,
        clock: Clock,
        report_open_circuits: Callable[[float], None] = report_nothing,
        dialect_of: DialectOf = standard_dialect,
    ) -> None:
        """Parameters:
            report_open_circuits: Is told the number of endpoints that are being left alone, whenever it changes.
            dialect_of: Recognizes the provider's dialect by its metadata.

        Raises:
            SettingsError: A certificate or a private key cannot be read.
        """
        self._settings = settings
        self._clock = clock
        self._dialect_of = dialect_of
        self._door = ProviderDoor(
            clock,
            settings.timeout_seconds,
            settings.ca_file,
            name=settings.name,
            report_open_circuits=report_open_circuits,
        )
        self.dpop = DPoPKey.read(settings, self._door.now)
        self._client = ClientCalls(settings, self._door, self.dpop)
        self._published = ProviderDocuments(settings.issuer, self._door, clock, self._compare)
        self._checks = TokenChecks(settings, self._published, clock, self.now)
        self._contradiction: str | None = None

    @property
    def name(self) -> str:
        """Its name in the settings."""
        return self._settings.name

    @property
    def label(self) -> str:
        """What people see when they choose between several providers."""
        return self._settings.label or self._settings.name

    @property
    def issuer(self) -> str:
        """The URL that it calls itself by."""
        return self._settings.issuer

    @property
    def kills_old_access_token(self) -> bool:
        """Whether a refresh ends the old access token at once; most providers let it live to its end."""
        return self._settings.refresh_ends_access_token

    @property
    def clock_difference(self) -> float:
        """Seconds that the provider's clock is ahead of ours, as far as known."""
        return self._door.clock_difference

    def now(self) -> float:
        """Return the time by the provider's clock, as far as known, in epoch seconds: what its tokens are judged by."""
        return self._door.now()

    async def start(self) -> None:
        """Open the door, and begin to look for the provider until it is found. Does not wait for it."""
        await self._door.start()
        self._published.start()

    async def close(self) -> None:
        """End everything that is under way, and close the door."""
        await self._published.close()
        await self._door.close()

    def status(self) -> str | None:
        """Say in one line why nobody can log in; None if nothing speaks against it."""
        return self._published.trouble() or self._client.trouble() or self._contradiction

    async def metadata(self) -> ProviderMetadata:
        """Return the provider's metadata; renewed each hour, and kept while the provider does not answer.

        Raises:
            ProviderUnavailable, ProviderMisbehaved: There is none yet.
        """
        return await self._published.metadata()

    async def begin_login(self, redirect_uri: str, parameters: Mapping[str, str] = NO_PARAMETERS) -> AuthorizationRequest:
        """Return where a browser has to go to log in, and what has to be remembered until it comes back.

        Where the request is pushed, the URL serves for one login that begins at once.

        Parameters:
            parameters: What this login asks for, besides the settings.

        Raises:
            BadRequest: `parameters` ask for ways of authentication which the settings do not accept.
            LoginFailed, ProviderRejectedClient: The provider refuses the pushed request.
            ProviderUnavailable, ProviderMisbehaved: The provider's metadata cannot be had, or it takes no request now.
        """
        metadata = await self.metadata()
        request = build_authorization_request(metadata, self._settings, redirect_uri, extra=parameters)
        if not is_pushed(metadata, self._settings.pushed_authorization):
            return request
        return replace(request, url=await self._client.push(metadata, request.parameters))

    async def exchange_code(self, code: Secret, code_verifier: Secret, redirect_uri: str) -> TokenResponse:
        """Turn an authorization code into tokens.

        The ID token comes back as a signed one, decrypted if the provider encrypts it.

        Raises:
            TokenRefused, ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_token_response`.
            ProviderMisbehaved: The ID token cannot be decrypted, or is not encrypted and has to be.
        """
        metadata = await self.metadata()
        request = build_code_exchange(metadata, code=code, code_verifier=code_verifier, redirect_uri=redirect_uri)
        response = await self._client.request_tokens(metadata, request)
        return self._with_readable_id_token(response)

    async def refresh(self, refresh_token: Secret, *, resource: str = "") -> TokenResponse:
        """Get fresh tokens. If this is cancelled, the answer, and with it a rotated refresh token, is lost.

        An ID token that cannot be decrypted is left out, as the provider may do (OpenID Connect Core 1.0 section 12.2): raising
        would lose the refresh token.

        Parameters:
            resource: URI of a resource server that the access token shall be for (RFC 8707); empty: as at the login.

        Raises:
            TokenRefused: `error` is `invalid_grant` if the refresh token is used up, expired or revoked.
            TargetRefused: The provider gives no access token for this resource.
            ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_token_response`.
        """
        metadata = await self.metadata()
        response = await self._client.request_tokens(metadata, build_refresh(metadata, refresh_token, resource))
        try:
            return self._with_readable_id_token(response)
        except ProviderMisbehaved as error:
            _log.warning("provider.id_token_not_readable", provider=self.name, reason=error.detail)
            return replace(response, id_token=None)

    async def client_token(self, target: TokenTarget) -> TokenResponse:
        """Get an access token for the hub itself (client credentials).

        Raises:
            TokenRefused, ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_token_response`.
        """
        metadata = await self.metadata()
        request = build_client_credentials(metadata, target, self._dialect_of(metadata))
        return await self._client.request_tokens(metadata, request, process_client_credentials)

    async def exchange(self, access_token: Secret, target: TokenTarget) -> TokenResponse:
        """Exchange the access token of a user for one that is for another party (RFC 8693).

        Raises:
            TokenRefused: The token is not valid any more, or the provider gives none for this target.
            ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_exchange`.
        """
        metadata = await self.metadata()
        request = build_exchange(metadata, access_token, target, self._dialect_of(metadata))
        return await self._client.request_tokens(metadata, request, process_exchange)

    async def validate_id_token(
        self, token: Secret, *, nonce: str, access_token: Secret | None, demands: Mapping[str, str] = NO_PARAMETERS
    ) -> IdTokenClaims:
        """Check the ID token of a login.

        Parameters:
            demands: `max_age` and `acr_values` of this login, as far as it asked for them; otherwise those of the settings hold.

        Raises:
            UnknownKey: The provider does not publish the key, or not yet.
            ProviderUnavailable: The provider's keys cannot be had.
            ProviderMisbehaved: A rule is broken; the detail says which.
        """
        return await self._checks.id_token(token, nonce=nonce, access_token=access_token, demands=demands)

    async def validate_refreshed_id_token(
        self,
        token: Secret,
        *,
        original: Original,
        access_token: Secret | None,
        nonce: str | None = None,
        auth_time: float | None = None,
    ) -> IdTokenClaims:
        """Check the ID token of a refresh response against the session's `original` issuer and subject.

        Raises:
            SubjectChanged: It speaks of somebody else; the session must end.
            UnknownKey: The provider does not publish the key, or not yet.
            ProviderUnavailable: The provider's keys cannot be had.
            ProviderMisbehaved: A rule is broken; the detail says which.
        """
        return await self._checks.refreshed_id_token(
            token, original=original, access_token=access_token, nonce=nonce, auth_time=auth_time
        )

    async def validate_logout_token(self, token: Secret) -> LogoutClaims:
        """Check a logout token that was posted to the hub; `expires_at` of what it says is by the hub's clock.

        Raises:
            UnknownKey: The provider does not publish the key, or not yet.
            ProviderUnavailable: The provider's keys cannot be had.
            ProviderMisbehaved: A rule is broken; the detail says which.
        """
        return await self._checks.logout_token(token)

    async def userinfo(self, access_token: Secret, subject: str) -> dict[str, Any]:
        """Return the claims about `subject` (OpenID Connect Core 1.0 section 5.3).

        Empty if the provider has no such endpoint or does not take this access token there, which is so where access
        tokens are meant for a resource server alone.

        Raises:
            ProviderUnavailable: The provider does not answer.
            UnknownKey: The response is signed with a key that the provider does not publish.
            ProviderMisbehaved: The claims are about somebody else, or cannot be read, or their signature is wrong.
        """
        url = (await self.metadata()).userinfo_endpoint
        if url is None:
            return {}
        answer = await self._door.call("GET", url, USERINFO, headers=self._credentials(url, access_token))
        if self.dpop is not None and self.dpop.learn(url, answer.headers.items()) and answer.status == 401:
            answer = await self._door.call("GET", url, USERINFO, headers=self._credentials(url, access_token))
        refuse_unavailable(answer.status, answer.headers, USERINFO)
        if answer.status in (401, 403):
            _log.info("provider.userinfo_refused", status=answer.status)
            return {}
        if answer.status != 200:
            raise ProviderMisbehaved(f"The {USERINFO} of the login service answered with status {answer.status}.")
        return require_subject(await self._checks.userinfo(answer.headers, answer.body), subject)

    async def revoke(self, token: Secret, hint: str) -> bool:
        """Revoke a token (RFC 7009); tell whether the provider did so, or did not know it any more.

        Parameters:
            hint: `refresh_token` or `access_token`.

        Raises:
            ProviderRejectedClient, ProviderUnavailable: The token is still valid (section 2.2.1).
        """
        return await self._client.revoke(await self.metadata(), token, hint)

    async def log_out(self, *, id_token: Secret | None, access_token: Secret, return_url: str) -> str:
        """End the session at the provider, and return where the browser has to go now.

        Most providers know the browser by its cookie, so it has to visit them. `ProviderDialect` names the exception.

        Raises:
            ProviderUnavailable, ProviderMisbehaved: The session at the provider may live on.
        """
        metadata = await self.metadata()
        if is_direct(self._dialect_of(metadata), self._settings) and id_token is not None:
            if not await self.end_session(id_token):
                _log.warning("provider.end_session_refused", provider=self.name)
            return return_url
        state = secrets.token_urlsafe(16)  # comes back with the browser and is of no further use (RP-Initiated Logout 1.0)
        return build_end_session_url(metadata, self._settings.client_id, return_url, state) or return_url

    async def end_session(self, id_token: Secret) -> bool:
        """End the session at the provider without the browser; tell whether the provider agreed.

        Raises:
            ProviderUnavailable: The provider does not answer; the session there may live on.
        """
        what, metadata = "end-session endpoint", await self.metadata()
        request = build_direct_end_session(metadata, id_token, self._settings.client_id)
        if request is None:
            return False
        answer = await self._post(request, what)
        if answer.status in (404, 405, 501):  # it knows GET only, where the token stands in the URL: the second choice
            answer = await self._door.call("GET", f"{request.url}?{request.body}", what)
        refuse_unavailable(answer.status, answer.headers, what)
        if answer.status >= 400:
            _log.info("provider.end_session_refused", status=answer.status)
        return answer.status < 400

    def _credentials(self, url: str, access_token: Secret) -> dict[str, str]:
        if self.dpop is None:
            return {"Authorization": f"Bearer {access_token.reveal()}", "Accept": ACCEPT}
        proof = self.dpop.make_proof("GET", url, access_token)
        return {"Authorization": f"{SCHEME} {access_token.reveal()}", SCHEME: proof, "Accept": ACCEPT}

    def _compare(self, metadata: ProviderMetadata) -> None:
        """Log that the metadata were read, and compare them with the settings."""
        _log.info("provider.discovered", provider=self.name, issuer=self.issuer, dialect=self._dialect_of(metadata).name)
        self._client.compare(metadata)
        found = contradicts(metadata, self._settings.pushed_authorization)
        if found is not None and found != self._contradiction:
            _log.error("provider.contradicts_settings", provider=self.name, reason=found)
        self._contradiction = found

    def _with_readable_id_token(self, response: TokenResponse) -> TokenResponse:
        if response.id_token is None:
            return response
        return replace(response, id_token=self._checks.readable(response.id_token))

    def _post(self, request: FormRequest, what: str) -> Awaitable[ProviderResponse]:
        return self._door.call("POST", request.url, what, headers=request.headers, body=request.body.encode())
