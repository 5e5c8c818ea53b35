"""What the handlers of the authorization server share: parameters, errors as JSON or page, the session cookie."""

from types import TracebackType
from typing import Any

from tornado.web import RequestHandler

from iris_standin.authority import Authority
from iris_standin.errors import OAuthError, UnexpectedRequest
from iris_standin.journal import Journal
from iris_standin.model import UserSession

SESSION_COOKIE = "CSPOAuth2Session"

# Without form-action: Chromium applies it to the redirect to the client as well.
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; frame-src http: https:; base-uri 'none'; frame-ancestors 'none'"
)


class AuthorityHandler(RequestHandler):
    """Base of the handlers of `/oauth2`."""

    def initialize(self, authority: Authority, journal: Journal) -> None:
        """Take the services (called by Tornado)."""
        self.authority = authority
        self.journal = journal

    def compute_etag(self) -> None:
        """Send no ETag: most answers are made for one request."""

    @property
    def authorization(self) -> str:
        """The header `Authorization`; empty if there is none."""
        return self.request.headers.get("Authorization", "")

    def form(self) -> dict[str, str]:
        """Return the parameters of the body; of repeated ones the last."""
        return {name: self.get_body_argument(name, strip=False) for name in self.request.body_arguments}

    def parameters(self) -> dict[str, str]:
        """Return the parameters of query and body; of repeated ones the last."""
        return {name: self.get_argument(name, strip=False) for name in self.request.arguments}

    def bearer_token(self) -> str:
        """Return the Bearer token of the header; empty if there is none."""
        scheme, _, token = self.authorization.partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def forbid_caching(self) -> None:
        """Mark the answer as one that no cache may keep (RFC 6749 section 5.1)."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Pragma", "no-cache")

    def page(self, name: str, **values: Any) -> None:
        """Answer with a page that holds no script."""
        self.forbid_caching()
        self.set_header("Content-Security-Policy", PAGE_POLICY)
        self.set_header("Referrer-Policy", "no-referrer")  # the URL holds the future code
        self.render(f"{name}.html", assets="pages", **values)

    def session(self) -> UserSession | None:
        """Return the single sign-on session of this browser; None if there is none."""
        if not self.authority.options.support_session:
            return None
        return self.authority.state.session(self.get_cookie(SESSION_COOKIE, "") or "", self.authority.now())

    def set_session_cookie(self, sid: str) -> None:
        """Give the browser its single sign-on session."""
        options = self.authority.options
        if not options.support_session:
            return
        attributes: dict[str, Any] = {"max_age": options.session_seconds} if options.session_seconds else {}
        if self.authority.issuer.startswith("https:"):
            attributes["secure"] = True  # always so in IRIS, which does without plain HTTP
        self.set_cookie(SESSION_COOKIE, sid, path="/", httponly=True, samesite=options.same_site, **attributes)

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log what is unexpected; a refusal is an answer."""
        if not isinstance(value, OAuthError | UnexpectedRequest):
            super().log_exception(typ, value, tb)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer a refusal in its own form."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, OAuthError):
            self.set_status(error.status)
            self.forbid_caching()
            if error.challenge:
                self.set_header("WWW-Authenticate", error.challenge)
            self.finish(error.as_json())
        elif isinstance(error, UnexpectedRequest):
            self.set_status(400)
            self.page("error", message=str(error))
        else:
            super().write_error(status_code, **kwargs)
