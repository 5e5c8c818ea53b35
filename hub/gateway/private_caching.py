"""Keep responses to a user out of shared caches, now that their requests lost the header that did so. Pure.

RFC 9111 section 3.5 forbids shared caches to store the response to a request with `Authorization`, unless the response says
`public`, `s-maxage` or `must-revalidate`. The hub adds that header behind the caches, which see a cookie instead; cookies forbid
nothing. So the response itself has to say `private`, and that it depends on the cookie.
"""

import re
from collections.abc import Mapping

from hub.primitives.http import Headers

_DIRECTIVE = re.compile(r"[ \t,]*([!#$%&'*+.^`|~0-9A-Za-z_-]+)(?:[ \t]*=[ \t]*(\"(?:[^\"\\]|\\.)*\"|[^\s\",;]+))?[ \t]*(?=,|\Z)")
_SHARED = frozenset({"public", "s-maxage", "proxy-revalidate"})
"""Directives that speak to shared caches."""

NO_STORE = "no-store"


def with_private_caching(headers: Headers, controls: Mapping[str, str], *, status: int) -> Headers:
    """Return the headers of a response to a user, so that no shared cache stores it, and no browser shows it to the next user.

    Without `Cache-Control` the response gets `no-store`, except a 304, which changes only the headers that it has (RFC 9111
    section 4.3.4). A response that may be stored gets `private`, and `Vary: Cookie` in place of `Vary: Authorization`.

    Parameters:
        controls: `private_control` of any text, such as a cache of its results.
    """
    stated = [value for name, value in headers if name.lower() == "cache-control"]
    if not stated and status != 304:
        return [*headers, ("Cache-Control", NO_STORE)]
    control = controls[", ".join(stated)] if stated else ""
    if control == NO_STORE:
        return [*_without(headers, "cache-control"), ("Cache-Control", NO_STORE)]
    vary = _vary([value for name, value in headers if name.lower() == "vary"])
    kept = [header for header in headers if header[0].lower() not in ("cache-control", "vary")]
    return [*kept, *([("Cache-Control", control)] if control else []), ("Vary", vary)]


def _without(headers: Headers, dropped: str) -> Headers:
    return [header for header in headers if header[0].lower() != dropped]


def private_control(text: str) -> str:
    """Return the value of `Cache-Control` without permission for shared caches. Text that cannot be parsed becomes `no-store`.

    `private="name"` and `no-cache="name"` concern single headers only (RFC 9111 section 5.2.2), so they do not suffice.
    """
    kept, at = [], 0
    while at < len(text.rstrip(" \t,")):
        directive = _DIRECTIVE.match(text, at)
        if directive is None:
            return NO_STORE
        at = directive.end()
        name, argument = directive[1].lower(), directive[2]
        if name == NO_STORE:
            return NO_STORE
        if name not in _SHARED and name != "private":
            kept.append(name if argument is None else f"{name}={argument}")
    return ", ".join(["private", *kept])


def _vary(values: list[str]) -> str:
    names = [name.strip() for value in values for name in value.split(",")]
    if "*" in names:
        return "*"
    kept = [name for name in names if name and name.lower() not in ("authorization", "cookie")]
    return ", ".join([*kept, "Cookie"])
