"""Resolves the IP address of the client through trusted proxies. Pure."""

import ipaddress
import re
from collections.abc import Sequence
from typing import Literal

from hub.primitives.bounded_cache import BoundedCache

ForwardingHeader = Literal["x-forwarded-for", "forwarded"]

LONGEST_FORWARDED = 1024  # characters of `Forwarded` that are read, from its end: five hops, which take at most 1 ms to match

_PORT = r"(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]{1,64}))?"
_NODE = re.compile(rf"\[(?P<bracketed>[^\[\]]+)\]{_PORT}|(?P<bare>[^:\[\]]+){_PORT}")
_TOKEN = r"[!#$%&'*+.^`|~\w-]+"
_PAIR = rf'{_TOKEN}=(?:{_TOKEN}|"(?:[^"\\]|\\.)*")'
_LAST_ELEMENT = re.compile(rf"(?:^|,)[ \t]*(?P<pairs>{_PAIR}(?:[ \t]*;[ \t]*{_PAIR})*)[ \t]*\Z", re.ASCII)
_FOR = re.compile(rf'(?:^|;)[ \t]*for=(?:(?P<token>{_TOKEN})|"(?P<quoted>[^"\\]*)")', re.ASCII | re.IGNORECASE)


class TrustedProxies:
    """The networks of `server.trusted_proxies`, with a cache of the nodes that they named.

    Attributes:
        header: The header in which these proxies say, in lower case, for whom they forward. The other one is ignored, because
            a proxy that does not write it passes on what a client wrote there.
    """

    def __init__(self, networks: Sequence[str] = (), header: ForwardingHeader = "x-forwarded-for") -> None:
        self.header: ForwardingHeader = header
        self._networks = [ipaddress.ip_network(text) for text in networks]
        self._addresses = BoundedCache(address_of)
        self._verdicts = BoundedCache(self._verdict)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def verdict(self, text: str) -> bool | None:
        """Return whether `text` is the address of a trusted proxy; None if it is not an IP address."""
        return self._verdicts[text]

    def address(self, node: str) -> str | None:
        """Return the address of a node as a proxy writes it (`address_of`)."""
        return self._addresses[node]

    def last_hop(self, value: str) -> tuple[str, str]:
        """Return what the nearest proxy wrote into the header, and the rest of the header before it.

        Parameters:
            value: Value of the header; values of repeated headers are joined by commas.
        """
        if self.header == "x-forwarded-for":
            before, _, node = value.rpartition(",")
            return node.strip(" \t"), before
        value = value[-LONGEST_FORWARDED:]
        element = _LAST_ELEMENT.search(value)
        if element is None:
            return "", ""
        node_of = _FOR.search(element["pairs"])
        return "" if node_of is None else node_of["token"] or node_of["quoted"] or "", value[: element.start()]

    def _verdict(self, text: str) -> bool | None:
        address = self.address(text)
        if address is None:
            return None
        parsed = ipaddress.ip_address(address)
        return any(parsed in network for network in self._networks)


def address_of(node: str) -> str | None:
    """Return the IP address of a node, without its port; None if the node hides its address, or is none.

    The forms are `203.0.113.7`, `203.0.113.7:5123`, `2001:db8::7`, `[2001:db8::7]` and `[2001:db8::7]:443` (RFC 7239 section 6).
    An IPv4 address that is mapped into IPv6 is the IPv4 address.
    """
    found = _NODE.fullmatch(node)
    try:
        address = ipaddress.ip_address(node if found is None else found["bracketed"] or found["bare"])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def client_address(peer: str, forwarded: Sequence[str], trusted: TrustedProxies) -> str:
    """Return the address from which the request came.

    The forwarding header is trusted only as far as trusted proxies wrote it: from the right, the first address that is not that
    of a trusted proxy is the client's. If the peer is not a trusted proxy, the header is ignored.

    Parameters:
        peer: Address of the other end of the connection.
        forwarded: Values of all headers `TrustedProxies.header`, in order.
    """
    if not trusted:
        return peer
    rest = ",".join(forwarded)
    address = peer
    while rest and trusted.verdict(address):
        node, rest = trusted.last_hop(rest)
        hop = trusted.address(node)
        if hop is None:
            break
        address = hop
    return address
