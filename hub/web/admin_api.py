"""Base of the admin APIs: secrets as bearer tokens, JSON, problems."""

import math
from typing import Any

import msgspec
import tornado.web

from hub.errors import BadRequest, HubError, MethodNotAllowed, Problem
from hub.primitives.secret import Secret
from hub.telemetry import log

logger = log.get(__name__)


class AdminApiHandler(tornado.web.RequestHandler):
    """Writes responses as JSON, and errors as problems (RFC 9457)."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write the error as a problem. Errors of Tornado become problems by their status."""
        error = kwargs.get("exc_info", (None, None))[1]
        if not isinstance(error, HubError):
            error = MethodNotAllowed() if status_code == 405 else BadRequest() if status_code < 500 else HubError()
        if error.retry_after_seconds is not None:
            self.set_header("Retry-After", str(math.ceil(error.retry_after_seconds)))
        self.refuse(error.problem())

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log unexpected exceptions with their traceback."""
        if not isinstance(value, HubError | tornado.web.HTTPError):
            logger.error("request.crashed", path=self.request.path, exc_info=(typ, value, tb))

    def write_json(self, value: Any, content_type: str = "application/json") -> None:
        """Write `value` as JSON, and forbid caches to store it."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", content_type)
        self.write(msgspec.json.encode(value))

    def shown_token(self) -> Secret:
        """Return the bearer token of the request; empty if there is none."""
        scheme, _, shown = self.request.headers.get("Authorization", "").partition(" ")
        return Secret(shown.strip() if scheme.lower() == "bearer" else "")

    def refuse(self, problem: Problem) -> None:
        """End the request with a problem."""
        self.set_status(problem.status)
        self.write_json(problem.as_json(), "application/problem+json")
        self.finish()
