"""The way of a page's WebSocket to a resource server: the same routes, rights and tokens as those of a request."""

from collections.abc import Sequence
from typing import Protocol

from hub.errors import ResourceServerBroken, RouteNotFound
from hub.gateway import policy
from hub.gateway.forwarding import ForwardingDependencies
from hub.gateway.messages import ApiRequest
from hub.gateway.paths import normalise_path
from hub.gateway.pipeline import Tokens
from hub.gateway.routes import Route, RouteTable
from hub.gateway.websocket_door import UpgradeRefused, UpstreamSocket
from hub.oidc.dpop import SCHEME
from hub.primitives.clock import Clock
from hub.primitives.http import Headers
from hub.primitives.secret import Secret
from hub.session.model import Session


class Door(Protocol):
    """What is asked of `hub.gateway.websocket_door.WebSocketDoor`, where the meaning is written."""

    async def open(self, route: Route, url: str, headers: Headers, protocols: Sequence[str], max_bytes: int) -> UpstreamSocket:
        """Return a WebSocket."""


class Passage:
    """Opens WebSockets for pages."""

    def __init__(self, routes: RouteTable, tokens: Tokens, door: Door, clock: Clock, ways: ForwardingDependencies) -> None:
        self._routes = routes
        self._tokens = tokens
        self._door = door
        self._clock = clock
        self._ways = ways

    def route_for(self, path: str) -> Route:
        """Return the route of a raw path.

        Raises:
            InvalidPath, RouteNotFound: There is none, or none for WebSockets.
        """
        route = self._routes.resolve(normalise_path(path))
        if not route.websocket:
            raise RouteNotFound
        return route

    async def open(self, request: ApiRequest, session: Session | None, protocols: Sequence[str]) -> UpstreamSocket:
        """Return a WebSocket at the resource server, with the token that the route demands attached at its upgrade.

        Raises:
            HubError: As `Pipeline.handle`: there is no way, no right, no token, or nobody who answers.
        """
        route = self.route_for(request.path)
        policy.authorise(route, "GET", session, self._clock.now())
        url = route.target_url(normalise_path(request.path), request.query)
        token = None
        if session is not None and route.demand is not None:
            token = await self._tokens.get(session, route.demand)
        try:
            return await self._send(route, url, request, session, protocols, token)
        except UpgradeRefused as refused:
            if refused.status != 401 or session is None or route.demand is None or token is None:
                raise _refused(refused) from refused
            token = await self._tokens.renew(session, route.demand, token)
        try:
            return await self._send(route, url, request, session, protocols, token)
        except UpgradeRefused as refused:
            raise _refused(refused) from refused

    async def _send(
        self,
        route: Route,
        url: str,
        request: ApiRequest,
        session: Session | None,
        protocols: Sequence[str],
        token: Secret | None,
    ) -> UpstreamSocket:
        dpop, address = self._ways.dpop_key_of(route, session, token), request.client_address
        if dpop is None or token is None:
            fields = self._ways.headers.outbound(request.headers, token=token, client_address=address)
        else:
            fields = self._ways.headers.outbound(request.headers, token=token, client_address=address, scheme=SCHEME)
            fields.append((SCHEME, dpop.make_proof("GET", url, token)))
        fields = self._ways.signer.sign(route, fields, method="GET", url=url)
        return await self._door.open(route, url, fields, protocols, route.max_message_bytes)


def _refused(refused: UpgradeRefused) -> ResourceServerBroken:
    return ResourceServerBroken(f"It answered {refused.status} instead of a WebSocket.")
