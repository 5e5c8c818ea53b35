"""The native JWT mode of IRIS: a REST application that logs its users in itself. Has the interface of a provider.

The browser never talks to IRIS. The hub shows the login form and sends the password once. It drops the cookie `CSPBrowserId`,
with which an empty login would return the tokens of the previous user.
"""

from collections.abc import Callable

from hub.config.settings import ProviderSettings
from hub.errors import HubError, ProviderMisbehaved, ProviderRejectedClient
from hub.iris.dialect import IRIS_DIALECT
from hub.iris.native_messages import (
    JsonRequest,
    build_login,
    build_logout,
    build_probe,
    build_refresh,
    build_revocation,
    is_refusal,
    process_end,
    process_login,
    process_refresh,
    unexpected,
)
from hub.oidc.http_client import ProviderHttpClient, ProviderResponse, report_nothing
from hub.oidc.id_token import IdTokenClaims, Original
from hub.oidc.providers import CredentialsRefused, PasswordProvider
from hub.oidc.token_endpoint import TokenRefused, TokenResponse
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret
from hub.primitives.task_supervisor import ServiceTask, TaskSupervisor
from hub.telemetry import log

PROBE_RETRY_SECONDS = 5.0

_log = log.get(__name__)


class NativeJwt(PasswordProvider):
    """A REST application of IRIS in native JWT mode, as a provider of logins."""

    def __init__(
        self,
        settings: ProviderSettings,
        clock: Clock,
        report_open_circuits: Callable[[float], None] = report_nothing,
        tasks: TaskSupervisor | None = None,
    ) -> None:
        """Parameters:
        report_open_circuits: Receives the number of open circuits whenever it changes.
        tasks: Runs the probing. Without it the provider has a supervisor of its own.
        """
        self.name = settings.name
        self.label = settings.label or settings.name
        self.issuer = settings.issuer
        self.kills_old_access_token = True  # IRIS keeps one pair of tokens for each login, and a refresh replaces both
        self._settings = settings
        self._clock = clock
        self._http = ProviderHttpClient(
            clock,
            settings.timeout_seconds,
            settings.ca_file,
            name=settings.name,
            report_open_circuits=report_open_circuits,
        )
        self._tasks = tasks or TaskSupervisor(clock)
        self._probing: ServiceTask | None = None
        self._trouble: str | None = "The IRIS application has not been asked yet."

    @property
    def clock_difference(self) -> float:
        """Seconds by which the clock of IRIS is ahead of the hub's, as far as known."""
        return self._http.clock_difference

    async def start(self) -> None:
        """Open the HTTP client, and start to probe whether the application accepts JWT. Do not wait for the result."""
        await self._http.start()
        self._probing = self._tasks.start(f"probe of {self._settings.name}", self._probe_until_good, finishes=True)

    async def close(self) -> None:
        """Stop the probing, and close the HTTP client."""
        if self._probing is not None:
            await self._probing.stop()
        await self._http.close()

    def status(self) -> str | None:
        """Return in one line why nobody can log in; None if no reason is known."""
        return self._trouble

    async def login(self, user: str, password: Secret) -> TokenResponse:
        """Log a user in. Return the tokens; `subject` is the name by which IRIS knows the user.

        Raises:
            CredentialsRefused: User name or password are wrong.
            ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_login`.
        """
        answer = await self._send(build_login(self._settings, user, password), "login endpoint")
        try:
            response = process_login(answer.status, answer.headers, answer.body)
        except ProviderRejectedClient as error:
            self._rejected(error)
            raise
        except CredentialsRefused:
            self._accepted()
            raise
        self._accepted()
        return response

    async def refresh(self, refresh_token: Secret, *, resource: str = "") -> TokenResponse:
        """Return new tokens. The old access token becomes invalid. If this call is cancelled, the login is lost.

        Raises:
            TokenRefused: `invalid_grant`: the refresh token is used up, expired, or its login has ended. `invalid_target`: a
                `resource` was named, but there are no tokens for single resources here.
            ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: As `process_refresh`.
        """
        if resource:
            raise TokenRefused("invalid_target")
        answer = await self._send(build_refresh(self._settings, refresh_token), "refresh endpoint")
        try:
            response = process_refresh(answer.status, answer.headers, answer.body)
        except ProviderRejectedClient as error:
            self._rejected(error)
            raise
        self._accepted()
        return response

    async def validate_refreshed_id_token(
        self,
        token: Secret,
        *,
        original: Original,
        access_token: Secret | None,
        nonce: str | None = None,
        auth_time: float | None = None,
    ) -> IdTokenClaims:
        """Raise an error: this mode has no ID tokens.

        Raises:
            ProviderMisbehaved: Always.
        """
        raise ProviderMisbehaved("The native JWT mode of IRIS has no ID tokens.")

    async def log_out(self, *, id_token: Secret | None, access_token: Secret, return_url: str) -> str:
        """End the login at IRIS. Return the URL to which the browser has to go: always `return_url`.

        IRIS finds a login by a living access token only. One that has expired is left to `revoke`, which has the refresh token.

        Raises:
            ProviderUnavailable, ProviderMisbehaved: The login may live on.
        """
        if not await self._log_out(access_token):
            _log.info("provider.end_session_rejected", provider=self.name)
        return return_url

    async def revoke(self, token: Secret, hint: str) -> bool:
        """End the login to which a token belongs. Return True, also if it had ended already.

        A refresh token alone cannot be revoked: /revoke wants a living access token beside it, so one is fetched with it first.

        Raises:
            ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: The login may live on.
        """
        if hint == "access_token":
            await self._log_out(token)
            return True
        try:
            fresh = await self.refresh(token)
        except TokenRefused:
            return True
        request = build_revocation(self._settings, fresh.access_token, fresh.refresh_token or token)
        answer = await self._send(request, "revocation endpoint")
        return process_end(answer.status, answer.headers, answer.body, "revocation endpoint")

    async def _log_out(self, access_token: Secret) -> bool:
        answer = await self._send(build_logout(self._settings, access_token), "logout endpoint")
        return process_end(answer.status, answer.headers, answer.body, "logout endpoint")

    async def _probe_until_good(self) -> None:
        """Probe until the application has accepted JWT once. While the hub is not ready, no request would detect that."""
        while True:
            try:
                await self._probe()
            except HubError as error:
                if error.detail != self._trouble:
                    _log.warning("provider.discovery_failed", provider=self.name, issuer=self.issuer, reason=error.detail)
                self._trouble = error.detail
                await self._clock.sleep(PROBE_RETRY_SECONDS)
            else:
                _log.info("provider.discovered", provider=self.name, issuer=self.issuer, dialect=IRIS_DIALECT.name)
                self._trouble = None
                return

    async def _probe(self) -> None:
        what = "refresh endpoint"
        answer = await self._send(build_probe(self._settings), what)
        if not is_refusal(answer.status, answer.headers, answer.body):
            raise unexpected(answer.status, answer.headers, what)

    def _rejected(self, error: ProviderRejectedClient) -> None:
        if self._trouble != error.detail:
            _log.error("provider.client_rejected", provider=self.name, issuer=self.issuer, reason=error.detail)
        self._trouble = error.detail

    def _accepted(self) -> None:
        if self._trouble is not None:
            _log.info("provider.client_accepted", provider=self.name)
        self._trouble = None

    async def _send(self, request: JsonRequest, what: str) -> ProviderResponse:
        return await self._http.call("POST", request.url, what, headers=request.headers, body=request.body)
