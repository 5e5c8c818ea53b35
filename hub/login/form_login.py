"""Login with the hub's own form. The password is sent to the provider once and not stored.

Failed logins are limited by user name and by address. If Redis cannot count them, no login is possible. The CSRF token of the
form is bound to the browser's pre-login cookie, which a page of another origin can neither read nor set.
"""

import hashlib
import hmac
from collections.abc import Callable

from hub.config.settings import SessionSettings
from hub.errors import BadRequest, TooManyRequests
from hub.login.new_session import Authenticated, Visitor, new_session
from hub.oidc.providers import CredentialsRefused, PasswordProvider, Providers
from hub.oidc.token_endpoint import TokenResponse
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret, digest
from hub.session.failure_limit import FailureLimit, FailureLimiter, network_of
from hub.session.model import BrowserId, SessionId, TokenSet, session_ref
from hub.session.sessions import Sessions
from hub.telemetry import log
from hub.telemetry.metrics import Metrics
from hub.tokens.schedule import scheduled

MAX_USER_CHARACTERS = 160  # the longest user name that IRIS stores
MAX_PASSWORD_CHARACTERS = 1024

logger = log.get(__name__)


class FormLogin:
    """Logs users in at the providers that have no login pages."""

    def __init__(
        self,
        providers: Providers,
        sessions: Sessions,
        limiter: FailureLimiter,
        settings: SessionSettings,
        clock: Clock,
        metrics: Metrics,
        jitter: Callable[[], float],
    ) -> None:
        self._providers = providers
        self._sessions = sessions
        self._limiter = limiter
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._jitter = jitter
        self._user_limit = FailureLimit.of_user(settings.login_attempts_per_user_per_minute)
        self._address_limit = FailureLimit.of_address(settings.login_attempts_per_address_per_minute)

    def serves(self, provider_name: str) -> bool:
        """Return whether users of this provider log in with the form.

        Raises:
            BadRequest: There is no such provider.
        """
        return isinstance(self._providers.named(provider_name), PasswordProvider)

    def label(self, provider_name: str) -> str:
        """Return the name of the provider that the form shows.

        Raises:
            BadRequest: There is no such provider, or it has login pages of its own.
        """
        return self._provider(provider_name).label

    async def complete(
        self, provider_name: str, user: str, password: Secret, visitor: Visitor, present: SessionId | None
    ) -> SessionId:
        """Log a user in by name and password. Return the ID of the new session, which replaces the `present` one.

        Raises:
            CredentialsRefused: User name or password are wrong, empty or too long.
            TooManyRequests: There were too many failed logins. `retry_after_seconds` says when to try again.
            ProviderUnavailable, ProviderMisbehaved: The provider did not check the credentials.
            StoreUnavailable: Redis does not respond. The user is not logged in.
        """
        provider, user = self._provider(provider_name), user.strip()
        if not (0 < len(user) <= MAX_USER_CHARACTERS and 0 < len(password.reveal()) <= MAX_PASSWORD_CHARACTERS):
            raise CredentialsRefused("User name or password are wrong.")
        name = _limited_name(provider, user)
        await self._count_attempt(name, user, visitor)
        asked_at = self._clock.now()
        try:
            response = await provider.login(user, password)
        except CredentialsRefused:
            self._metrics.logins.labels("refused").inc()
            logger.info("login.credentials_rejected", provider=provider_name, user_ref=_ref(user), address=visitor.address)
            raise
        await self._limiter.forget(self._user_limit, name)
        await self._limiter.give_back(self._address_limit, network_of(visitor.address))
        session_id = await self._start(provider, response, asked_at, visitor, present)
        self._metrics.logins.labels("completed").inc()
        return session_id

    async def _count_attempt(self, name: str, user: str, visitor: Visitor) -> None:
        try:
            await self._limiter.take(self._address_limit, network_of(visitor.address))
            await self._limiter.take(self._user_limit, name)
        except TooManyRequests:
            self._metrics.logins.labels("limited").inc()
            logger.warning("login.rate_limited", user_ref=_ref(user), address=visitor.address)
            raise

    async def _start(
        self, provider: PasswordProvider, response: TokenResponse, asked_at: float, visitor: Visitor, present: SessionId | None
    ) -> SessionId:
        subject, now = response.subject or "", self._clock.now()
        user = Authenticated(
            provider=provider.name,
            issuer=provider.issuer,
            subject=subject,
            claims={"preferred_username": subject},
            auth_time=now,
        )
        tokens = scheduled(TokenSet.from_response(response, asked_at), self._jitter(), provider.clock_difference)
        session_id, session = new_session(user, tokens, visitor, self._settings, now)
        await self._sessions.start(session, "" if present is None else present.key)
        return session_id

    def _provider(self, name: str) -> PasswordProvider:
        provider = self._providers.named(name)
        if not isinstance(provider, PasswordProvider):
            raise BadRequest(f"provider: {name} has login pages of its own. Log in at /hub/login.")
        return provider


def form_token(browser_id: BrowserId, provider_name: str) -> str:
    """Return the CSRF token of a form: an HMAC keyed with the pre-login ID, which does not reveal the cookie."""
    return hmac.new(browser_id.reveal().encode(), f"hub login form {provider_name}".encode(), hashlib.sha256).hexdigest()


def form_token_matches(browser_id: BrowserId, provider_name: str, token: str) -> bool:
    """Return whether `token` is the CSRF token of this browser and provider. Compares in constant time."""
    return hmac.compare_digest(form_token(browser_id, provider_name).encode(), token.encode())


def _limited_name(provider: PasswordProvider, user: str) -> str:
    """Return the name under which failures count: the same user name at another provider is another user."""
    return f"{provider.issuer}|{user.casefold()}"


def _ref(user: str) -> str:
    """Return a hash for the log, because users sometimes type their password as user name."""
    return session_ref(digest(user.casefold()))
