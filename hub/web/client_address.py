"""The address of the browser, behind however many proxies that the operator trusts. Pure."""

import ipaddress
from collections.abc import Sequence

from hub.primitives.bounded_cache import BoundedCache


class TrustedProxies:
    """The networks of `server.trusted_proxies`, which the settings have checked, and what is known of addresses seen lately."""

    def __init__(self, networks: Sequence[str] = ()) -> None:
        self._networks = [ipaddress.ip_network(text) for text in networks]
        self._verdicts = BoundedCache(self._verdict)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def verdict(self, text: str) -> bool | None:
        """Tell whether this is the address of a trusted proxy; None if it is no address at all."""
        return self._verdicts[text]

    def _verdict(self, text: str) -> bool | None:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return None
        return any(address in network for network in self._networks)


def client_address(peer: str, forwarded_for: Sequence[str], trusted: TrustedProxies) -> str:
    """Return the address from which the request came.

    `X-Forwarded-For` is believed only as far as it was written by a trusted proxy: read from the right, the first address
    that is not a trusted proxy's is the client's. From anybody else the header is ignored.

    Parameters:
        peer: Address of the other end of the connection.
        forwarded_for: Values of all `X-Forwarded-For` fields, in order.
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
