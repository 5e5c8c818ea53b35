"""The one pipeline for every request to a resource server, whichever front door it came through.

Resolve the route -> authorise -> attach the token -> forward -> on a 401 renew the token and repeat once -> hand the
answer out. It knows no transport: what it needs of the outside are the session's tokens (`Tokens`) and the door.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from msgspec.structs import replace

from hub.errors import BodyTooLarge, HubError
from hub.gateway import policy
from hub.gateway.challenge import step_up_challenge
from hub.gateway.forwarding import Forwarding, ForwardingDependencies
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.gateway.response_rewriting import is_final, mended
from hub.gateway.routes import Place, RouteTable
from hub.primitives.clock import Clock
from hub.primitives.http import BodyStream, read_body
from hub.primitives.secret import Secret
from hub.session.model import Session
from hub.telemetry.metrics import Metrics
from hub.tokens.demand import TokenDemand


class Tokens(Protocol):
    """Where the pipeline gets access tokens from."""

    def get_nowait(self, session: Session, demand: TokenDemand) -> Secret | None:
        """Return a token that is usable now; None if it takes a wait to get one."""

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
        ways: ForwardingDependencies,
        public_origin: str,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._routes = routes
        self._tokens = tokens
        self._ways = ways
        self._public_origin = public_origin
        self._clock = clock
        self._metrics = metrics

    def place_of(self, path: str) -> Place:
        """Return where a path leads, for what a door must know before it reads the body; raises as `RouteTable.locate`."""
        return self._routes.locate(path)

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
            self._metrics.tally.failed(transport, error.slug)
            raise
        except asyncio.CancelledError:
            self._metrics.tally.failed(transport, "cancelled")
            raise
        self._metrics.tally.answered(transport, response.status, self._clock.monotonic() - started)
        return response

    async def _answer(self, request: ApiRequest, session: Session | None, started: float) -> ApiResponse:
        route, path = request.place or self._routes.locate(request.path)
        policy.authorise(route, request.method, session, self._clock.now())
        body = _within(request, route.max_body_bytes)
        if route.is_signed:
            body = await read_body(body)
        call = Forwarding(
            ways=self._ways,
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
        if not is_final(response, route):
            response = await mended(response, route, request.method, self._public_origin)
        public = self._ways.headers.inbound(
            response.headers, status=response.status, route=route, public_origin=self._public_origin
        )
        return replace(response, headers=public)

    async def _answer_to_user(self, call: Forwarding, session: Session, demand: TokenDemand) -> ApiResponse:
        token = self._tokens.get_nowait(session, demand)
        if token is None:
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
