"""The one pipeline for every request to an API, whichever door it came through.

Authorize -> attach the token -> forward, or open the WebSocket -> the ladder after a 401: step-up, DPoP nonce, renewal -> return
the response. It knows no transport.
"""

import contextlib
import random
from collections.abc import AsyncIterator

from msgspec.structs import replace

from hub.errors import BodyTooLarge, ResourceServerBroken, RouteNotFound
from hub.gateway import policy
from hub.gateway.api_profile import BodyCheck
from hub.gateway.challenge import step_up_challenge
from hub.gateway.forwarding import Forwarding, ForwardingDependencies
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.gateway.response_rewriting import rewrite_response
from hub.gateway.routes import Place, ProviderTerms, Route
from hub.primitives.clock import Clock
from hub.primitives.http import BodyStream, read_body
from hub.primitives.secret import Secret
from hub.session.model import Session
from hub.telemetry import log
from hub.telemetry.metrics import Metrics
from hub.tokens.backoff import RenewalBackoff
from hub.tokens.demand import TokenDemand
from hub.tokens.route_tokens import RouteTokens

RenewalKey = tuple[str, str]
"""Key of a session, empty for tokens of the hub itself, and prefix of the route that refuses the token."""

RENEWED_IN_VAIN = (
    "The API refuses a token that was just renewed. Its settings and the provider's do not agree; a login will not help."
)

logger = log.get(__name__)


class Pipeline:
    """Forwards the requests of browsers to APIs and returns the responses."""

    def __init__(
        self, tokens: RouteTokens, dependencies: ForwardingDependencies, public_origin: str, clock: Clock, metrics: Metrics
    ) -> None:
        self._tokens = tokens
        self._dependencies = dependencies
        self._public_origin = public_origin
        self._clock = clock
        self._metrics = metrics
        self._renewals = RenewalBackoff(clock, random.random)
        self._refusing: set[str] = set()  # prefixes of routes that have refused a renewed token

    async def handle(self, request: ApiRequest, place: Place, session: Session | None) -> ApiResponse:
        """Return the response of the API, whatever its status, as soon as its head is there.

        The caller reads the body to its end, or closes the response. Cancelling this call aborts the request.

        Parameters:
            place: The route, and the path as it is forwarded.
            session: The session as it stands now; None if nobody is logged in.

        Raises:
            InvalidPath, BadRequest, RouteNotFound, MethodNotAllowed, BodyTooLarge: The request cannot be forwarded.
            NotAuthenticated, SessionEnded: The route asks for a user.
            ProviderNotAllowed: The route is for users of other providers.
            StepUpRequired: The route, or the API, asks for step-up authentication (RFC 9470).
            TokenNotIssued: The provider refuses the token that the route asks for.
            StoreUnavailable, ProviderUnavailable, ProviderMisbehaved: There is no token now. The request is not sent
                without one.
            ResourceServerUnreachable, ResourceServerBroken, ResourceServerTimeout: There is no response.
            LicensesExhausted: The API has no license free.
            DeadlineExceeded: The time of the request ran out.
            ShuttingDown: The hub is being stopped.
        """
        started = self._clock.monotonic()
        route, path = place
        terms = self.authorize(request.method, place, session, upgrades=request.subprotocols is not None)
        body = _within(request, route.settings.max_body_bytes)
        if body and (check := route.profile.body_check(request.headers)) is not None:
            body = _checked(body, check)
        if route.is_signed:
            body = await read_body(body)
        call = Forwarding(
            use=self._dependencies,
            session=session,
            demand=None if terms is None else terms.demand,
            request=request,
            body=body,
            route=route,
            url=route.target_url(path, request.query),
            deadline=None if request.timeout_seconds is None else started + request.timeout_seconds,
        )
        if session is None or terms is None:
            response = await call.send(None)
        else:
            response = await self._respond_to_user(call, session, terms.demand)
        if route.settings.websocket:
            return await _require_websocket(response)
        if response.status >= 400 or route.is_fhir:
            detail = self._detail_of_refusal(session, route) if response.status == 401 else ""
            response = await rewrite_response(response, route, request.method, self._public_origin, detail=detail)
        public = self._dependencies.headers.inbound(
            response.headers, status=response.status, route=route, public_origin=self._public_origin
        )
        return replace(response, headers=public)

    def authorize(self, method: str, place: Place, session: Session | None, *, upgrades: bool = False) -> ProviderTerms | None:
        """Return the terms of a request that may pass, by its route as the settings are now, and by the login of the session.

        Parameters:
            upgrades: Whether it asks for a WebSocket.

        Raises:
            RouteNotFound, MethodNotAllowed, NotAuthenticated, ProviderNotAllowed, StepUpRequired: As `handle`.
        """
        if place.route.settings.websocket is not upgrades:
            raise RouteNotFound(_takes(place.route))
        return policy.authorise(place.route, method, session, self._clock.now())

    async def _respond_to_user(self, call: Forwarding, session: Session, demand: TokenDemand) -> ApiResponse:
        """Send with the token that the route asks for. After a 401: step-up if the API asks for it, else a new token, once.

        A route that refuses a renewed token, too, gets renewed ones only after pauses (`RenewalBackoff`).
        """
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
        key = _renewal_key(session, call.route)
        async with contextlib.AsyncExitStack() as rejected:
            rejected.push_async_callback(response.close)
            renewed = await call.in_time(self._renewed(key, session, demand, token))
            if renewed is None:  # the 401 is the response
                rejected.pop_all()
                return response
        self._metrics.renewals.inc()
        response = await call.send(renewed)
        self._judge_renewal(key, response.status != 401)
        return response

    async def _renewed(self, key: RenewalKey, session: Session, demand: TokenDemand, rejected: Secret) -> Secret | None:
        """Return another token than the rejected one; None during the pause after a renewal, unless others have renewed it."""
        if self._renewals.is_paused(key):
            return await self._tokens.newer(session, demand, rejected)
        has_own_backoff = demand.kind == "user"
        with self._renewals.renewing(key, session.tokens.lifetime_seconds, pauses_on_failure=not has_own_backoff):
            return await self._tokens.renew(session, demand, rejected)

    def _detail_of_refusal(self, session: Session | None, route: Route) -> str:
        """Return what the hub knows about a 401 of the API; empty if nothing."""
        is_in_vain = session is not None and self._renewals.is_in_vain(_renewal_key(session, route))
        return RENEWED_IN_VAIN if is_in_vain else ""

    def _judge_renewal(self, key: RenewalKey, helped: bool) -> None:
        """Record whether the renewed token was accepted. Log once that a route refuses them, until it accepts one."""
        self._renewals.judge(key, helped=helped)
        route = key[1]
        if helped:
            self._refusing.discard(route)
        elif route not in self._refusing:
            self._refusing.add(route)
            logger.warning("api.renewed_token_refused", route=route)


