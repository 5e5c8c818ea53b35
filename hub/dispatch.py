"""The dispatch: what happens to every request to an API, whichever door it came through.

Find the route -> find the session, by the outage policy -> check the identity of the page, and that users of its provider may
use the route -> count against the rate limits -> execute at most once if there is an idempotency key -> the pipeline: authorize,
attach the token, forward or upgrade, and the ladder after a 401.

A door parses a request, calls this, and writes the response. docs/architecture.md has the table of rules and doors, and
tests/test_dispatch.py has a test for each of its cells.
"""

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import Literal, get_args

import msgspec

from hub.errors import HubError, NotAuthenticated
from hub.gateway import policy
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.gateway.pipeline import Pipeline
from hub.gateway.rate_limits import RateLimits
from hub.gateway.routes import Place, Route, RouteTable
from hub.idempotency.executor import IdempotentExecutor
from hub.idempotency.outcome import check_key
from hub.primitives.clock import Clock
from hub.session.ends import require_own_id
from hub.session.failure_limit import network_of
from hub.session.model import Session, SessionId
from hub.session.session_lookup import SessionLookup
from hub.telemetry.metrics import Metrics
from hub.telemetry.request_tally import RequestTally

Transport = Literal["http", "channel", "websocket"]
TRANSPORTS: tuple[Transport, ...] = get_args(Transport)


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


class CountedRefusals:
    """A context that counts the requests that end in it with a problem, or because nobody waits for them any more."""

    __slots__ = ("_tally", "_transport")

    def __init__(self, tally: RequestTally, transport: Transport) -> None:
        self._tally = tally
        self._transport = transport

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Count the problem, if there is one."""
        if error is not None:
            self.count(error)

    def count(self, error: BaseException) -> None:
        """Count a request that ended with an error."""
        if isinstance(error, HubError):
            self._tally.failed(self._transport, error.slug)
        elif isinstance(error, asyncio.CancelledError):
            self._tally.failed(self._transport, "cancelled")


class Dispatch:
    """Takes the requests of all doors of a worker to the APIs.

    Attributes:
        counting: By transport, a context in which a door takes a request in: what is refused there is counted. `respond` and
            `join` count by themselves.
    """

    def __init__(
        self,
        routes: RouteTable,
        sessions: SessionLookup,
        rates: RateLimits,
        executor: IdempotentExecutor,
        pipeline: Pipeline,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._routes = routes
        self._sessions = sessions
        self._rates = rates
        self._executor = executor
        self._pipeline = pipeline
        self._tally = metrics.tally
        self.counting = {transport: CountedRefusals(metrics.tally, transport) for transport in TRANSPORTS}
        self._clock = clock

    def locate(self, path: str) -> Place:
        """Return the route of a raw path, and the path as it is forwarded.

        Raises:
            InvalidPath: The path could escape from its route.
            RouteNotFound: No route covers it.
        """
        return self._routes.locate(path)

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
            return self._counted(self._pipeline.handle(request, place, session), transport)
        return self._counted(self._respond_once(request, place, session, key), transport)

    def join(self, session: Session, key: str, timeout_seconds: float) -> Awaitable[ApiResponse]:
        """Return the response to a request of a channel with an idempotency key that began before.

        Raises:
            HubError: As `respond` for the same request, and as `IdempotentExecutor.join`.
        """

        def authorize(method: str, path: str) -> None:
            self._authorize(method, self._routes.locate(path), session)

        return self._counted(self._executor.join(session, key, timeout_seconds, authorize), "channel")

    async def _respond_once(self, request: ApiRequest, place: Place, session: Session, key: str) -> ApiResponse:
        check_key(key)
        self._authorize(request.method, place, session)  # a stored response, too, by the rules and the login of now
        return await self._executor.handle(request, session, key, lambda: self._pipeline.handle(request, place, session))

    def _authorize(self, method: str, place: Place, session: Session) -> None:
        self._pipeline.authorize(method, place, session)
        place.route.target_url(place.path, "")  # raises if the path is not for browsers

    async def _counted(self, call: Awaitable[ApiResponse], transport: Transport) -> ApiResponse:
        """Await the response, and count how the request ended: once, whatever refused it."""
        started = self._clock.monotonic()
        try:
            response = await call
        except (HubError, asyncio.CancelledError) as error:
            self.counting[transport].count(error)
            raise
        self._tally.responded(transport, response.status, self._clock.monotonic() - started)
        return response
