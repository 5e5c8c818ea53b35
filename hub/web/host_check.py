"""Admit requests by their `Host`, against DNS rebinding.

A page of another site can let its own name point to the hub. For the browser, its requests then go to the page's own origin. They
carry no cookie of the hub, but the page could read every response that needs no login. They still name the page's host.
"""

from collections.abc import Iterable
from http import HTTPStatus

from hub.config.hosts import ascii_host, host_of, is_ip_address
from hub.config.settings import is_loopback
from hub.errors import HubError, MisdirectedRequest
from hub.listener.discard_body import DiscardBody
from hub.listener.exchange import Exchange, Front, Receiver
from hub.listener.head import RequestHead
from hub.primitives.bounded_cache import BoundedCache
from hub.web.failures import note_failure
from hub.web.navigation import is_navigation
from hub.web.response_headers import NO_STORE, ResponseHeaders, problem_body, problem_headers
from hub.web.site import Site

MAX_SHOWN_CHARACTERS = 100


class PublicHosts:
    """The hosts at which browsers reach the hub. Ports do not matter."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(ascii_host(name) for name in names)

    def serves(self, authority: str | None) -> bool:
        """Return whether a request with this `Host` is for this hub; None: it has none."""
        return authority is not None and host_of(authority) in self._names


class AdminHosts(PublicHosts):
    """The same for the admin listener, which load balancers and probes reach by address, or without `Host`."""

    def serves(self, authority: str | None) -> bool:
        """Return whether a request with this `Host` is for this hub: besides the names, addresses and `localhost` pass."""
        if authority is None or super().serves(authority):
            return True
        host = host_of(authority)
        return host is not None and (host == "localhost" or is_ip_address(host))


class HostCheck:
    """The front of a listener: hands on what is for this hub, and responds to all else with 421 (RFC 9110 section 7.4)."""

    def __init__(
        self,
        front: Front,
        hosts: PublicHosts,
        site: Site,
        response_headers: ResponseHeaders,
        loopback_origin: str | None = None,
    ) -> None:
        """Parameters:
        site: Counts and logs rejected requests.
        response_headers: Headers of all responses of this listener.
        loopback_origin: Origin of the hub if that is on the browser's own machine. A person who opens another loopback name,
            such as 127.0.0.1 for localhost, is redirected there.
        """
        self._front = front
        self._site = site
        self._response_headers = response_headers
        self._serves = BoundedCache(hosts.serves)
        self._serves_nameless = hosts.serves(None)
        self._loopback_origin = loopback_origin

    def open(self, exchange: Exchange) -> Receiver:
        """Hand on a request, or reject it."""
        authority = exchange.head.headers_by_name.get("host")
        if self._serves_nameless if authority is None else self._serves[authority]:
            return self._front.open(exchange)
        if self._loopback_origin is not None and _opens_loopback(exchange.head):
            self._redirect(exchange, self._loopback_origin)
        else:
            self._reject(exchange, authority)
        return DiscardBody()

    def _redirect(self, exchange: Exchange, origin: str) -> None:
        """Send the browser to the same path at the hub's own name. The redirect is not stored: settings change."""
        head, headers = exchange.head, self._response_headers
        location = f"{origin}{head.path}?{head.query}" if head.query else f"{origin}{head.path}"
        self._site.access_log.request(head.method, head.path, HTTPStatus.TEMPORARY_REDIRECT, 0.0)
        fields = [*headers.isolated(), NO_STORE, ("Location", location), headers.date()]
        exchange.send(HTTPStatus.TEMPORARY_REDIRECT, "", fields, b"")

    def _reject(self, exchange: Exchange, authority: str | None) -> None:
        """Respond with 421. It costs what any refused request costs, and is logged: a proxy may send another host by mistake."""
        named = "no host" if authority is None else f"the host {authority[:MAX_SHOWN_CHARACTERS]}"
        error: HubError = MisdirectedRequest(
            f"The request names {named}. This hub serves that of server.public_url and those of server.extra_hosts."
        )
        head, site = exchange.head, self._site
        address = site.client_address(exchange)
        counted = site.refusals.count(exchange, address)
        if counted.limited is not None:
            error = counted.limited
            exchange.keep_alive = exchange.keep_alive and not counted.closes
        if counted.is_logged:
            note_failure(error, method=head.method, path=head.path, address=address, session_id=None)
            site.access_log.request(head.method, head.path, error.status, 0.0)
        headers = self._response_headers
        fields = [*headers.isolated(), ("Content-Type", "application/problem+json"), *problem_headers(error), headers.date()]
        exchange.send(error.status, "", fields, problem_body(error))


def _opens_loopback(head: RequestHead) -> bool:
    """Return whether a person opens a page at a loopback name, which no DNS server can point elsewhere."""
    host = host_of(head.headers_by_name.get("host", ""))
    return host is not None and is_loopback(host) and head.method in ("GET", "HEAD") and is_navigation(head.headers_by_name)
