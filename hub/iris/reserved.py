"""Query parameters and paths that no browser may send to the CSP gateway of IRIS. Pure.

The parameters log a session in as another user, end it, or adopt another session, in every application. The paths administer the
instance, or issue tokens: a REST application in native JWT mode does so at its own `/login`.
"""

import re
from itertools import pairwise
from urllib.parse import unquote_plus

MAX_DECODINGS = 4  # as for paths: no honest client encodes more often

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
    | {"cspchd", "csptoken", "cspshare", "access_token"}  # the last one: RFC 6750 section 2.3, which IRIS accepts
)
"""In lower case. Older versions of the gateway spell them `Cache...`."""

_ADMINISTRATION = {
    "csp": ("sys", "bin", "documatic", "docbook"),  # Management Portal, Web Gateway, class and general documentation
    "api": ("atelier", "mgmnt", "admin", "monitor", "docdb", "iam", "interop-editors"),
    "isc": ("studio", "pki"),
    "ui": ("interop",),
    "oauth2": ("authorize", "token", "userinfo", "revocation", "introspection", "register", "logout"),  # the provider itself
}
ADMINISTRATION = frozenset((first, second) for first, seconds in _ADMINISTRATION.items() for second in seconds)
"""Two consecutive segments of a path, anywhere in it: an instance may have a prefix."""

TOKEN_ENDPOINTS = frozenset({"login", "refresh", "logout", "revoke"})

_NOTABLE = TOKEN_ENDPOINTS | {second for _, second in ADMINISTRATION}
_SLASHES = re.compile(r"[/\\]")
_PARAMETERS = re.compile(r"[;?#].*", re.DOTALL)
_PLAIN = re.compile(r"[!-$&-*,-~]*")  # ASCII without anything to decode or ignore
_RESERVED_BEGINNING = re.compile("iris|cache|csp|access_token")
_SEPARATORS = re.compile("[&;]")
_IGNORED = re.compile(r"[\x00-\x20\x7f]")


def without_reserved(query: str) -> str:
    """Return the query without reserved parameters, in any case and encoding. A query without any is not changed."""
    if _PLAIN.fullmatch(query) and not _RESERVED_BEGINNING.search(query.lower()):
        return query
    kept = [part for part in query.split("&") if not any(_is_reserved(each) for each in _SEPARATORS.split(part))]
    return "&".join(kept)


def is_ordinary(path: str) -> bool:
    """Return whether `path_refusal` certainly returns None for a plain path (`hub.gateway.paths.is_plain`)."""
    return _NOTABLE.isdisjoint(path.lower().split("/"))


def path_refusal(path: str, target_path: str, *, token_endpoints: bool) -> str | None:
    """Return why a path is not for browsers; None if it may pass (`hub.gateway.api_profile.PathRefusal`)."""
    if is_administration(path, target_path):
        return "This path administers IRIS. If browsers have to reach it, give it a route of its own."
    if not token_endpoints and is_token_endpoint(path, target_path):
        return "IRIS hands out tokens at such paths. If this one does not, set token_endpoints of its route."
    return None


def is_administration(path: str, target_path: str) -> bool:
    """Return whether a path at the API administers the instance, unless the target of its route does so too.

    Parameters:
        path: The whole path at the API, decoded.
        target_path: Path of the target of the route: whoever wrote the settings intended it.
    """
    asked, meant = _pairs(_segments(path)), _pairs(_segments(target_path))
    return any(pair in asked and pair not in meant for pair in ADMINISTRATION)


def is_token_endpoint(path: str, target_path: str) -> bool:
    """Return whether a path below the target of a route may issue tokens; parameters as above."""
    segments = _segments(path)
    return len(segments) > len(_segments(target_path)) and segments[-1] in TOKEN_ENDPOINTS


def is_reserved_name(name: str) -> bool:
    """Return whether the name of a parameter or of a field of a form is reserved, in any case and encoding."""
    if _PLAIN.fullmatch(name) and not _RESERVED_BEGINNING.search(name.lower()):
        return False
    return _is_reserved(name)


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
    return [_PARAMETERS.sub("", segment).strip().lower() for segment in _SLASHES.split(path) if segment]


def _pairs(segments: list[str]) -> set[tuple[str, str]]:
    return set(pairwise(segments))
