"""The one pipeline for every request to a resource server, whichever front door it came through.

Resolve the route -> authorise -> attach the token -> forward -> on a 401 renew the token and repeat once -> hand the
answer out. It knows no transport: what it needs of the outside are the session's tokens (`Tokens`) and the door.
"""

import asyncio
import dataclasses
import functools
from collections.abc import AsyncIterator, Awaitable
from typing import Protocol, TypeVar

from hub.clock import Clock
from hub.errors import BodyTooLarge, DeadlineExceeded, HubError
from hub.gateway import headers, policy
from hub.gateway.answers import mended
from hub.gateway.challenge import step_up_challenge
from hub.gateway.door import Door
from hub.gateway.messages import ApiRequest, ApiResponse, BodyStream
from hub.gateway.prover import Prover
from hub.gateway.routes import Route, RouteTable, normalise_path
from hub.gateway.upstream_sessions import UpstreamSessions
from hub.metrics import Metrics
from hub.secret import Secret
from hub.session.model import Session
from hub.tokens.demand import TokenDemand

Result = TypeVar("Result")


class Tokens(Protocol):
    """Where the pipeline gets access tokens from."""

    async def get(self, session: Session, demand: TokenDemand) -> Secret:
        """Return a token that is usable now, or raise the `HubError` that says why not."""

    async def renew(self, session: Session, demand: TokenDemand, rejected: Secret) -> Secret:
        """Return another token than `rejected`, which the resource server refused, or raise a `HubError`."""