def _renewal_key(session: Session, route: Route) -> RenewalKey:
    """Return whose token is renewed for which route. A token of the hub itself belongs to no session."""
    return "" if route.settings.token == "client" else session.key, route.prefix


def _takes(route: Route) -> str:
    return f"{route.prefix} takes WebSockets only." if route.settings.websocket else f"{route.prefix} takes no WebSockets."


async def _require_websocket(response: ApiResponse) -> ApiResponse:
    """Return the response to an upgrade.

    Raises:
        ResourceServerBroken: The API did not open a WebSocket.
    """
    if response.websocket is None:
        await response.close()
        raise ResourceServerBroken(f"The API responded with {response.status} instead of a WebSocket.")
    return response


def _within(request: ApiRequest, limit: int) -> bytes | BodyStream:
    """Return the body, watched if it is a stream.

    Raises:
        BodyTooLarge: The body is, or is announced to be, larger than `limit` bytes.
    """
    announced = len(request.body) if isinstance(request.body, bytes) else request.body_bytes
    if announced is not None and announced > limit:
        raise _too_large(limit)
    return request.body if isinstance(request.body, bytes) else _Watched(request.body, limit)


def _checked(body: bytes | BodyStream, check: BodyCheck) -> bytes | BodyStream:
    """Return the body, checked, or checked as it streams.

    Raises:
        BadRequest: The body is not for browsers to send.
    """
    if not isinstance(body, bytes):
        return _stream_checked(body, check)
    check.feed(body)
    check.finish()
    return body


async def _stream_checked(body: BodyStream, check: BodyCheck) -> BodyStream:
    """Yield the chunks, each one when the next is there: the last one must not leave before the end is checked."""
    held = b""
    async for chunk in body:
        check.feed(chunk)
        if held:
            yield held
        held = chunk
    check.finish()
    if held:
        yield held


class _Watched:
    """A body stream that ends with `BodyTooLarge` when it grows beyond its limit."""

    def __init__(self, body: BodyStream, limit: int) -> None:
        self._chunks = aiter(body)
        self._limit = limit
        self._total = 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        chunk = await anext(self._chunks)
        self._total += len(chunk)
        if self._total > self._limit:
            raise _too_large(self._limit)
        return chunk


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body may have at most {limit} bytes.", max_body_bytes=limit)
