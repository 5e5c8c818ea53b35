"""An OpenID Provider: what the rest of the hub asks of it, put together from the pure modules and the door."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from hub import log
from hub.clock import Clock
from hub.errors import HubError, ProviderMisbehaved, ProviderRejectedClient
from hub.oidc.answer import decode_object, refuse_unavailable
from hub.oidc.authorization import AuthorizationRequest, build_authorization_request
from hub.oidc.door import Answer, ProviderDoor, report_nothing
from hub.oidc.end_session import build_direct_end_session, build_end_session_url, is_direct
from hub.oidc.grants import TokenTarget, build_client_credentials, build_exchange, process_client_credentials, process_exchange
from hub.oidc.id_token import (
    Expectations,
    IdTokenClaims,
    Original,
    validate_id_token,
    validate_refreshed_id_token,
)
from hub.oidc.jwks import KeySet, process_jwks
from hub.oidc.kept import Kept
from hub.oidc.logout_token import LogoutClaims, validate_logout_token
from hub.oidc.metadata import ProviderMetadata, build_discovery_url, process_metadata
from hub.oidc.signed_jwt import UnknownKey
from hub.oidc.token_endpoint import (
    FormRequest,
    TokenRefused,
    TokenResponse,
    build_code_exchange,
    build_refresh,
    build_revocation,
    process_token_response,
    token_error,
)
from hub.secret import Secret
from hub.settings import ProviderSettings
from hub.tasks import end_tasks

METADATA_FRESH_SECONDS = 3600.0
KEYS_FRESH_SECONDS = 600.0  # a key that the provider withdraws is believed no longer than this
RENEWAL_SECONDS = 30.0  # tokens with invented key ids must not become a flood of requests to the provider
DISCOVERY_RETRY_SECONDS = 5.0
DISCOVERY_WAIT_SECONDS = 4.0  # shorter, so that a circuit that has opened lets each of those retries through

T = TypeVar("T")
_log = log.get(__name__)


class OpenIDProvider:
    """The OpenID Provider of the settings, as the rest of the hub sees it."""

    def __init__(
        self, settings: ProviderSettings, clock: Clock, report_open_circuits: Callable[[float], None] = report_nothing
    ) -> None:
        """Parameters:
        report_open_circuits: Is told the number of endpoints that are being left alone, whenever it changes.
        """
        self._settings = settings
        self._clock = clock
        self._expected = _expectations(settings)
        self._metadata = Kept(self._fetch_metadata, clock, fresh_seconds=METADATA_FRESH_SECONDS, retry_seconds=RENEWAL_SECONDS)
        self._keys = Kept(self._fetch_keys, clock, fresh_seconds=KEYS_FRESH_SECONDS, retry_seconds=RENEWAL_SECONDS)
        self._door = ProviderDoor(
            clock,
            settings.timeout_seconds,
            settings.ca_file,
            name=settings.name,
            report_open_circuits=report_open_circuits,
        )
        self._discovery: asyncio.Task[None] | None = None
        self._discovery_trouble = "The provider's discovery document has not been read yet."
        self._client_trouble: str | None = None

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
        """Never: an OpenID Provider lets an access token live to its end."""
        return False

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
        self._discovery = asyncio.create_task(self._discover())

    async def close(self) -> None:
        """End everything that is under way, and close the door."""
        if self._discovery is not None:
            await end_tasks([self._discovery])
        await self._metadata.close()
        await self._keys.close()
        await self._door.close()

    def status(self) -> str | None:
        """Say in one line why nobody can log in; None if nothing speaks against it."""
        if not self._metadata.is_known:
            return self._discovery_trouble
        return self._client_trouble

    async def metadata(self) -> ProviderMetadata:
        """Return the provider's metadata; renewed each hour, and kept while the provider does not answer.

        Raises:
            ProviderUnavailable, ProviderMisbehaved: There is none yet.
        """
        return await self._metadata.get()

    async def begin_login(self, redirect_uri: str) -> AuthorizationRequest:
        """Return where a browser has to go to log in, and what has to be remembered until it comes back.

        Raises:
            ProviderUnavailable, ProviderMisbehaved: The provider's metadata cannot be had.
        """
        return build_authorization_request(await self.metadata(), self._settings, redirect_uri)

    async def exchange_code(self, code: Secret, code_verifier: Secret, redirect_uri: str) -> TokenResponse:
        """Turn an authorization code into tokens.

        Raises:
            TokenRefused, ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_token_response`.
        """
        metadata = await self.metadata()
        request = build_code_exchange(metadata, self._settings, code=code, code_verifier=code_verifier, redirect_uri=redirect_uri)
        return await self._request_tokens(request)

    async def refresh(self, refresh_token: Secret, *, resource: str = "") -> TokenResponse:
        """Get fresh tokens. If this is cancelled, the answer, and with it a rotated refresh token, is lost.

        Parameters:
            resource: URI of a resource server that the access token shall be for (RFC 8707); empty: as at the login.

        Raises:
            TokenRefused: `error` is `invalid_grant` if the refresh token is used up, expired or revoked.
            TargetRefused: The provider gives no access token for this resource.
            ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_token_response`.
        """
        return await self._request_tokens(build_refresh(await self.metadata(), self._settings, refresh_token, resource))

    async def client_token(self, target: TokenTarget) -> TokenResponse:
        """Get an access token for the hub itself (client credentials).

        Raises:
            TokenRefused, ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_token_response`.
        """
        request = build_client_credentials(await self.metadata(), self._settings, target)
        return await self._request_tokens(request, process_client_credentials)

    async def exchange(self, access_token: Secret, target: TokenTarget) -> TokenResponse:
        """Exchange the access token of a user for one that is for another party (RFC 8693).

        Raises:
            TokenRefused: The token is not valid any more, or the provider gives none for this target.
            ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_exchange`.
        """
        request = build_exchange(await self.metadata(), self._settings, access_token, target)
        return await self._request_tokens(request, process_exchange)

    async def validate_id_token(self, token: Secret, *, nonce: str, access_token: Secret | None) -> IdTokenClaims:
        """Check the ID token of a login.

        Raises:
            UnknownKey: The provider does not publish the key, or not yet.
            ProviderUnavailable: The provider's keys cannot be had.
            ProviderMisbehaved: A rule is broken; the detail says which.
        """
        return await self._with_keys(
            lambda keys: validate_id_token(token, keys, self._expected, now=self.now(), nonce=nonce, access_token=access_token)
        )

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
        return await self._with_keys(
            lambda keys: validate_refreshed_id_token(
                token,
                keys,
                self._expected,
                now=self.now(),
                original=original,
                access_token=access_token,
                nonce=nonce,
                auth_time=auth_time,
            )
        )

    async def validate_logout_token(self, token: Secret) -> LogoutClaims:
        """Check a logout token that was posted to the hub; `expires_at` of what it says is by the hub's clock.

        Raises:
            UnknownKey: The provider does not publish the key, or not yet.
            ProviderUnavailable: The provider's keys cannot be had.
            ProviderMisbehaved: A rule is broken; the detail says which.
        """
        claims = await self._with_keys(
            lambda keys: validate_logout_token(
                token,
                keys,
                issuer=self.issuer,
                client_id=self._settings.client_id,
                algorithms=self._settings.signing_algorithms,
                leeway_seconds=self._settings.leeway_seconds,
                now=self.now(),
            )
        )
        return replace(claims, expires_at=claims.expires_at - (self.now() - self._clock.now()))

    async def userinfo(self, access_token: Secret, subject: str) -> dict[str, Any]:
        """Return the claims about `subject` (OpenID Connect Core 1.0 section 5.3).

        Empty if the provider has no such endpoint or does not take this access token there, which is so where access
        tokens are meant for a resource server alone.

        Raises:
            ProviderUnavailable: The provider does not answer.
            ProviderMisbehaved: The claims are about somebody else, or no JSON object.
        """
        what, url = "userinfo endpoint", (await self.metadata()).userinfo_endpoint
        if url is None:
            return {}
        headers = {"Authorization": f"Bearer {access_token.reveal()}", "Accept": "application/json"}
        answer = await self._door.call("GET", url, what, headers=headers)
        refuse_unavailable(answer.status, answer.headers, what)
        if answer.status in (401, 403):
            _log.info("provider.userinfo_refused", status=answer.status)
            return {}
        if answer.status != 200:
            raise ProviderMisbehaved(f"The {what} of the login service answered with status {answer.status}.")
        claims = decode_object(answer.body, what)
        if claims.get("sub") != subject:  # section 5.3.2: else the claims must not be used
            raise ProviderMisbehaved(f"The {what} answered about another person than the one who logged in.")
        return claims

    async def revoke(self, token: Secret, hint: str) -> bool:
        """Revoke a token (RFC 7009); tell whether the provider did so, or did not know it any more.

        Parameters:
            hint: `refresh_token` or `access_token`.

        Raises:
            ProviderRejectedClient, ProviderUnavailable: The token is still valid (section 2.2.1).
        """
        what, request = "revocation endpoint", build_revocation(await self.metadata(), self._settings, token, hint)
        if request is None:
            return False
        answer = await self._post(request, what)
        refuse_unavailable(answer.status, answer.headers, what)
        if answer.status == 200:
            self._accepted()
            return True
        error = token_error(answer.status, answer.headers, answer.body)
        if isinstance(error, ProviderRejectedClient):
            self._rejected(error)
            raise error
        _log.info("provider.revocation_refused", status=answer.status, reason=error.detail)
        return False

    async def log_out(self, *, id_token: Secret | None, access_token: Secret, return_url: str) -> str:
        """End the session at the provider, and return where the browser has to go now.

        IRIS finds its session by the ID token, which must not reach the browser: the hub itself calls. Other providers know
        the browser by its cookie, so it has to visit them.

        Raises:
            ProviderUnavailable, ProviderMisbehaved: The session at the provider may live on.
        """
        metadata = await self.metadata()
        if is_direct(metadata, self._settings) and id_token is not None:
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

    async def _discover(self) -> None:
        """Ask until the provider has answered once: while the hub is not ready, nobody else will ask."""
        while not self._metadata.is_known:
            try:
                await self._metadata.get()
            except HubError:
                await self._clock.sleep(DISCOVERY_RETRY_SECONDS)

    async def _fetch_metadata(self) -> ProviderMetadata:
        issuer = self._settings.issuer
        try:
            answer = await self._door.call(
                "GET", build_discovery_url(issuer), "discovery document", longest_wait_seconds=DISCOVERY_WAIT_SECONDS
            )
            metadata = process_metadata(answer.status, answer.body, issuer, answer.headers)
        except HubError as error:
            if self._metadata.is_known or error.detail != self._discovery_trouble:
                _log.warning("provider.discovery_failed", issuer=issuer, reason=error.detail)
            self._discovery_trouble = error.detail
            raise
        _log.info("provider.discovered", issuer=issuer, iris=metadata.is_iris)
        return metadata

    async def _fetch_keys(self) -> KeySet:
        metadata = await self.metadata()
        answer = await self._door.call("GET", metadata.jwks_uri, "key set")
        return process_jwks(answer.status, answer.headers, answer.body)

    async def _with_keys(self, validate: Callable[[KeySet], T]) -> T:
        """Validate with the keys in hand; if none of them fits, once more after fetching them again."""
        try:
            return validate(await self._keys.get())
        except UnknownKey:
            return validate(await self._keys.renew())

    async def _request_tokens(
        self,
        request: FormRequest,
        process: Callable[[int, Mapping[str, str], bytes], TokenResponse] = process_token_response,
    ) -> TokenResponse:
        answer = await self._post(request, "token endpoint")
        try:
            response = process(answer.status, answer.headers, answer.body)
        except ProviderRejectedClient as error:
            self._rejected(error)
            raise
        except TokenRefused:
            self._accepted()
            raise
        self._accepted()
        return response

    def _rejected(self, error: ProviderRejectedClient) -> None:
        if self._client_trouble is None:
            _log.error("provider.rejected_client", client_id=self._settings.client_id, reason=error.detail)
        self._client_trouble = error.detail

    def _accepted(self) -> None:
        if self._client_trouble is not None:
            _log.info("provider.accepted_client", client_id=self._settings.client_id)
        self._client_trouble = None

    def _post(self, request: FormRequest, what: str) -> Awaitable[Answer]:
        return self._door.call("POST", request.url, what, headers=request.headers, body=request.body.encode())


def _expectations(settings: ProviderSettings) -> Expectations:
    max_age = settings.authorization_parameters.get("max_age", "")
    return Expectations(
        issuer=settings.issuer,
        client_id=settings.client_id,
        algorithms=settings.signing_algorithms,
        leeway_seconds=settings.leeway_seconds,
        max_age_seconds=float(max_age) if max_age.isascii() and max_age.isdigit() else None,
        acr_values=settings.authorization_parameters.get("acr_values", "").split(),
    )