class Pipeline:
    """Takes requests of browsers to resource servers and brings back the answers."""

    def __init__(
        self,
        routes: RouteTable,
        tokens: Tokens,
        resource_server: Door,
        public_origin: str,
        clock: Clock,
        metrics: Metrics,
        upstream: UpstreamSessions,
        prover: Prover,
    ) -> None:
        self._routes = routes
        self._tokens = tokens
        self._resource_server = resource_server
        self._public_origin = public_origin
        self._clock = clock
        self._metrics = metrics
        self._upstream = upstream
        self._prover = prover

    def route_for(self, path: str) -> Route:
        """Return the route of a raw path, for what an adapter must know before it reads the body.

        Raises:
            InvalidPath: The path could escape from its route.
            RouteNotFound: No route covers it.
        """
        return self._routes.resolve(normalise_path(path))

    async def handle(self, request: ApiRequest, session: Session | None, *, transport: str) -> ApiResponse:
        """Return the answer of the resource server, whatever its status, as soon as its head is there.

        The caller reads the answer's body to its end or closes it. Cancelling this call aborts the request.

        Parameters:
            session: The session as it stands now; None if nobody is logged in.
            transport: `http` or `channel`, for the metrics.

        Raises:
            InvalidPath, BadRequest, RouteNotFound, MethodNotAllowed, BodyTooLarge: The request cannot be forwarded.
            NotAuthenticated, SessionEnded: The route wants a user.
            StepUpRequired: The route, or the resource server, wants a better login than the one behind the session.
            TokenNotIssued: The provider refuses the token that the route demands.
            StoreUnavailable, ProviderUnavailable, ProviderMisbehaved: There is no token now. The request is not sent
                without one.
            ResourceServerUnreachable, ResourceServerBroken, ResourceServerTimeout: There is no answer.
            LicensesExhausted: The resource server has no licence free.
            DeadlineExceeded: The time that the request was given ran out.
            ShuttingDown: The hub is being stopped.
        """
        started = self._clock.monotonic()
        try:
            response = await self._answer(request, session, started)
        except HubError as error:
            self._metrics.requests.labels(transport, error.slug).inc()
            raise
        except asyncio.CancelledError:
            self._metrics.requests.labels(transport, "cancelled").inc()
            raise
        self._metrics.requests.labels(transport, str(response.status)).inc()
        self._metrics.request_seconds.labels(transport).observe(self._clock.monotonic() - started)
        return response

    async def _answer(self, request: ApiRequest, session: Session | None, started: float) -> ApiResponse:
        path = normalise_path(request.path)
        route = self._routes.resolve(path)
        policy.authorise(route, request.method, session, self._clock.now())
        body = _within(request, route.max_body_bytes)
        if route.is_proven and not isinstance(body, bytes):
            body = b"".join([piece async for piece in body])
        call = _Call(
            door=self._resource_server,
            clock=self._clock,
            upstream=self._upstream,
            prover=self._prover,
            session=session,
            request=request,
            body=body,
            route=route,
            url=route.target_url(path, request.query),
            deadline=None if request.timeout_seconds is None else started + request.timeout_seconds,
        )
        if session is None or route.demand is None:
            response = await call.send(None)
        else:
            response = await self._answer_to_user(call, session, route.demand)
        response = await mended(response, route, request.method, self._public_origin)
        public = headers.inbound(response.headers, status=response.status, route=route, public_origin=self._public_origin)
        return dataclasses.replace(response, headers=public)

    async def _answer_to_user(self, call: "_Call", session: Session, demand: TokenDemand) -> ApiResponse:
        token = await call.in_time(self._tokens.get(session, demand))
        response = await call.send(token)
        if response.status != 401:
            return response
        if challenge := step_up_challenge(response.headers):
            await response.close()
            raise policy.step_up(session, max_age=challenge.max_age, acr_values=challenge.acr_values)
        if not call.request.is_repeatable:
            return response
        await response.close()
        renewed = await call.in_time(self._tokens.renew(session, demand, token))
        self._metrics.renewals.inc()
        return await call.send(renewed)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One request that may be forwarded, and the time that it has.

    Attributes:
        deadline: Instant of the clock's `monotonic` at which the answer's head must be there; None: whenever.
    """

    door: Door
    clock: Clock
    upstream: UpstreamSessions
    prover: Prover
    session: Session | None
    request: ApiRequest
    body: bytes | BodyStream
    route: Route
    url: str
    deadline: float | None

    async def in_time(self, work: Awaitable[Result]) -> Result:
        """Return the result of work that comes before sending; too late means that nothing was sent."""
        try:
            async with asyncio.timeout(self._remaining()) as limit:
                return await work
        except TimeoutError as error:
            if limit.expired():
                raise _too_late() from error
            raise

    async def send(self, token: Secret | None) -> ApiResponse:
        """Send the request with this token, or with none, in the session at the resource server if the route wants one."""
        if self.session is None or self.route.upstream_session == "none":
            return await self._forward(token, "")
        forward = functools.partial(self._forward, token)
        return await self.in_time(self.upstream.send(self.route, self.session, forward))

    async def _forward(self, token: Secret | None, cookies: str) -> ApiResponse:
        remaining = self._remaining()
        if remaining is not None and remaining <= 0:
            raise _too_late()
        fields = headers.outbound(self.request.headers, token=token, client_address=self.request.client_address, cookies=cookies)
        if self.route.is_fhir:  # its answers are read on their way
            fields = [field for field in fields if field[0].lower() != "accept-encoding"]
        return await self.door.send(
            self.route,
            self.url,
            method=self.request.method,
            headers=self.prover.fields(self.route, fields, method=self.request.method, url=self.url, body=self.body),
            body=self.body,
            body_bytes=len(self.body) if isinstance(self.body, bytes) else self.request.body_bytes,
            timeout_seconds=remaining,
        )

    def _remaining(self) -> float | None:
        return None if self.deadline is None else self.deadline - self.clock.monotonic()


def _too_late() -> HubError:
    """Return the error of a request that was not sent, or was answered with a refusal: repeating it is safe."""
    error: HubError = DeadlineExceeded()
    error.processed = "never"
    return error


def _within(request: ApiRequest, limit: int) -> bytes | BodyStream:
    """Return the body, watched if it is a stream.

    Raises:
        BodyTooLarge: The body is, or is announced to be, larger than `limit` bytes.
    """
    announced = len(request.body) if isinstance(request.body, bytes) else request.body_bytes
    if announced is not None and announced > limit:
        raise _too_large(limit)
    return request.body if isinstance(request.body, bytes) else _Watched(request.body, limit)


class _Watched:
    """A body stream that ends with `BodyTooLarge` when it grows beyond its limit."""

    def __init__(self, body: BodyStream, limit: int) -> None:
        self._pieces = aiter(body)
        self._limit = limit
        self._total = 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = await anext(self._pieces)
        self._total += len(piece)
        if self._total > self._limit:
            raise _too_large(self._limit)
        return piece


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"At most {limit} bytes are taken here.", max_body_bytes=limit)
