"""What acts on any request that reaches the CSP gateway of IRIS, and must not come from a browser. Pure.

Query parameters of these names log a session in as somebody else, end it, or adopt another one, whatever application is asked.
Applications at these paths administer the instance, and a REST application in the native JWT mode hands out tokens at its own
`/login`.
"""

import re
from itertools import pairwise
from urllib.parse import unquote_plus

MAX_DECODINGS = 4  # as for paths: nobody encodes more often in good faith

_ACTIONS = (
    "username",
    "password",
    "oldpassword",
    "logout",
    "loginpage",
    "noredirect",
    "token",
    "submit",
    "cancel",
    "securitytoken",
    "securitysubmit",
    "securitycancel",
)
RESERVED = frozenset(
    {f"{maker}{action}" for maker in ("iris", "cache") for action in _ACTIONS}
    | {"cspchd", "csptoken", "cspshare", "access_token"}  # the last one: RFC 6750 section 2.3, which IRIS takes too
)
"""In lower case; the gateway's older spelling is `Cache...`."""

ADMINISTRATION = (("csp", "sys"), ("api", "atelier"), ("api", "mgmnt"), ("api", "admin"))
"""Two segments of a path, one behind the other, wherever they stand: an instance may have a prefix."""

TOKEN_ENDPOINTS = frozenset({"login", "refresh", "logout", "revoke"})

_NOTABLE = TOKEN_ENDPOINTS | {second for _, second in ADMINISTRATION}
_PLAIN = re.compile(r"[!-$&-*,-~]*")  # ASCII in which nothing can be decoded or ignored
_RESERVED_BEGINNING = re.compile("iris|cache|csp|access_token")
_SEPARATORS = re.compile("[&;]")
_IGNORED = re.compile(r"[\x00-\x20\x7f]")


def without_reserved(query: str) -> str:
    """Return the query without reserved parameters, in whatever case or encoding; without any it stays as it is."""
    if _PLAIN.fullmatch(query) and not _RESERVED_BEGINNING.search(query.lower()):
        return query
    kept = [part for part in query.split("&") if not any(_is_reserved(each) for each in _SEPARATORS.split(part))]
    return "&".join(kept)


def is_ordinary(path: str) -> bool:
    """Tell whether no segment of a plain path (`hub.gateway.paths.is_plain`) has a name that either of the next two look for."""
    return _NOTABLE.isdisjoint(path.lower().split("/"))


def path_refusal(path: str, target_path: str, *, token_endpoints: bool) -> str | None:
    """Return why a path is not for browsers; None if it may pass (`hub.gateway.api_profile.PathRefusal`)."""
    if is_administration(path, target_path):
        return "This path administers IRIS. If browsers have to reach it, give it a route of its own."
    if not token_endpoints and is_token_endpoint(path, target_path):
        return "IRIS hands out tokens at such paths. If this one does not, set token_endpoints of its route."
    return None


def is_administration(path: str, target_path: str) -> bool:
    """Tell whether a path at the resource server administers the instance, and its route does not lead to just that.

    Parameters:
        path: The whole path at the resource server, decoded.
        target_path: Where the route leads: what stands in it was meant by whoever wrote the settings.
    """
    asked, meant = _pairs(_segments(path)), _pairs(_segments(target_path))
    return any(pair in asked and pair not in meant for pair in ADMINISTRATION)


def is_token_endpoint(path: str, target_path: str) -> bool:
    """Tell whether a path below a route's target could be one at which IRIS hands out tokens; parameters as above."""
    segments = _segments(path)
    return len(segments) > len(_segments(target_path)) and segments[-1] in TOKEN_ENDPOINTS


def _is_reserved(parameter: str) -> bool:
    name = parameter.partition("=")[0]
    for _ in range(MAX_DECODINGS):
        if _folded(name) in RESERVED:
            return True
        name = unquote_plus(name)
    return _folded(name.partition("=")[0]) in RESERVED


def _folded(name: str) -> str:
    return _IGNORED.sub("", name).lower()


def _segments(path: str) -> list[str]:
    return [segment.partition(";")[0].strip().lower() for segment in path.split("/") if segment]


def _pairs(segments: list[str]) -> set[tuple[str, str]]:
    return set(pairwise(segments))
