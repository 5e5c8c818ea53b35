"""Admit requests by their `Host`, against DNS rebinding.

A page of another site can let its own name point to the hub. For the browser, its requests then go to the page's own origin. They
carry no cookie of the hub, but the page could read every response that needs no login. They still name the page's host.
"""

from collections.abc import Iterable

from hub.config.hosts import ascii_host, host_of, is_ip_address
from hub.errors import MisdirectedRequest
from hub.listener.discard_body import DiscardBody
from hub.listener.exchange import Exchange, Front, Receiver
from hub.primitives.bounded_cache import BoundedCache
from hub.web.response_headers import ResponseHeaders, problem_body, problem_headers

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

    def __init__(self, front: Front, hosts: PublicHosts, response_headers: ResponseHeaders) -> None:
        self._front = front
        self._response_headers = response_headers
        self._serves = BoundedCache(hosts.serves)
        self._serves_nameless = hosts.serves(None)

    def open(self, exchange: Exchange) -> Receiver:
        """Hand on a request, or reject it."""
        authority = exchange.head.headers_by_name.get("host")
        if self._serves_nameless if authority is None else self._serves[authority]:
            return self._front.open(exchange)
        named = "no host" if authority is None else f"the host {authority[:MAX_SHOWN_CHARACTERS]}"
        error = MisdirectedRequest(
            f"The request names {named}. This hub serves that of server.public_url and those of server.extra_hosts."
        )
        headers = self._response_headers
        fields = [*headers.isolated(), ("Content-Type", "application/problem+json"), *problem_headers(error), headers.date()]
        exchange.send(error.status, "", fields, problem_body(error))
        return DiscardBody()
