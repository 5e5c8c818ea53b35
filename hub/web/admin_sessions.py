"""`/sessions` of the admin listener: operators list and end sessions. Whoever asks shows the secret of the settings."""

import hmac
from typing import Any

import msgspec
import tornado.web

from hub import audit, log
from hub.clock import Clock
from hub.errors import BadRequest, HubError, MethodNotAllowed, Problem
from hub.secret import Secret
from hub.session.listing import describe_to_operator
from hub.session.model import Lifetimes
from hub.session.operators import Criteria, Operator, SessionDesk

logger = log.get(__name__)

DEFAULT_LIMIT = 100
MAX_LIMIT = 10_000
OFF = Problem("urn:hub:problem:not-found", "There is nothing here", 404, "Sessions are not served: set admin.token_file.")
UNKNOWN_OPERATOR = Problem(
    "about:blank", "Unauthorized", 401, "Send the secret of admin.token_file as `Authorization: Bearer ...`."
)


class OperatorHandler(tornado.web.RequestHandler):
    """Lets operators in, and answers everything as JSON."""

    def initialize(self, desk: SessionDesk, lifetimes: Lifetimes, clock: Clock, token: Secret) -> None:
        """Take the services that the route table names."""
        self._desk = desk
        self._lifetimes = lifetimes
        self._clock = clock
        self._token = token

    def prepare(self) -> None:
        if not self._token:
            self._refuse(OFF)
        elif not self._shows_token():
            audit.record("audit.operator_refused", outcome="failure", door="http", address=self.request.remote_ip)
            self.set_header("WWW-Authenticate", 'Bearer realm="hub admin"')
            self._refuse(UNKNOWN_OPERATOR)

    @property
    def operator(self) -> Operator:
        """Who asks, for the audit."""
        return Operator("http", self.request.remote_ip or "")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write a HubError as its problem, and what Tornado itself decided on by its status."""
        error = kwargs.get("exc_info", (None, None))[1]
        if not isinstance(error, HubError):
            error = MethodNotAllowed() if status_code == 405 else BadRequest() if status_code < 500 else HubError()
        self._refuse(error.problem())

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what nobody foresaw with its trace."""
        if not isinstance(value, HubError | tornado.web.HTTPError):
            logger.error("request.crashed", path=self.request.path, exc_info=(typ, value, tb))

    def write_json(self, value: Any, content_type: str = "application/json") -> None:
        """Write `value` as JSON that nobody stores."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", content_type)
        self.write(msgspec.json.encode(value))

    def criteria(self) -> Criteria:
        """Return which sessions the query asks for."""
        return Criteria(**{name: self.get_query_argument(name, "") for name in ("subject", "issuer", "provider")})

    def _shows_token(self) -> bool:
        scheme, _, shown = self.request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), self._token.reveal().encode())

    def _refuse(self, problem: Problem) -> None:
        self.set_status(problem.status)
        self.write_json(problem.as_json(), "application/problem+json")
        self.finish()


class SessionsHandler(OperatorHandler):
    """`GET /sessions` lists, `DELETE /sessions?subject=` ends all of a user."""

    async def get(self) -> None:
        found = await self._desk.find(self.criteria(), self._limit(), self.operator)
        now = self._clock.now()
        listed = [describe_to_operator(session, self._lifetimes, now) for session in found.sessions]
        self.write_json({"sessions": listed, "more": found.more})

    async def delete(self) -> None:
        criteria = self.criteria()
        if not criteria.subject:
            raise BadRequest("subject: is missing. It names the user whose sessions are to end.")
        self.write_json({"ended": await self._desk.end_all(criteria, self.operator)})

    def _limit(self) -> int:
        text = self.get_query_argument("limit", str(DEFAULT_LIMIT))
        if not text.isdecimal() or not 1 <= int(text[:9]) <= MAX_LIMIT:
            raise BadRequest(f"limit: must be a number from 1 to {MAX_LIMIT}.")
        return int(text)


class OneSessionHandler(OperatorHandler):
    """`DELETE /sessions/<handle>`."""

    async def delete(self, handle: str) -> None:
        await self._desk.end(handle, self.operator)
        self.set_status(204)
