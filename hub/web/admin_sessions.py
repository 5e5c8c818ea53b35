"""`/sessions` of the admin listener: operators list and end sessions, with the secret of `admin.token`."""

from hub.errors import BadRequest, Problem
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret
from hub.session.listing import describe_to_operator
from hub.session.model import Lifetimes
from hub.session.operators import Criteria, Operator, SessionAdministration
from hub.telemetry import audit
from hub.web.admin_api import AdminApiHandler

DEFAULT_LIMIT = 100
MAX_LIMIT = 10_000
OFF = Problem("urn:hub:problem:not-found", "There is nothing here", 404, "Listing sessions is disabled. Set admin.token_file.")
UNKNOWN_OPERATOR = Problem(
    "about:blank", "Unauthorized", 401, "Send the secret of admin.token_file as `Authorization: Bearer ...`."
)


class OperatorHandler(AdminApiHandler):
    """Base of the handlers for operators. Checks their secret."""

    def initialize(self, administration: SessionAdministration, lifetimes: Lifetimes, clock: Clock, token: Secret) -> None:
        """Store the services of the route table."""
        self._administration = administration
        self._lifetimes = lifetimes
        self._clock = clock
        self._token = token

    def prepare(self) -> None:
        if not self._token:
            self.refuse(OFF)
        elif self.shown_token() != self._token:
            audit.record("audit.operator_refused", outcome="failure", door="http", address=self.request.remote_ip)
            self.set_header("WWW-Authenticate", 'Bearer realm="hub admin"')
            self.refuse(UNKNOWN_OPERATOR)

    @property
    def operator(self) -> Operator:
        """The operator, for the audit."""
        return Operator("http", self.request.remote_ip or "")

    def criteria(self) -> Criteria:
        """Return the criteria of the query."""
        return Criteria(**{name: self.get_query_argument(name, "") for name in ("subject", "issuer", "provider")})


class SessionsHandler(OperatorHandler):
    """`GET /sessions` lists sessions, `DELETE /sessions?subject=` ends all sessions of a user."""

    async def get(self) -> None:
        found = await self._administration.find(self.criteria(), self._limit(), self.operator)
        now = self._clock.now()
        listed = [describe_to_operator(session, self._lifetimes, now) for session in found.sessions]
        self.write_json({"sessions": listed, "more": found.more})

    async def delete(self) -> None:
        criteria = self.criteria()
        if not criteria.subject:
            raise BadRequest("subject: is missing. Set it to the user whose sessions are to end.")
        self.write_json({"ended": await self._administration.end_all(criteria, self.operator)})

    def _limit(self) -> int:
        text = self.get_query_argument("limit", str(DEFAULT_LIMIT))
        if not text.isdecimal() or not 1 <= int(text[:9]) <= MAX_LIMIT:
            raise BadRequest(f"limit: must be a number from 1 to {MAX_LIMIT}.")
        return int(text)


class OneSessionHandler(OperatorHandler):
    """`DELETE /sessions/<handle>` ends one session."""

    async def delete(self, handle: str) -> None:
        await self._administration.end(handle, self.operator)
        self.set_status(204)
