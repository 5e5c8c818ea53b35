"""Logging in with the authorization code flow (OpenID Connect Core section 3.1, PKCE RFC 7636): begin, and complete."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hub import log
from hub.clock import Clock
from hub.errors import LoginExpired, LoginFailed, NotAuthenticated, ProviderMisbehaved
from hub.metrics import Metrics
from hub.oidc.authorization import build_authorization_request, process_authorization_response
from hub.oidc.id_token import IdTokenClaims
from hub.oidc.provider import OpenIDProvider
from hub.oidc.token_endpoint import TokenRefused
from hub.secret import digest
from hub.session.model import BrowserId, LoginAttempt, Session, SessionId, TokenSet
from hub.session.sessions import Sessions
from hub.session.store import FinishedAttempt, SessionStore
from hub.settings import ProviderSettings, SessionSettings
from hub.tokens.schedule import scheduled

RESTART_WINDOW_SECONDS = 60.0  # a login that fails twice within this time needs its user

logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class BegunLogin:
    """Send the browser to `url`, and let it remember `browser_id` in the pre-login cookie."""

    url: str
    browser_id: BrowserId


@dataclass(frozen=True, slots=True)
class CompletedLogin:
    """The login succeeded: the browser gets `session_id` (None: it keeps the session that it has) and goes to `return_to`."""

    session_id: SessionId | None
    return_to: str


class CodeFlow:
    """Logs users in at one OpenID Provider."""

    def __init__(
        self,
        provider: OpenIDProvider,
        store: SessionStore,
        sessions: Sessions,
        provider_settings: ProviderSettings,
        session_settings: SessionSettings,
        redirect_uri: str,
        clock: Clock,
        metrics: Metrics,
        jitter: Callable[[], float],
    ) -> None:
        self._provider = provider
        self._store = store
        self._sessions = sessions
        self._provider_settings = provider_settings
        self._session_settings = session_settings
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._metrics = metrics
        self._jitter = jitter

    async def begin(self, return_to: str, browser_id: BrowserId | None) -> BegunLogin:
        """Store a login attempt of this browser, and say where it has to go.

        Raises:
            ProviderUnavailable, ProviderMisbehaved: The provider's metadata cannot be had.
            StoreUnavailable: Redis does not answer.
        """
        metadata = await self._provider.metadata()
        browser_id = browser_id or BrowserId.generate()
        request = build_authorization_request(metadata, self._provider_settings, self._redirect_uri)
        attempt = LoginAttempt(
            browser_key=browser_id.key,
            issuer=metadata.issuer,
            nonce=request.nonce,
            code_verifier=request.code_verifier,
            return_to=return_to,
            created_at=self._clock.now(),
        )
        limits = self._session_settings
        await self._store.put_attempt(digest(request.state), attempt, limits.login_timeout_seconds, limits.max_login_attempts)
        self._metrics.logins.labels("begun").inc()
        return BegunLogin(request.url, browser_id)

    async def complete(
        self, parameters: Mapping[str, list[str]], browser_id: BrowserId | None, present: SessionId | None
    ) -> CompletedLogin:
        """Turn the authorization response into a session.

        Parameters:
            parameters: The query of the callback, each name with all its values.
            present: The session that the browser has already; it is replaced by the new one.

        Raises:
            LoginFailed: The response cannot be used.
            ProviderUnavailable, ProviderMisbehaved: The provider did not deliver.
            StoreUnavailable: Redis does not answer.
        """
        state_key = digest("".join(parameters.get("state", [])))
        attempt = await self._store.take_attempt(state_key)
        if not isinstance(attempt, LoginAttempt):
            return await self._without_attempt(attempt, present)
        if browser_id is None or browser_id.key != attempt.browser_key:
            raise LoginFailed("This login was begun in another browser. Begin again here.")
        session_id, session = await self._authenticate(parameters, attempt)
        if present is not None:
            await self._sessions.end(present.key, "replaced")
        await self._sessions.start(session)
        await self._store.finish_attempt(state_key, attempt.return_to, self._session_settings.login_timeout_seconds)
        self._metrics.logins.labels("completed").inc()
        return CompletedLogin(session_id, attempt.return_to)

    async def may_restart(self, browser_id: BrowserId | None) -> bool:
        """Tell whether a failed login may begin anew without asking: once, and only if the browser keeps our cookie."""
        return browser_id is not None and await self._store.may_restart(browser_id.key, RESTART_WINDOW_SECONDS)

    async def _without_attempt(self, attempt: FinishedAttempt | None, present: SessionId | None) -> CompletedLogin:
        """A callback loaded twice, or too late: with a living session the user just goes on."""
        try:
            await self._sessions.current(present)
        except NotAuthenticated as error:
            raise LoginExpired("This login has expired or was used already. Begin again.") from error
        return CompletedLogin(None, attempt.return_to if attempt else "/")

    async def _authenticate(self, parameters: Mapping[str, list[str]], attempt: LoginAttempt) -> tuple[SessionId, Session]:
        metadata = await self._provider.metadata()
        code = process_authorization_response(
            parameters,
            expected_issuer=attempt.issuer,
            iss_required=metadata.authorization_response_iss_parameter_supported,
        )
        asked_at = self._clock.now()
        try:
            response = await self._provider.exchange_code(code, attempt.code_verifier, self._redirect_uri)
        except TokenRefused as error:
            raise LoginFailed(f"The login service did not accept the login ({error.error}). Begin again.") from error
        if response.id_token is None:
            raise ProviderMisbehaved("It sent no ID token; provider.scopes must contain openid.")
        claims = await self._provider.validate_id_token(
            response.id_token, nonce=attempt.nonce, access_token=response.access_token
        )
        userinfo = await self._provider.userinfo(response.access_token, claims.subject)
        return self._session(claims, userinfo, TokenSet.from_response(response, asked_at))

    def _session(self, claims: IdTokenClaims, userinfo: Mapping[str, object], tokens: TokenSet) -> tuple[SessionId, Session]:
        now = self._clock.now()
        session_id = SessionId.generate()  # always a new one: nobody can have planted it (session fixation)
        known = {**claims.claims, **userinfo}
        name = known.get("name") or known.get("preferred_username")
        if tokens.refresh_token is None:
            logger.warning("login.no_refresh_token", hint="ask for offline_access, or let the provider issue one")
        return session_id, Session(
            key=session_id.key,
            version=1,
            issuer=claims.issuer,
            subject=claims.subject,
            provider_session_id=claims.session_id,
            name=str(name) if name else None,
            claims={key: known[key] for key in self._session_settings.claims if key in known},
            tokens=scheduled(tokens, self._jitter()),
            created_at=now,
            touched_at=now,
        )
