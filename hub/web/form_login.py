"""`GET` and `POST /hub/login/<name>`: the hub's own login form, which works without scripts."""

import math
from dataclasses import dataclass

from hub.errors import BodyTooLarge, HubError, TooManyRequests
from hub.login.form_login import FormLogin, form_token, form_token_matches
from hub.oidc.providers import CredentialsRefused
from hub.primitives.secret import Secret
from hub.session.model import BrowserId
from hub.web import csrf
from hub.web.base import PAGE_POLICY
from hub.web.login import CeremonyHandler
from hub.web.navigation import require_navigation

MAX_FORM_BYTES = 16384  # a return address of 4096 characters may need 12 KB
FORM_POLICY = PAGE_POLICY.replace("form-action 'none'", "form-action 'self'")
TOO_OLD = "This page was open for too long, or your browser does not store cookies. Please try again."
WRONG = "User name or password are wrong. Please try again."


@dataclass(frozen=True, slots=True)
class Trouble:
    """The reason why the form is shown again."""

    status: int
    message: str


class FormLoginHandler(CeremonyHandler):
    """Shows the login form and processes its input."""

    form_login: FormLogin

    async def get(self, name: str) -> None:
        self.no_store()
        require_navigation(self.request.headers)
        self.count()
        self._show(name, self.return_to(self.query_value("return_to")))
        self.metrics.logins.labels("begun").inc()

    async def post(self, name: str) -> None:
        self.no_store()
        require_navigation(self.request.headers)
        self.count()
        csrf.require_own_origin(self.request.headers, self.site.origin)
        if len(self.request.body) > MAX_FORM_BYTES:
            raise BodyTooLarge(f"The body may have at most {MAX_FORM_BYTES} bytes.")
        return_to = self.return_to(self._field("return_to"))
        browser_id = self.browser_id
        if browser_id is None or not form_token_matches(browser_id, name, self._field("token")):
            self.audit_failure("csrf", name)
            self._show(name, return_to, Trouble(403, TOO_OLD))
            return
        try:
            await self._log_in(name, return_to)
        except CredentialsRefused:
            self.audit_failure("credentials", name)
            self._show(name, return_to, Trouble(401, WRONG))
        except TooManyRequests as error:
            self.audit_failure(error.slug, name)
            self._show(name, return_to, self._limited(error))
        except HubError as error:
            self.audit_failure(error.slug, name)
            raise

    async def _log_in(self, name: str, return_to: str) -> None:
        user, password = self._field("user"), Secret(self._field("password"))
        session_id = await self.form_login.complete(name, user, password, self.visitor, self.session_id)
        self.set_cookies(self.site.cookies.set_session(session_id))
        self.write_page("continue.html", return_to=return_to)

    def _limited(self, error: TooManyRequests) -> Trouble:
        seconds = math.ceil(error.retry_after_seconds or 1)
        self.set_header("Retry-After", str(seconds))
        return Trouble(429, f"There were too many failed attempts. Please wait {seconds} seconds, then try again.")

    def _show(self, name: str, return_to: str, trouble: Trouble | None = None) -> None:
        """Write the form. It repeats the user name, but never the password."""
        label = self.form_login.label(name)
        browser_id = self.browser_id or BrowserId.generate()
        self.set_cookies([self.site.cookies.set_login(browser_id, self.session_settings.login_timeout_seconds)])
        if trouble is not None:
            self.set_status(trouble.status)
        self.write_page(
            "login.html",
            provider=name,
            label="" if label == name else label,
            token=form_token(browser_id, name),
            return_to=return_to,
            user=self._field("user"),
            message="" if trouble is None else trouble.message,
        )
        self.set_header("Content-Security-Policy", FORM_POLICY)
        self.set_header("Referrer-Policy", "same-origin")  # with no-referrer, browsers would send `Origin: null` with the form

    def _field(self, name: str) -> str:
        """Return a form field as typed; empty if it is missing."""
        return str(self.get_body_argument(name, "", strip=False))
