"""The address of the browser, behind however many proxies that the operator trusts. Pure."""

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_networks(texts: Sequence[str]) -> list[Network]:
    """Return the networks of `server.trusted_proxies`, which the settings have checked."""
    return [ipaddress.ip_network(text) for text in texts]


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return the address from which the request came.

    `X-Forwarded-For` is believed only as far as it was written by a trusted proxy: read from the right, the first address
    that is not a trusted proxy's is the client's. From anybody else the header is ignored.

    Parameters:
        peer: Address of the other end of the connection.
        forwarded_for: Values of all `X-Forwarded-For` fields, in order.
        trusted: Networks of trusted proxies.
    """
    if not trusted:
        return peer
    chain = [hop.strip() for value in forwarded_for for hop in value.split(",")]
    address = peer
    while chain and _is_trusted(address, trusted):
        candidate = chain.pop()
        if not _is_address(candidate):
            break
        address = candidate
    return address


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    return _is_address(address) and any(ipaddress.ip_address(address) in network for network in trusted)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
