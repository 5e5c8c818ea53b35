"""Login with the authorization code flow and PKCE (OpenID Connect Core 1.0 section 3.1, RFC 7636)."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from hub.config.settings import MAIN_PROVIDER, SessionSettings
from hub.errors import BadRequest, HubError, LoginExpired, LoginFailed, NotAuthenticated, ProviderMisbehaved, StoreUnavailable
from hub.login.login_parameters import LoginParameters
from hub.login.new_session import Authenticated, Visitor, new_session
from hub.login.return_url import HOME
from hub.oidc.authorization import process_authorization_response
from hub.oidc.providers import Providers
from hub.oidc.token_endpoint import TokenRefused, TokenResponse
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret, digest
from hub.session.attempts import LoginAttempts
from hub.session.model import LoginAttempt, Session, SessionId, TokenSet
from hub.session.sessions import Sessions
from hub.telemetry import log
from hub.telemetry.metrics import Metrics
from hub.tokens.schedule import scheduled

MAX_SEALED_CHARACTERS = 4000  # browsers store cookies of 4096 bytes, name included
NOTHING_SPECIAL = LoginParameters()

logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class BegunLogin:
    """A login attempt that has begun: the browser stores it and goes to `url`.

    Attributes:
        state_key: Hash of the `state` of the authorization request.
        sealed: The attempt, encrypted, for a cookie.
        begun_at: Epoch seconds.
    """

    url: str
    state_key: str
    sealed: str
    begun_at: float


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
        attempts: LoginAttempts,
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
        provider_name: str = MAIN_PROVIDER,
        present: SessionId | None = None,
        parameters: LoginParameters = NOTHING_SPECIAL,
    ) -> BegunLogin:
        """Return a new login attempt, which the browser has to store, and the URL to which it has to go. Redis is not used.

        Parameters:
            return_to: Path to which the login returns; `/` takes its place if it is too long for a cookie.
            present: The session that the browser already has.
            parameters: Parameters of this login for the provider.

        Raises:
            BadRequest: There is no such provider, the settings do not accept the parameters, or they are too long for a cookie.
            LoginFailed: The provider rejects the parameters.
            ProviderUnavailable, ProviderMisbehaved: There is no metadata, or the provider takes no login now.
        """
        provider = self._providers.openid(provider_name)
        request = await provider.begin_login(self._redirect_uri(provider_name), parameters.as_request())
        attempt = LoginAttempt(
            provider=provider_name,
            issuer=provider.issuer,
            nonce=request.nonce,
            code_verifier=request.code_verifier,
            return_to=return_to,
            created_at=self._clock.now(),
            present="" if present is None else present.key,
            parameters=request.demands,
        )
        state_key = digest(request.state)
        sealed = self._attempts.seal(state_key, attempt)
        if len(sealed) > MAX_SEALED_CHARACTERS:
            logger.info("login.return_to_ignored", reason="too_long_for_a_cookie")
            sealed = self._attempts.seal(state_key, replace(attempt, return_to=HOME))
        if len(sealed) > MAX_SEALED_CHARACTERS:
            raise BadRequest("The parameters of this login are too long together. Shorten them.")
        self._metrics.logins.labels("begun").inc()
        return BegunLogin(request.url, state_key, sealed, attempt.created_at)

    async def complete(
        self,
        parameters: Mapping[str, list[str]],
        sealed: str,
        present: SessionId | None,
        visitor: Visitor,
        provider_name: str = MAIN_PROVIDER,
    ) -> CompletedLogin:
        """Create a session from the authorization response.

        Parameters:
            parameters: The query of the callback: each name with all its values.
            sealed: The attempt of the response's `state` that the browser has stored; empty if it has none.
            present: The session that the browser sends, if any. The new session replaces it.
            provider_name: The provider of this callback URL. The response must belong to it (RFC 9700 section 4.4).

        Raises:
            LoginFailed: The response is not valid.
            ProviderUnavailable, ProviderMisbehaved: The provider issued no usable tokens.
            StoreUnavailable: Redis does not respond.
        """
        state_key = state_key_of(parameters)
        attempt = self._attempts.open(state_key, sealed)
        remaining = 0.0 if attempt is None else attempt.created_at + self._settings.login_timeout_seconds - self._clock.now()
        if attempt is None or remaining <= 0:
            return await self._without_attempt(None, present)
        if attempt.provider != provider_name:
            raise LoginFailed("The response comes from another login service than the login was sent to. Please log in again.")
        code = await self._code(parameters, attempt)
        if not await self._attempts.use(state_key, remaining):
            return await self._without_attempt(attempt, present)
        asked_at = self._clock.now()
        response = await self._exchange(code, attempt, state_key)
        session_id, session = await self._authenticate(response, asked_at, attempt, visitor)
        await self._sessions.start(session, attempt.present if present is None else present.key)
        self._metrics.logins.labels("completed").inc()
        return CompletedLogin(session_id, attempt.return_to)

    async def _without_attempt(self, attempt: LoginAttempt | None, present: SessionId | None) -> CompletedLogin:
        """Complete a callback that was loaded twice or too late: a user with a valid session continues with it."""
        try:
            await self._sessions.confirmed(present)
        except NotAuthenticated as error:
            raise LoginExpired(
                "This login has expired, was already completed, or was started in another browser. Log in again here."
            ) from error
        return CompletedLogin(None, attempt.return_to if attempt else "/")

    async def _code(self, parameters: Mapping[str, list[str]], attempt: LoginAttempt) -> Secret:
        """Return the authorization code of the response. Raises as `process_authorization_response`."""
        metadata = await self._providers.openid_of(attempt.provider, attempt.issuer).metadata()
        return process_authorization_response(
            parameters,
            expected_issuer=attempt.issuer,
            iss_required=metadata.authorization_response_iss_parameter_supported,
        )

    async def _exchange(self, code: Secret, attempt: LoginAttempt, state_key: str) -> TokenResponse:
        """Exchange the code. If the provider issues no tokens, the attempt is not marked as used any longer."""
        provider = self._providers.openid_of(attempt.provider, attempt.issuer)
        try:
            return await provider.exchange_code(code, attempt.code_verifier, self._redirect_uri(attempt.provider))
        except HubError as error:
            with suppress(StoreUnavailable):
                await self._attempts.release(state_key)
            if isinstance(error, TokenRefused):
                raise LoginFailed(f"The login service rejected the login ({error.error}). Log in again.") from error
            raise

    async def _authenticate(
        self, response: TokenResponse, asked_at: float, attempt: LoginAttempt, visitor: Visitor
    ) -> tuple[SessionId, Session]:
        provider = self._providers.openid_of(attempt.provider, attempt.issuer)
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


def state_key_of(parameters: Mapping[str, list[str]]) -> str:
    """Return the hash of the `state` of an authorization response. A repeated `state` matches no attempt."""
    return digest("".join(parameters.get("state", [])))
