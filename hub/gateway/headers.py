"""The headers that pass the hub (RFC 9110 section 7.6), in both directions. Pure.

Request headers pass by a list (`hub.config.header_names`), and those that the route names in `pass_request_headers`. Names by
which proxies tell servers about identity, address, path or method never pass, because a browser could lie in them. Nor do names
with an underscore: CGI gateways read `X_Real_IP` and `X-Real-IP` as one variable.

Response headers pass, except those about one connection, those that act on the origin that the browser sees (which is the hub),
and those that command the web server, or the shared cache (RFC 9213), in front of the hub.
"""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from hub.config import header_names
from hub.errors import BadRequest, InvalidPath
from hub.gateway.paths import normalise_path
from hub.gateway.private_caching import private_control, with_private_caching
from hub.gateway.routes import Route
from hub.primitives.bounded_cache import BoundedCache
from hub.primitives.http import Headers
from hub.primitives.secret import Secret

NoteDropped = Callable[[Route, list[str]], None]

HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"})
"""Headers about one connection (RFC 9110 section 7.6.1), besides those that `Connection` names."""

IDEMPOTENCY_HEADER = "idempotency-key"
"""The request header of draft-ietf-httpapi-idempotency-key-header."""

DROP, PASS, CONNECTION, NOTE, LOCATION = range(5)
"""Verdicts on a header: it does not pass, it passes, it names headers that do not pass, it does not pass and is noted, it passes
with a URL that is translated."""

RESPONSE_FORBIDDEN = frozenset(
    {"set-cookie", "set-cookie2", "www-authenticate", "authentication-info", "server", "x-powered-by"}
    | {"strict-transport-security", "public-key-pins", "public-key-pins-report-only", "expect-ct", "clear-site-data"}
    | {"alt-svc", "nel", "report-to", "reporting-endpoints", "accept-ch", "critical-ch", "service-worker-allowed"}
    | {"origin-agent-cluster", "set-login", "dpop-nonce", "x-lighttpd-send-file"}
    # These change what a page may do, or what the browser does next; the hub sends its own:
    | {"refresh", "speculation-rules", "supports-loading-mode", "origin-trial", "activate-storage-access", "timing-allow-origin"}
    | {"referrer-policy", "feature-policy", "document-policy", "require-document-policy", "document-isolation-policy"}
    | {"x-content-type-options", "x-frame-options", "x-xss-protection", "x-permitted-cross-domain-policies"}
    | {"x-content-security-policy", "x-dns-prefetch-control", "x-ua-compatible", "use-as-dictionary"}
    | {"observe-browsing-topics", "surrogate-control", "edge-control"}
)
NOT_FOR_BROWSERS = HOP_BY_HOP | RESPONSE_FORBIDDEN
RESPONSE_FORBIDDEN_FAMILIES = (
    "access-control-",
    "attribution-reporting-",
    "cross-origin-",
    "permissions-policy",
    "proxy-",
    "sec-",
    "secure-session-",
    "x-accel-",
    "x-hub-",
    "x-litespeed-",
    "x-reproxy-",
    "x-sendfile",
)
POLICY_NAMES = ("content-security-policy", "content-security-policy-report-only")
"""They pass on a route of the application itself only (`RouteSettings.rendered`)."""
LOCATIONS = ("location", "content-location")

_UNSAFE_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]")
_FOLDED = re.compile(r"[\x00-\x1f\x7f][\x00-\x20\x7f]*")  # obsolete line folding (RFC 9112 section 5.2), and control characters


