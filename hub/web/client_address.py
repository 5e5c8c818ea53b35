"""Resolves the IP address of the client through trusted proxies. Pure."""

import ipaddress
from collections.abc import Sequence

from hub.primitives.bounded_cache import BoundedCache


class TrustedProxies:
    """The networks of `server.trusted_proxies`, with a cache of verdicts about addresses."""

    def __init__(self, networks: Sequence[str] = ()) -> None:
        self._networks = [ipaddress.ip_network(text) for text in networks]
        self._verdicts = BoundedCache(self._verdict)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def verdict(self, text: str) -> bool | None:
        """Return whether `text` is the address of a trusted proxy; None if it is not an IP address."""
        return self._verdicts[text]

    def _verdict(self, text: str) -> bool | None:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return None
        return any(address in network for network in self._networks)


def client_address(peer: str, forwarded_for: Sequence[str], trusted: TrustedProxies) -> str:
    """Return the address from which the request came.

    `X-Forwarded-For` is trusted only as far as trusted proxies wrote it: from the right, the first address that is not that of a
    trusted proxy is the client's. If the peer is not a trusted proxy, the header is ignored.

    Parameters:
        peer: Address of the other end of the connection.
        forwarded_for: Values of all `X-Forwarded-For` headers, in order.
    """
    if not trusted:
        return peer
    chain = [hop.strip() for value in forwarded_for for hop in value.split(",")]
    address = peer
    while chain and trusted.verdict(address):
        candidate = chain.pop()
        if trusted.verdict(candidate) is None:
            break
        address = candidate
    return address
