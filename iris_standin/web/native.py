"""/login, /refresh, /logout and /revoke of a JWT-enabled REST application: the CSP server answers them before the application."""

import asyncio
import base64
import json
from typing import Any

from tornado.web import RequestHandler

from iris_standin.journal import Entry, Journal
from iris_standin.native import NativeApplication, NativeLogin
from iris_standin.shouted import ShoutedHeaders

BROWSER_COOKIE = "CSPBrowserId"


class NativeHandler(RequestHandler):
    """Base of the four endpoints. Every refusal is the same to the byte, whatever its reason."""

    entry: Entry

    def initialize(self, native: NativeApplication, journal: Journal) -> None:
        """Take the services (called by Tornado)."""
        self.native = native
        self.journal = journal

    def set_default_headers(self) -> None:
        """Write the names of fields in capitals."""
        self._headers = ShoutedHeaders(self._headers)

    def prepare(self) -> None:
        """Note the request; refuse it if the application is not JWT-enabled."""
        request = self.request
        self.entry = self.journal.open("native", request.method or "", request.path, self.native.authority.now())
        self.entry.grant_type = request.path.rpartition("/")[2]
        if not self.native.authority.options.native_enabled:
            self.refuse("disabled", challenge="Basic")
        elif self._takes_failure():
            self.answer(500, "unavailable")

    def on_connection_close(self) -> None:
        """Note that the caller went away before the answer."""
        self.journal.close(self.entry, "aborted")

    def compute_etag(self) -> None:
        """Send no ETag."""

    def refuse(self, outcome: str = "refused", *, challenge: str = "") -> None:
        """Answer 401 with nothing in it."""
        if challenge:
            self.set_header("WWW-Authenticate", challenge)
        self.answer(401, outcome)

    def answer(self, status: int, outcome: str, body: dict[str, Any] | None = None) -> None:
        """Answer, and note it."""
        self.set_status(status)
        self.journal.close(self.entry, outcome, status)
        if body is None:
            self.clear_header("Content-Type")
            self.set_header("Content-Length", 0)
        self.finish(body)

    def issue(self, login: NativeLogin | None) -> None:
        """Answer with the tokens of a login; refuse if there is none."""
        if login is None:
            self.refuse()
            return
        self.entry.subject = login.subject
        self.answer(200, "issued", login.as_json())

    def bearer_token(self) -> str:
        """Return the Bearer token; empty if there is none."""
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def json_body(self) -> dict[str, Any]:
        """Return the members of a JSON body; none if it is no JSON object."""
        try:
            body = json.loads(self.request.body or b"{}")
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    def _takes_failure(self) -> bool:
        authority = self.native.authority
        failing = authority.options.native_500_once
        if failing:
            authority.options = authority.options.changed({"native_500_once": False})
        return failing


class LoginHandler(NativeHandler):
    """User and password by `Authorization: Basic` or as JSON; never as a form or a query."""

    def post(self) -> None:
        """Answer with tokens. An empty body with the cookie of an earlier login is enough (silent mint)."""
        cookie = self.get_cookie(BROWSER_COOKIE, "") or ""
        user, password = self._credentials()
        is_empty = not user and not self.request.body
        login = self.native.mint(cookie) if is_empty else self.native.log_in(user, password)
        if login is not None:
            browser_id = self.native.join_group(cookie, login.subject)
            self.add_header("Set-Cookie", f"{BROWSER_COOKIE}={browser_id}; path=/; httpOnly; sameSite=strict;")
        self.issue(login)

    def _credentials(self) -> tuple[str, str]:
        scheme, _, credentials = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            return _decoded(credentials)
        body = self.json_body()
        return str(body.get("user", "")), str(body.get("password", ""))


class RefreshHandler(NativeHandler):
    """`refresh_token` as JSON, as a form or in the query; not as a Bearer token."""

    async def post(self) -> None:
        """Answer with a new pair; the old one is dead by then, both of it."""
        token = str(self.json_body().get("refresh_token", "")) or self.get_argument("refresh_token", "")
        if not token and self.bearer_token():
            self.refuse(challenge="Bearer")
            return
        login = self.native.refresh(token)
        if latency := self.native.authority.options.native_refresh_latency:
            await asyncio.sleep(latency)
        self.issue(login)


class LogoutHandler(NativeHandler):
    """Ends the login of the Bearer token."""

    def post(self) -> None:
        """Answer 200 with nothing."""
        if not self.native.log_out(self.bearer_token(), self.get_cookie(BROWSER_COOKIE, "") or ""):
            self.refuse()
            return
        self.answer(200, "ended")


class RevokeHandler(NativeHandler):
    """Ends the login of the Bearer token and the refresh token of the body."""

    def post(self) -> None:
        """Answer 200 with nothing."""
        if not self.native.revoke(self.bearer_token(), str(self.json_body().get("refresh_token", ""))):
            self.refuse()
            return
        self.answer(200, "ended")


def _decoded(credentials: str) -> tuple[str, str]:
    """Return name and password of Basic credentials; nothing if they are malformed."""
    try:
        user, _, password = base64.b64decode(credentials).decode().partition(":")
    except ValueError:
        return "", ""
    return user, password


def native_routes(application: NativeApplication, journal: Journal) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """Return the four endpoints of `application`."""
    handlers = {"login": LoginHandler, "refresh": RefreshHandler, "logout": LogoutHandler, "revoke": RevokeHandler}
    services = {"native": application, "journal": journal}
    return [(f"{application.path}/{name}", handler, services) for name, handler in handlers.items()]
