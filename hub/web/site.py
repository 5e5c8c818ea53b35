"""Properties of this hub that all handlers of browsers use."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import tornado.template

from hub.listener.exchange import Exchange
from hub.listener.head import RequestHead
from hub.primitives.clock import Clock, SystemClock
from hub.session.cookie import Cookies
from hub.session.model import SessionId
from hub.telemetry.access_log import AccessLog
from hub.web.client_address import TrustedProxies, client_address
from hub.web.refusals import Refusals
from hub.web.response_headers import ResponseHeaders


@dataclass(frozen=True, slots=True)
class Site:
    """Properties and services that all handlers of the public listener share.

    Attributes:
        origin: The origin whose pages may use the hub (RFC 6454).
        response_headers: Headers of all responses.
        is_draining: Returns whether the hub is shutting down. Connections then close after their next response.
        refusals: Charges and limits refused requests.
        exchanges: Tasks of the running requests. The hub waits for them when it stops.
    """

    origin: str
    cookies: Cookies
    trusted_proxies: TrustedProxies
    response_headers: ResponseHeaders
    pages: tornado.template.Loader
    access_log: AccessLog
    refusals: Refusals
    clock: Clock = field(default_factory=SystemClock)
    exchanges: set[asyncio.Task[Any]] = field(default_factory=set)
    is_draining: Callable[[], bool] = lambda: False

    def session_id(self, head: RequestHead) -> SessionId | None:
        """Return the session ID in the cookie of a request, if there is one."""
        return self.cookies.session_id(head.headers_by_name.get("cookie", ""))

    def client_address(self, exchange: Exchange) -> str:
        """Return the IP address of the client, resolved through trusted proxies."""
        forwarded = exchange.head.headers_by_name.get(self.trusted_proxies.header)
        return exchange.remote_ip if forwarded is None else client_address(exchange.remote_ip, [forwarded], self.trusted_proxies)
