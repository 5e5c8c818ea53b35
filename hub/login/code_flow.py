"""Login with the authorization code flow and PKCE (OpenID Connect Core 1.0 section 3.1, RFC 7636)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hub.config.settings import MAIN_PROVIDER, SessionSettings
from hub.errors import LoginExpired, LoginFailed, NotAuthenticated, ProviderMisbehaved
from hub.login.login_parameters import LoginParameters
from hub.login.new_session import Authenticated, Visitor, new_session
from hub.oidc.authorization import process_authorization_response
from hub.oidc.providers import Providers
from hub.oidc.token_endpoint import TokenRefused
from hub.primitives.clock import Clock
from hub.primitives.secret import digest
from hub.session.attempts import FinishedAttempt, LoginAttemptStore
from hub.session.model import BrowserId, LoginAttempt, Session, SessionId, TokenSet
from hub.session.sessions import Sessions
from hub.telemetry import log
from hub.telemetry.metrics import Metrics
from hub.tokens.schedule import scheduled

RESTART_WINDOW_SECONDS = 60.0  # a failed login restarts by itself at most once in this time
NOTHING_SPECIAL = LoginParameters()

logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class BegunLogin:
    """A login attempt that has begun: the browser goes to `url` and stores `browser_id` in the pre-login cookie."""

    url: str
    browser_id: BrowserId


@dataclass(frozen=True, slots=True)
class CompletedLogin:
    """A successful login: the browser gets `session_id` (None: its present session continues) and goes to `return_to`."""

    session_id: SessionId | None
    return_to: str


class CodeFlow:
    """Logs users in at the OpenID Providers of the settings."""

    def __init__(
        self,
        providers: Providers,
        attempts: LoginAttemptStore,
        sessions: Sessions,
        settings: SessionSettings,
        origin: str,
        clock: Clock,
        metrics: Metrics,
        jitter: Callable[[], float],
    ) -> None:
        self._providers = providers
        self._attempts = attempts
        self._sessions = sessions
        self._settings = settings
        self._origin = origin
        self._clock = clock
        self._metrics = metrics
        self._jitter = jitter

    async def begin(
        self,
        return_to: str,
        browser_id: BrowserId | None,
        provider_name: str = MAIN_PROVIDER,
        present: SessionId | None = None,
        parameters: LoginParameters = NOTHING_SPECIAL,
    ) -> BegunLogin:
        """Store a new login attempt of this browser, and return the URL to which the browser has to go.

        Parameters:
            present: The session that the browser already has.
            parameters: Parameters of this login for the provider.

        Raises:
            BadRequest: There is no such provider, or the settings do not accept the parameters.
            LoginFailed: The provider rejects the parameters.
            ProviderUnavailable, ProviderMisbehaved: There is no metadata, or the provider takes no login now.
            StoreUnavailable: Redis does not respond.
        """
        provider = self._providers.openid(provider_name)
        browser_id = browser_id or BrowserId.generate()
        request = await provider.begin_login(self._redirect_uri(provider_name), parameters.as_request())
        attempt = LoginAttempt(
            browser_key=browser_id.key,
            provider=provider_name,
            issuer=provider.issuer,
            nonce=request.nonce,
            code_verifier=request.code_verifier,
            return_to=return_to,
            created_at=self._clock.now(),
            present="" if present is None else present.key,
            parameters=request.demands,
        )
        limits = self._settings
        await self._attempts.put(digest(request.state), attempt, limits.login_timeout_seconds, limits.max_login_attempts)
        self._metrics.logins.labels("begun").inc()
        return BegunLogin(request.url, browser_id)

    async def complete(
        self,
        parameters: Mapping[str, list[str]],
        browser_id: BrowserId | None,
        present: SessionId | None,
        visitor: Visitor,
        provider_name: str = MAIN_PROVIDER,
    ) -> CompletedLogin:
        """Create a session from the authorization response.

        Parameters:
            parameters: The query of the callback: each name with all its values.
            present: The session that the browser sends, if any. The new session replaces it.
            provider_name: The provider of this callback URL. The response must belong to it (RFC 9700 section 4.4).

        Raises:
            LoginFailed: The response is not valid.
            ProviderUnavailable, ProviderMisbehaved: The provider issued no usable tokens.
            StoreUnavailable: Redis does not respond.
        """
        state_key = digest("".join(parameters.get("state", [])))
        attempt = await self._attempts.take(state_key)
        if not isinstance(attempt, LoginAttempt):
            return await self._without_attempt(attempt, present)
        if browser_id is None or browser_id.key != attempt.browser_key:
            raise LoginFailed("This login was started in another browser. Log in again here.")
        if attempt.provider != provider_name:
            raise LoginFailed("The response comes from another login service than the login was sent to. Please log in again.")
        session_id, session = await self._authenticate(parameters, attempt, visitor)
        await self._sessions.start(session, attempt.present if present is None else present.key)
        await self._attempts.finish(state_key, attempt.return_to, self._settings.login_timeout_seconds)
        self._metrics.logins.labels("completed").inc()
        return CompletedLogin(session_id, attempt.return_to)

    async def may_restart(self, browser_id: BrowserId | None) -> bool:
        """Return whether a failed login may restart by itself: once a minute, if the browser sends the pre-login cookie."""
        return browser_id is not None and await self._attempts.may_restart(browser_id.key, RESTART_WINDOW_SECONDS)

    async def _without_attempt(self, attempt: FinishedAttempt | None, present: SessionId | None) -> CompletedLogin:
        """Complete a callback that was loaded twice or too late: a user with a valid session continues with it."""
        try:
            await self._sessions.confirmed(present)
        except NotAuthenticated as error:
            raise LoginExpired("This login has expired or was already completed. Log in again.") from error
        return CompletedLogin(None, attempt.return_to if attempt else "/")

    async def _authenticate(
        self, parameters: Mapping[str, list[str]], attempt: LoginAttempt, visitor: Visitor
    ) -> tuple[SessionId, Session]:
        provider = self._providers.openid(attempt.provider)
        metadata = await provider.metadata()
        code = process_authorization_response(
            parameters,
            expected_issuer=attempt.issuer,
            iss_required=metadata.authorization_response_iss_parameter_supported,
        )
        asked_at = self._clock.now()
        try:
            response = await provider.exchange_code(code, attempt.code_verifier, self._redirect_uri(attempt.provider))
        except TokenRefused as error:
            raise LoginFailed(f"The login service rejected the login ({error.error}). Log in again.") from error
        if response.id_token is None:
            raise ProviderMisbehaved("The login service sent no ID token. provider.scopes must contain openid.")
        claims = await provider.checks.id_token(
            response.id_token, nonce=attempt.nonce, access_token=response.access_token, demands=attempt.parameters
        )
        userinfo = await provider.userinfo(response.access_token, claims.subject)
        acr = claims.claims.get("acr")
        user = Authenticated(
            provider=attempt.provider,
            issuer=claims.issuer,
            subject=claims.subject,
            claims={**response.context, **claims.claims, **userinfo},
            provider_session_id=claims.session_id,
            nonce=attempt.nonce,
            auth_time=claims.auth_time,
            clock_difference=provider.clock_difference,
            acr=acr if isinstance(acr, str) else None,
        )
        tokens = scheduled(TokenSet.from_response(response, asked_at), self._jitter(), provider.clock_difference)
        return new_session(user, tokens, visitor, self._settings, self._clock.now())

    def _redirect_uri(self, provider_name: str) -> str:
        """Return the callback URL of a provider. Each provider has its own, which prevents mix-up attacks."""
        callback = f"{self._origin}/hub/callback"
        return callback if provider_name == MAIN_PROVIDER else f"{callback}/{provider_name}"
