"""`GET /hub/login` and `GET /hub/callback`. Browsers navigate to both; scripts must not fetch them."""

from typing import Any

from hub.config.settings import MAIN_PROVIDER, SessionSettings
from hub.errors import BadRequest, HubError, LoginExpired, LoginFailed
from hub.gateway.rate_limits import RateLimits
from hub.login.code_flow import CodeFlow, state_key_of
from hub.login.form_login import FormLogin
from hub.login.login_parameters import parse_login_parameters
from hub.login.new_session import Visitor
from hub.login.return_url import HOME, UnusableReturnTo, parse_return_to
from hub.session.cookie import AttemptLimits
from hub.session.failure_limit import network_of
from hub.session.model import BrowserId
from hub.telemetry import audit, log
from hub.telemetry.metrics import Metrics
from hub.web.base import WORKER_BYPASS, BaseHandler
from hub.web.navigation import require_navigation

RESTART_WINDOW_SECONDS = 60.0  # a failed login restarts by itself at most once in this time

logger = log.get(__name__)


class CeremonyHandler(BaseHandler):
    """Base of the handlers of a login."""

    code_flow: CodeFlow
    metrics: Metrics
    rates: RateLimits
    session_settings: SessionSettings
    api_prefixes: tuple[str, ...]  # of the routes that a login must not lead to

    @property
    def cookie_header(self) -> str:
        """The request header `Cookie`; empty if there is none."""
        return self.request.headers.get("Cookie", "")

    @property
    def attempt_limits(self) -> AttemptLimits:
        """How many login attempts this browser may have."""
        return AttemptLimits(self.session_settings.max_login_attempts, self.session_settings.login_timeout_seconds)

    @property
    def browser_id(self) -> BrowserId | None:
        """The pre-login ID in the cookie of the request, if there is one."""
        return self.site.cookies.browser_id(self.cookie_header)

    @property
    def visitor(self) -> Visitor:
        """The browser, as lists of sessions show it."""
        return Visitor(self.request.headers.get("User-Agent", ""), self.client_address)

    @property
    def query_parameters(self) -> dict[str, list[str]]:
        """The query of the request: each name with all its values, without the parameter for Angular's service worker."""
        return {
            name: [value.decode("utf-8", "replace") for value in values]
            for name, values in self.request.query_arguments.items()
            if name != WORKER_BYPASS
        }

    def query_value(self, name: str) -> str:
        """Return the last value of a parameter of the query as it was sent, spaces and control characters included."""
        return self.query_parameters.get(name, [""])[-1]

    def return_to(self, text: str) -> str:
        """Return the address to which this login returns; `/` if `text` cannot be one. A login never fails because of it."""
        try:
            return parse_return_to(text, self.api_prefixes)
        except UnusableReturnTo as error:  # the log does not get the address, which may name a patient
            logger.info("login.return_to_ignored", reason=str(error))
            return HOME

    def audit_failure(self, reason: str, provider_name: str) -> None:
        """Record a failed login in the audit."""
        audit.record("audit.login_failed", outcome="failure", reason=reason, provider=provider_name, address=self.client_address)

    def count(self) -> None:
        """Count the request against the limit of its address.

        Raises:
            TooManyRequests: The limit is reached.
        """
        self.rates.login(network_of(self.client_address))


class LoginHandler(CeremonyHandler):
    """Starts a login: sends the browser to the provider, or to the hub's own form."""

    form_login: FormLogin

    async def get(self) -> None:
        self.no_store()
        require_navigation(self.request.headers)
        self.count()
        return_to = self.return_to(self.query_value("return_to"))
        provider_name = self.get_query_argument("provider", MAIN_PROVIDER)
        wanted = parse_login_parameters(self.query_parameters)
        if self.form_login.serves(provider_name):
            if wanted.acr_values:  # otherwise the same login would be requested in a loop
                raise BadRequest("acr_values: this login service supports only user name and password.")
            self.redirect(self.login_link(f"/{provider_name}", return_to=return_to))
            return
        login = await self.code_flow.begin(return_to, provider_name, self.session_id, wanted)
        cookies = self.site.cookies
        lines = cookies.set_attempt(self.cookie_header, login.state_key, login.sealed, login.begun_at, self.attempt_limits)
        self.set_cookies(lines)
        self.redirect(login.url)


class CallbackHandler(CeremonyHandler):
    """Completes a login with the authorization response, and sends the browser to the application.

    The response is a page and not a redirect. After a redirect, the browser would not send the SameSite=Strict session cookie,
    because the redirect belongs to the provider's cross-site navigation.
    """

    _used_cookie: list[str]

    def initialize(self, **services: Any) -> None:
        """Store the services of the route table as attributes."""
        self._used_cookie = []
        super().initialize(**services)

    async def get(self, provider_name: str | None = None) -> None:
        self.no_store()
        require_navigation(self.request.headers)
        self.count()
        parameters, cookies = self.query_parameters, self.site.cookies
        state_key = state_key_of(parameters)
        sealed = cookies.attempt(self.cookie_header, state_key)
        try:
            login = await self.code_flow.complete(
                parameters, sealed, self.session_id, self.visitor, provider_name or MAIN_PROVIDER
            )
        except HubError as error:
            self.audit_failure(error.slug, provider_name or MAIN_PROVIDER)
            if not isinstance(error, LoginFailed):
                raise  # the callback may be loaded again
            self.metrics.logins.labels("refused").inc()
            self._used_cookie = cookies.clear_attempt(self.cookie_header, state_key)
            if isinstance(error, LoginExpired) and self._may_restart():
                self.metrics.logins.labels("restarted").inc()
                self.set_cookies([*self._used_cookie, cookies.set_restarted(RESTART_WINDOW_SECONDS)])
                self.redirect(self.login_link(return_to=HOME))
                return
            raise
        if login.session_id is not None:
            # The cookie of the attempt stays: if the page is loaded again, it says where the login led.
            trimmed = cookies.trim_attempts(self.cookie_header, self.attempt_limits)
            self.set_cookies([*cookies.set_session(login.session_id), *trimmed])
        self.write_page("continue.html", return_to=login.return_to)

    def write_problem(self, error: HubError) -> None:
        """Write `error`, and remove the cookie of a login that has failed."""
        super().write_problem(error)
        if self._used_cookie:
            self.set_cookies(self._used_cookie)

    def _may_restart(self) -> bool:
        """Return whether a failed login may restart by itself: once a minute, if the browser shows that it stores cookies."""
        cookies = self.site.cookies
        return cookies.has_login(self.cookie_header) and not cookies.was_restarted(self.cookie_header)
