"""The headers that a browser adds to each request by itself. Pure.

A page can neither read nor send them, but the handshake of its channel has them, as a request over HTTP would.
"""

from collections.abc import Mapping

from hub.primitives.bounded_cache import BoundedCache

NAMES = ("user-agent", "accept-language", "dnt", "save-data")


def browser_headers(handshake: Mapping[str, str]) -> Mapping[str, str]:
    """Return those headers of a handshake, by name in lower case. All channels of equal browsers share the result."""
    return _CACHE["\n".join(handshake.get(name, "") for name in NAMES)]


def _by_name(values: str) -> Mapping[str, str]:
    return {name: value for name, value in zip(NAMES, values.split("\n"), strict=True) if value}


_CACHE = BoundedCache(_by_name)
