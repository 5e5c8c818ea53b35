"""Base of all handlers: security headers, and errors as problems (RFC 9457) or, for navigation, as pages."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import msgspec
import tornado.template
import tornado.web

from hub.config.settings import DEFAULT_PERMISSIONS_POLICY
from hub.errors import LOGIN_URL, BadRequest, HubError, MethodNotAllowed, NotFound
from hub.listener.tornado_requests import TornadoConnection
from hub.session.model import SessionId
from hub.telemetry.access_log import AccessLog
from hub.web.client_address import client_address
from hub.web.failures import note_crash, note_failure
from hub.web.navigation import is_navigation
from hub.web.refusals import RefusalVerdict
from hub.web.response_headers import problem_body, problem_headers
from hub.web.site import Site

WORKER_BYPASS = "ngsw-bypass"
"""Query parameter of requests that Angular's service worker leaves alone. It means nothing to the hub."""

PAGES = Path(__file__).with_name("pages")
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class BaseHandler(tornado.web.RequestHandler):
    """Base of all handlers of the public listener."""

    site: Site
    refusal = RefusalVerdict()  # how the hub treats this request, once it has refused it

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        if not hasattr(self, "site"):
            return  # Tornado calls this before `initialize`, which calls it again
        for name, value in self.site.response_headers.common():
            self.set_header(name, value)
        if self.site.is_draining():
            self.set_header("Connection", "close")

    def initialize(self, **services: Any) -> None:
        """Store the services of the route table as attributes."""
        for name, service in services.items():
            setattr(self, name, service)
        self.set_default_headers()

    def prepare(self) -> Awaitable[None] | None:
        """Register the task of this request, so that the hub waits for it when it stops."""
        if (task := asyncio.current_task()) is not None:
            self.site.exchanges.add(task)
            task.add_done_callback(self.site.exchanges.discard)
        return None

    @property
    def session_id(self) -> SessionId | None:
        """The session ID in the cookie of the request, if there is one."""
        return self.site.cookies.session_id(self.request.headers.get("Cookie", ""))

    @property
    def client_address(self) -> str:
        """The IP address of the client, resolved through trusted proxies."""
        forwarded = self.request.headers.get_list(self.site.trusted_proxies.header)
        return client_address(self.request.remote_ip or "", forwarded, self.site.trusted_proxies)

    def set_cookies(self, lines: list[str]) -> None:
        """Add `Set-Cookie` headers, and forbid caches to store the response (RFC 9111)."""
        self.no_store()
        for line in lines:
            self.add_header("Set-Cookie", line)

    def no_store(self) -> None:
        """Forbid caches to store this response."""
        self.set_header("Cache-Control", "no-store")

    def clear_browser_cache(self) -> None:
        """Let the browser delete the stored responses of this origin (W3C Clear Site Data): others may use the computer."""
        self.set_header("Clear-Site-Data", '"cache"')

    def write_json(self, value: Any, content_type: str = "application/json") -> None:
        """Write `value` as JSON."""
        self.set_header("Content-Type", content_type)
        self.write(msgspec.json.encode(value))

    def write_page(self, name: str, **values: Any) -> None:
        """Write one of the hub's own pages, with a policy that allows no scripts."""
        self.no_store()
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", PAGE_POLICY)
        self.set_header("Permissions-Policy", DEFAULT_PERMISSIONS_POLICY)
        self.set_header("Referrer-Policy", "no-referrer")
        self.write(self.site.pages.load(name).generate(**values))

    def is_navigation(self) -> bool:
        """Return whether this request is a navigation of the browser, and not a fetch by a script."""
        return is_navigation(self.request.headers)

    def login_link(self, suffix: str = "", **query: str) -> str:
        """Return a URL of the login for a link or a redirect. If this request passed Angular's service worker by, it does too."""
        if WORKER_BYPASS in self.request.query_arguments:
            query[WORKER_BYPASS] = ""
        return f"{LOGIN_URL}{suffix}" + (f"?{urlencode(query)}" if query else "")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write the error as a problem. Errors of Tornado become problems by their status."""
        error = kwargs.get("exc_info", (None, None))[1]
        if self.refusal.limited is not None:
            if self.refusal.closes:
                self.set_header("Connection", "close")
            error = self.refusal.limited
        self.write_problem(error if isinstance(error, HubError) else self._by_status(status_code))
        self.finish()

    def _by_status(self, status: int) -> HubError:
        """Return the HubError for a status that Tornado chose."""
        if status == 405:
            return MethodNotAllowed(allow=self._methods())
        kinds: dict[int, type[HubError]] = {400: BadRequest, 404: NotFound}
        return kinds.get(status, BadRequest if 400 <= status < 500 else HubError)()

    def _methods(self) -> list[str]:
        """Return the HTTP methods that this handler implements."""
        base = tornado.web.RequestHandler
        return [name for name in base.SUPPORTED_METHODS if getattr(type(self), name.lower()) is not getattr(base, name.lower())]

    def write_problem(self, error: HubError) -> None:
        """Write `error` as a problem, or as a page for navigation."""
        problem = error.problem()
        self.set_status(problem.status)
        for name, value in problem_headers(error):
            self.set_header(name, value)
        if self.is_navigation():
            self.write_page("problem.html", problem=problem, temporary=error.temporary, login_url=self.login_link())
        else:
            self.set_header("Content-Type", "application/problem+json")
            self.write(problem_body(error))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log expected errors in one line, and unexpected exceptions with their traceback."""
        if isinstance(value, HubError | tornado.web.HTTPError) and _status(value) < 500:
            self.refusal = self.site.refusals.count(cast(TornadoConnection, self.request.connection), self.client_address)
        if not self.refusal.is_logged:
            return
        if isinstance(value, HubError):
            request = self.request
            note_failure(
                value, method=request.method or "", path=request.path, address=self.client_address, session_id=self.session_id
            )
        elif not isinstance(value, tornado.web.HTTPError):
            note_crash(self.request.path, (typ, value, tb))


def _status(error: HubError | tornado.web.HTTPError) -> int:
    return error.status if isinstance(error, HubError) else error.status_code


class NotFoundHandler(BaseHandler):
    """Responds with 404 to all other paths."""

    def prepare(self) -> None:
        raise NotFound


def log_request(access_log: AccessLog, handler: tornado.web.RequestHandler) -> None:
    """Write the access log line of a request. It never contains the query, which may hold codes and personal data."""
    if isinstance(handler, BaseHandler) and not handler.refusal.is_logged:
        return
    request = handler.request
    access_log.request(request.method or "", request.path, handler.get_status(), request.request_time())
