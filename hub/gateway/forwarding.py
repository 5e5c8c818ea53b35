"""One request on its way to an API: its credentials, its cookies, its signature, and the time that it has."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from hub.errors import DeadlineExceeded, HubError
from hub.gateway.headers import IDEMPOTENCY_HEADER, HeaderRules
from hub.gateway.message_signer import MessageSigner
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.gateway.resource_server import ResourceServer
from hub.gateway.routes import Route
from hub.gateway.upstream_sessions import UpstreamSessions
from hub.gateway.websocket_door import UpstreamWebSocketClient
from hub.oidc.dpop import SCHEME, USE_NONCE, DPoPKey
from hub.primitives.clock import Clock
from hub.primitives.http import BodyStream, Headers
from hub.primitives.secret import Secret
from hub.session.failure_limit import network_of
from hub.session.model import Session
from hub.tokens.demand import TokenDemand

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardingDependencies:
    """The services that forwarding a request needs.

    Attributes:
        sessions: The sessions at APIs that keep some.
        signer: Signs the requests of routes that ask for it.
        dpop_key: Returns the DPoP key of a provider, by its name; None if the provider issues bearer tokens.
    """

    resource_server: ResourceServer
    websockets: UpstreamWebSocketClient
    sessions: UpstreamSessions
    signer: MessageSigner
    dpop_key: Callable[[str], DPoPKey | None]
    clock: Clock
    headers: HeaderRules = field(default_factory=HeaderRules)


class Forwarding(msgspec.Struct, frozen=True, kw_only=True):
    """One request that may be forwarded, and the time that it has.

    Attributes:
        demand: Which token the request gets; None: none.
        deadline: Instant of the clock's `monotonic` at which the head of the response must be there; None: no limit.
    """

    use: ForwardingDependencies
    session: Session | None
    demand: TokenDemand | None
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

    def send(self, token: Secret | None) -> Awaitable[ApiResponse]:
        """Send the request with this token, or with none, in a session at the API if the route asks for one."""
        if self.session is None or self.route.settings.upstream_session == "none":
            return self._send(token, "")
        return self._send_in_session(self.session, token)

    async def _send_in_session(self, session: Session, token: Secret | None) -> ApiResponse:
        """Wait for the session and send; when the time runs out it is known whether the request was sent."""
        was_sent = False

        async def send(cookies: str) -> ApiResponse:
            nonlocal was_sent
            was_sent = True
            return await self._send(token, cookies)

        try:
            async with asyncio.timeout(self._remaining()) as limit:
                return await self.use.sessions.send(self.route, session, send)
        except TimeoutError as error:
            if limit.expired():
                raise (DeadlineExceeded() if was_sent else _too_late()) from error
            raise

    async def _send(self, token: Secret | None, cookies: str) -> ApiResponse:
        key = None if self.demand is None else self.use.dpop_key(self.demand.provider)
        if key is None or token is None:
            return await self._send_once(self._headers(token, cookies))
        response = await self._send_once(self._headers_with_proof(key, token, cookies))
        if key.learn(self.url, response.headers) and self.request.is_repeatable and _asks_for_nonce(response):
            await response.close()
            return await self._send_once(self._headers_with_proof(key, token, cookies))
        return response

    def _headers_with_proof(self, key: DPoPKey, token: Secret, cookies: str) -> Headers:
        """Return the request headers with a DPoP proof (RFC 9449 section 4)."""
        proof = key.make_proof(self.request.method, self.url, token)
        return [*self._headers(token, cookies, scheme=SCHEME), (SCHEME, proof)]

    def _headers(self, token: Secret | None, cookies: str, *, scheme: str = "Bearer") -> Headers:
        headers, address = self.request.headers, self.request.client_address
        if self.route.settings.idempotency_header == "hub":
            headers = [header for header in headers if header[0].lower() != IDEMPOTENCY_HEADER]
        headers = self.use.headers.outbound(
            headers, route=self.route, token=token, client_address=address, cookies=cookies, scheme=scheme
        )
        return headers if self.route.codings is None else _with_codings(headers, self.route.codings)

    def _send_once(self, headers: Headers) -> Awaitable[ApiResponse]:
        request, route = self.request, self.route
        remaining = self._remaining()
        if remaining is not None and remaining <= 0:
            raise _too_late()
        if route.is_signed:
            headers = self.use.signer.sign(route, headers, method=request.method, url=self.url, body=self.body)
        if request.subprotocols is not None:
            return self.use.websockets.open(route, self.url, headers, request.subprotocols)
        return self.use.resource_server.send(
            route,
            self.url,
            method=request.method,
            headers=headers,
            body=self.body,
            body_bytes=len(self.body) if isinstance(self.body, bytes) else request.body_bytes,
            timeout_seconds=remaining,
            user="" if self.session is None else self.session.identity,
            network=network_of(request.client_address) if self.session is None else "",
        )

    def _remaining(self) -> float | None:
        return None if self.deadline is None else self.deadline - self.use.clock.monotonic()


def _asks_for_nonce(response: ApiResponse) -> bool:
    """Return whether the API refused a DPoP proof for want of its nonce (RFC 9449 section 9)."""
    challenges = [value for name, value in response.headers if name.lower() == "www-authenticate"]
    return response.status == 401 and any(USE_NONCE in challenge for challenge in challenges)


def _too_late() -> HubError:
    """Return the error of a request that was not sent, or that the API refused: repeating it is safe."""
    error: HubError = DeadlineExceeded()
    error.processed = "never"
    return error


def _with_codings(headers: Headers, codings: str) -> Headers:
    """Return the headers with `codings` as `Accept-Encoding`, without gzip if the caller does not accept it."""
    chosen = ",".join(value for name, value in headers if name.lower() == "accept-encoding")
    accepted = codings if _accepts_gzip(chosen) else "identity"
    return [*(header for header in headers if header[0].lower() != "accept-encoding"), ("Accept-Encoding", accepted)]


def _accepts_gzip(accept_encoding: str) -> bool:
    """Return whether a value of `Accept-Encoding` names gzip, with a weight above 0 (RFC 9110 section 12.5.3)."""
    weights = dict(coding.replace(" ", "").lower().partition(";")[::2] for coding in accept_encoding.split(","))
    return weights.get("gzip", "q=0").rstrip("0.") != "q="