class HeaderRules:
    """The rules, with a cache of their verdicts on the names that every request repeats."""

    def __init__(self, note_dropped: NoteDropped | None = None, public_origin: str = "") -> None:
        """Parameters:
        note_dropped: Called with the route and the names of headers that no browser or proxy writes by itself, and that
            did not pass.
        public_origin: The origin that the browser sees, for routes with `forwarded_headers`.
        """
        self._leaving: dict[frozenset[str], BoundedCache[int]] = {}
        self._note_dropped = note_dropped
        self._public = urlsplit(public_origin)
        self._entering = BoundedCache(_may_enter)
        self._rendered = BoundedCache(_may_enter_rendered)
        self._controls = BoundedCache(private_control)

    def outbound(
        self,
        headers: Headers,
        *,
        route: Route,
        token: Secret | None,
        client_address: str,
        cookies: str = "",
        scheme: str = "Bearer",
    ) -> Headers:
        """Return the headers for the API: those of the browser that may pass, and the hub's own.

        `Host` and the framing of the body are not among them; the upstream client writes those.

        Parameters:
            token: Access token to send as credentials; None: none.
            scheme: `Bearer` (RFC 6750 section 2.1), or `DPoP` for a token that is bound to a key (RFC 9449 section 7.1).
            client_address: IP address of the browser; empty if it is unknown.
            cookies: Value of `Cookie`, from the hub's own cookie jar, never from the browser.

        Raises:
            BadRequest: A header that may pass holds a control character, or a character that HTTP cannot carry.
        """
        passed = self._selected(headers, route)
        for name, value in passed:
            if not (value.isascii() and value.isprintable()):
                _check(name, value)
        passed.append(("Via", "1.1 hub"))
        if client_address:
            passed.append(("X-Forwarded-For", client_address))
        if route.settings.forwarded_headers:
            passed.append(("X-Forwarded-Host", self._public.netloc))
            passed.append(("X-Forwarded-Proto", self._public.scheme))
            passed.append(("X-Forwarded-Prefix", route.prefix))
        if cookies:
            passed.append(("Cookie", cookies))
        if token is not None:
            passed.append(("Authorization", f"{scheme} {token.reveal()}"))
        return passed

    def _selected(self, headers: Headers, route: Route) -> Headers:
        """Return the headers of the browser that may pass, without those that `Connection` names (RFC 9110 section 7.6.1)."""
        verdicts = self._leaving.get(route.pass_request_headers)
        if verdicts is None:
            verdicts = self._leaving[route.pass_request_headers] = _verdicts(route.pass_request_headers)
        passed: Headers = []
        noted: list[str] = []
        declared: set[str] = set()
        for header in headers:
            verdict = verdicts[header[0]]
            if verdict == PASS:
                passed.append(header)
            elif verdict == CONNECTION:
                declared |= _options(header[1])
            elif verdict == NOTE:
                noted.append(header[0])
        if noted and self._note_dropped is not None:
            self._note_dropped(route, noted)
        return _without(passed, declared)

    def inbound(self, headers: Headers, *, status: int, route: Route, public_origin: str) -> Headers:
        """Return the headers for the browser. Repeated headers stay repeated.

        No shared cache stores a response to a user, and none at all if a developer forgot the header
        (`hub.gateway.private_caching`).
        """
        verdicts = self._rendered if route.settings.rendered else self._entering
        passed: Headers = []
        declared: set[str] = set()
        for header in headers:
            name, value = header
            verdict = verdicts[name]
            if verdict == PASS:
                passed.append(header if value.isprintable() else (name, _FOLDED.sub(" ", value)))
            elif verdict == LOCATION:
                passed.append((name, _FOLDED.sub(" ", _public_location(value, route, public_origin))))
            elif verdict == CONNECTION:
                declared |= _options(value)
        passed = _without(passed, declared)
        return with_private_caching(passed, self._controls, status=status) if route.needs_login else passed


def _options(connection: str) -> set[str]:
    """Return the names in a value of `Connection`, in lower case."""
    return {option.strip().lower() for option in connection.split(",")}


def _without(headers: Headers, declared: set[str]) -> Headers:
    """Return the headers without those that `Connection` names (RFC 9110 section 7.6.1)."""
    if declared <= HOP_BY_HOP:
        return headers
    return [header for header in headers if header[0].lower() not in declared]


def _verdicts(chosen: frozenset[str]) -> BoundedCache[int]:
    """Return the cache of the verdicts on request headers of the routes that also pass `chosen`, names in lower case."""
    return BoundedCache(lambda written: _may_leave(written.lower(), chosen))


def _may_leave(name: str, chosen: frozenset[str]) -> int:
    if name == "connection":
        return CONNECTION
    if name in chosen or header_names.passes(name):
        return PASS
    return DROP if header_names.is_of_the_browser(name) else NOTE


def _may_enter(written: str) -> int:
    """Return the verdict on a response header."""
    return DROP if written.lower() in POLICY_NAMES else _may_enter_rendered(written)


def _may_enter_rendered(written: str) -> int:
    """Return the verdict on a response header of the application itself."""
    name = written.lower()
    if name == "connection":
        return CONNECTION
    if name in NOT_FOR_BROWSERS or name.startswith(RESPONSE_FORBIDDEN_FAMILIES):
        return DROP
    if name.endswith("-cache-control") and name != "cache-control":
        return DROP
    return LOCATION if name in LOCATIONS else PASS


def _check(name: str, value: str) -> None:
    if _UNSAFE_VALUE.search(value):
        raise BadRequest(f"The header {name} holds a character that HTTP cannot carry.")


def _public_location(location: str, route: Route, public_origin: str) -> str:
    """Return the public URL for a `location` of the API that lies inside the route's target; any other URL as it is.

    An absolute URL stays absolute and a path stays a path. The hub follows no redirect.
    """
    location = _FOLDED.sub("", location).strip(" ")
    try:
        url = urlsplit(location)
        path = normalise_path(url.path, encoded=route.takes_encoded)
    except (ValueError, InvalidPath):
        return location
    scheme = url.scheme or urlsplit(route.target_origin).scheme
    if url.netloc and f"{scheme}://{url.netloc}".lower() != route.target_origin.lower():
        return location
    rest = path.removeprefix(route.target_path)
    if not path.startswith(route.target_path) or (rest and not rest.startswith("/")):
        return location
    tail = (f"?{url.query}" if url.query else "") + (f"#{url.fragment}" if url.fragment else "")
    return (public_origin if url.netloc else "") + route.prefix + rest + tail
