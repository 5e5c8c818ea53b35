"""Host names as browsers write them. Pure."""

import ipaddress
import re

import idna

_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:@/?#\[\]\s]+)(?::[0-9]{0,5})?")


def ascii_host(host: str) -> str:
    """Return a host as browsers write it in `Host` and `Origin`: in lower case, and an internationalized name in Punycode.

    Raises:
        ValueError: The name is not valid (RFC 5891, with the mapping of UTS 46).
    """
    return host.lower() if host.isascii() else idna.encode(host, uts46=True).decode()


def host_of(authority: str) -> str | None:
    """Return the host of an authority, such as the value of `Host`, without its port; None if it is malformed.

    An IPv6 address has no brackets. The port does not matter: a proxy may pass another one than browsers see.
    """
    parts = _AUTHORITY.fullmatch(authority)
    return None if parts is None else parts[1].strip("[]").lower()


def is_ip_address(host: str) -> bool:
    """Return whether a host is an IP address, which no DNS server can point elsewhere."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
