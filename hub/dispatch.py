"""The dispatch: what happens to every request to an API, whichever door it came through.

Find the route -> find the session, by the outage policy -> check the identity of the page, and that users of its provider may
use the route -> count against the rate limits -> execute at most once if there is an idempotency key -> the pipeline: authorize,
attach the token, forward or upgrade, and the ladder after a 401.

A door parses a request, calls this, and writes the response. docs/architecture.md has the table of rules and doors, and
tests/test_dispatch.py has a test for each of its cells.
"""

from collections.abc import Awaitable
from typing import Literal

import msgspec

from hub.errors import HubError, NotAuthenticated
from hub.gateway import policy
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.gateway.pipeline import Pipeline
from hub.gateway.rate_limits import RateLimits
from hub.gateway.routes import Place, Route, RouteTable
from hub.idempotency.executor import IdempotentExecutor
from hub.idempotency.outcome import check_key
from hub.session.ends import require_own_id
from hub.session.failure_limit import network_of
from hub.session.model import Session, SessionId
from hub.session.session_lookup import SessionLookup
from hub.telemetry.metrics import Metrics

Transport = Literal["http", "channel", "websocket"]


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The facts that a door knows about the client that sends a request.

    Attributes:
        transport: The door: HTTP, the channel, or a WebSocket that is passed through.
        session_id: The session ID of the browser; None if it has none.
        address: IP address of the browser, already resolved through trusted proxies.
        identity: The user (`Session.identity`) for whom the page was loaded; None if the page does not say.
        passive: Whether no user caused the request (polling): it leaves the idle timeout alone.
    """

    transport: Transport
    session_id: SessionId | None
    address: str
    identity: str | None = None
    passive: bool = False


class Dispatch:
    """Takes the requests of all doors of a worker to the APIs."""

    def __init__(
        self,
        routes: RouteTable,
        sessions: SessionLookup,
        rates: RateLimits,
        executor: IdempotentExecutor,
        pipeline: Pipeline,
        metrics: Metrics,
    ) -> None:
        self._routes = routes
        self._sessions = sessions
        self._rates = rates
        self._executor = executor
        self._pipeline = pipeline
        self._metrics = metrics

    def locate(self, path: str, *, transport: Transport) -> Place:
        """Return the route of a raw path, and the path as it is forwarded.

        Raises:
            InvalidPath: The path could escape from its route.
            RouteNotFound: No route covers it.
        """
        try:
            return self._routes.locate(path)
        except HubError as error:
            self._metrics.tally.failed(transport, error.slug)
            raise

    async def admit(self, caller: Caller, route: Route | None) -> Session | None:
        """Return the session of a request that may go on; None where the route asks for no login.

        Call this before the body is read. A channel has a session, whatever its route asks for.

        Parameters:
            route: None for a request that only joins one that began before.

        Raises:
            NotAuthenticated, SessionEnded: There is no session, or none any more.
            ProviderNotAllowed: The route is for users of other providers.
            IdentityChanged: Another user is logged in than the page was loaded for.
            TooManyRequests: The session, or the address, sends too many requests.
            StoreUnavailable: The session store is down, and the session is not known well enough.
        """
        if route is not None and not route.needs_login and caller.transport != "channel":
            self._rates.anonymous_request(network_of(caller.address))
            return None
        session = self._sessions.cached(caller.session_id, passive=caller.passive)
        if session is None:
            session = await self._find(caller, route)
        if caller.transport == "websocket":
            require_own_id(session)
        session.require_identity(caller.identity)
        if route is not None and route.needs_login:
            policy.terms_of(route, session)
        self._rates.request(session.key)
        return session

    async def _find(self, caller: Caller, route: Route | None) -> Session:
        try:
            return await self._sessions.find(caller.session_id, passive=caller.passive)
        except NotAuthenticated as error:
            if route is not None:
                policy.at_login_of(route, error)
            raise

    def respond(
        self, request: ApiRequest, place: Place, session: Session | None, *, transport: Transport, key: str | None = None
    ) -> Awaitable[ApiResponse]:
        """Return the response of the API to an admitted request, as soon as its head is there.

        Parameters:
            session: What `admit` returned.
            key: The idempotency key: the request is executed at most once, and a repetition gets the same response. It
                means nothing without a session, since it belongs to a user.

        Raises:
            BadRequest: The idempotency key is malformed.
            HubError: As `Pipeline.handle` and `IdempotentExecutor.handle`.
        """
        if key is None or session is None:
            return self._pipeline.handle(request, place, session, transport=transport)
        check_key(key)
        self._authorize(request.method, place, session, transport)  # a stored response, too, by the rules and the login of now
        return self._executor.handle(
            request, session, key, lambda: self._pipeline.handle(request, place, session, transport=transport)
        )

    def join(self, session: Session, key: str, timeout_seconds: float) -> Awaitable[ApiResponse]:
        """Return the response to a request of a channel with an idempotency key that began before.

        Raises:
            HubError: As `respond` for the same request, and as `IdempotentExecutor.join`.
        """

        def authorize(method: str, path: str) -> None:
            self._authorize(method, self.locate(path, transport="channel"), session, "channel")

        return self._executor.join(session, key, timeout_seconds, authorize)

    def _authorize(self, method: str, place: Place, session: Session, transport: Transport) -> None:
        try:
            self._pipeline.authorize(method, place, session)
            place.route.target_url(place.path, "")  # raises if the path is not for browsers
        except HubError as error:
            self._metrics.tally.failed(transport, error.slug)
            raise
