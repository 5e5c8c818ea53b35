"""`GET /hub/login` and `GET /hub/callback`. Browsers navigate to both; scripts must not fetch them."""

from typing import Any
from urllib.parse import urlencode

from hub.config.settings import MAIN_PROVIDER, SessionSettings
from hub.errors import LOGIN_URL, BadRequest, HubError, LoginExpired, LoginFailed, RequestRefused
from hub.gateway.rate_limits import RateLimits
from hub.login.code_flow import CodeFlow, state_key_of
from hub.login.form_login import FormLogin
from hub.login.login_parameters import parse_login_parameters
from hub.login.new_session import Visitor
from hub.login.return_url import parse_return_to
from hub.session.cookie import AttemptLimits
from hub.session.failure_limit import network_of
from hub.session.model import BrowserId
from hub.telemetry import audit
from hub.telemetry.metrics import Metrics
from hub.web.base import BaseHandler

RESTART_WINDOW_SECONDS = 60.0  # a failed login restarts by itself at most once in this time


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
        """The query of the request: each name with all its values."""
        return {
            name: [value.decode("utf-8", "replace") for value in values] for name, values in self.request.query_arguments.items()
        }

    def audit_failure(self, reason: str, provider_name: str) -> None:
        """Record a failed login in the audit."""
        audit.record("audit.login_failed", outcome="failure", reason=reason, provider=provider_name, address=self.client_address)

    def count(self) -> None:
        """Count the request against the limit of its address.

        Raises:
            TooManyRequests: The limit is reached.
        """
        self.rates.login(network_of(self.client_address))

    def require_navigation(self) -> None:
        """Reject fetches, images, frames and prefetching: only a navigation by the user starts a login (ASVS 7.6.2)."""
        headers = self.request.headers
        if headers.get("Sec-Fetch-Mode", "navigate") != "navigate" or headers.get("Sec-Fetch-Dest", "document") != "document":
            raise RequestRefused("Open this URL in a browser window. It cannot be fetched or framed.")
        if "prefetch" in headers.get("Sec-Purpose", headers.get("Purpose", "")):
            raise RequestRefused("A login cannot be prefetched.")


class LoginHandler(CeremonyHandler):
    """Starts a login: sends the browser to the provider, or to the hub's own form."""

    form_login: FormLogin

    async def get(self) -> None:
        self.no_store()
        self.require_navigation()
        self.count()
        return_to = parse_return_to(self.get_query_argument("return_to", ""), self.api_prefixes)
        provider_name = self.get_query_argument("provider", MAIN_PROVIDER)
        wanted = parse_login_parameters(self.query_parameters)
        if self.form_login.serves(provider_name):
            if wanted.acr_values:  # otherwise the same login would be requested in a loop
                raise BadRequest("acr_values: this login service supports only user name and password.")
            self.redirect(f"{LOGIN_URL}/{provider_name}?{urlencode({'return_to': return_to})}")
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
        self.require_navigation()
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
                self.redirect(f"{LOGIN_URL}?{urlencode({'return_to': '/'})}")
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
