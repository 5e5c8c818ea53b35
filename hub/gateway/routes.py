"""Which route a path belongs to, and where it leads. Pure: knows no session and no socket.

A path is normalised once (RFC 3986 section 6.2.2), and what is matched is exactly what is forwarded. Servers read paths
in many ways: they decode once or twice, cut parameters at `;`, ignore case. A path is accepted only if no such reading
of it leaves its route or belongs to another one.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import unquote_to_bytes, urlsplit

from hub.errors import InvalidPath, RouteNotFound
from hub.gateway import iris
from hub.oidc.grants import TokenTarget
from hub.settings import RouteSettings
from hub.tokens.demand import TokenDemand

MAX_DECODINGS = 4  # nobody encodes a path more often in good faith, and each decoding costs a pass over it

_PATH = re.compile(r"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/|^\[\]]|%[0-9A-Fa-f]{2})*")
"""Path characters of RFC 3986 section 3.3, and four that browsers leave raw."""

_QUERY = re.compile(r"[!-\"$-~]*")
"""Printable ASCII without `#`: browsers leave many characters raw in a query."""

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PARAMETERS = re.compile(rb"[;?#].*", re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_OVERLONG = re.compile(rb"[\xc0\xc1]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]")  # UTF-8 that hides ASCII from a check


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path prefix and the resource server behind it, compiled from its settings.

    Attributes:
        target_origin: Scheme, host and port of the resource server.
        target_path: Path of the base URL, without a slash at its end; empty for the root.
        methods: Allowed methods, in the order of the settings.
        demand: Which token a request gets; None: none, and no login is needed.
        websocket: Whether it takes WebSockets, and nothing else.
        max_message_bytes: Largest WebSocket message, either way.
        max_age_seconds: How long ago the user may have proved who they are; 0: as long as the session lives.
        acr_values: Ways of authentication that are good enough; empty: any.
        timeout_seconds: Longest silence: until the answer begins, and between two pieces of it.
        token_endpoints: Whether paths that end as those at which IRIS hands out tokens may be reached.
        upstream_session: Whose session the requests use at the resource server: none, or one of each session or user.
        upstream_concurrency: Requests of one such session that run at once.
        upstream_idle_seconds: How long such a session may be idle there.
        upstream_logout: Path below the target that ends it, by GET with its cookies; empty: nothing does.
        iris_errors: What becomes of error documents of IRIS.
        is_fhir: Whether the resource server is a FHIR server, whose address in its answers becomes the hub's.
        is_proven: Whether each request carries a proof of its own (`hub.gateway.proof`), for which its body has to be in hand.
    """

    prefix: str
    target_origin: str
    target_path: str
    methods: tuple[str, ...]
    demand: TokenDemand | None
    max_age_seconds: float
    acr_values: tuple[str, ...]
    connect_timeout_seconds: float
    timeout_seconds: float
    max_body_bytes: int
    csrf: Literal["required", "fetch_metadata"]
    ca_file: str
    websocket: bool
    max_message_bytes: int
    token_endpoints: bool
    upstream_session: Literal["none", "per_session", "per_user"]
    upstream_concurrency: int
    upstream_idle_seconds: float
    upstream_logout: str
    iris_errors: Literal["problem", "redacted", "relay"]
    is_proven: bool
    is_fhir: bool

    @classmethod
    def compile(cls, settings: RouteSettings) -> Self:
        """Build the route from settings that were checked when they were read."""
        target = urlsplit(settings.target)
        return cls(
            prefix=settings.prefix,
            target_origin=f"{target.scheme}://{target.netloc}",
            target_path=target.path.rstrip("/"),
            methods=tuple(settings.methods),
            demand=_demand(settings),
            max_age_seconds=settings.max_age_seconds,
            acr_values=tuple(settings.acr_values),
            connect_timeout_seconds=settings.connect_timeout_seconds,
            timeout_seconds=settings.timeout_seconds,
            max_body_bytes=settings.max_body_bytes,
            csrf=settings.csrf,
            ca_file=settings.ca_file,
            websocket=settings.websocket,
            max_message_bytes=settings.max_message_bytes,
            token_endpoints=settings.token_endpoints,
            upstream_session=settings.upstream_session,
            upstream_concurrency=settings.upstream_concurrency,
            upstream_idle_seconds=settings.upstream_idle_seconds,
            upstream_logout=settings.upstream_logout,
            iris_errors=settings.iris_errors,
            is_proven=settings.proof != "none",
            is_fhir=settings.preset == "fhir",
        )

    @property
    def target(self) -> str:
        """The base URL of the application at the resource server."""
        return self.target_origin + self.target_path

    def target_url(self, path: str, query: str) -> str:
        """Return the URL at the resource server for a normalised path of this route and a query (empty: none).

        Query parameters that would act on the gateway of IRIS are left out.

        Raises:
            InvalidPath: The query holds characters with which a request line could be forged.
            RouteNotFound: The path leads to the administration of IRIS, or to an endpoint that hands out tokens.
        """
        if _QUERY.fullmatch(query) is None:
            raise InvalidPath("The query holds a character that must be percent-encoded.")
        rest = self.target_path + path[len(self.prefix) :]
        self._refuse_what_is_not_for_browsers(rest)
        passed = iris.without_reserved(query)
        return f"{self.target_origin}{rest or '/'}" + (f"?{passed}" if passed else "")

    def _refuse_what_is_not_for_browsers(self, path: str) -> None:
        for reading in (reading.decode("latin-1") for reading in _readings(path)):
            if iris.is_administration(reading, self.target_path):
                raise RouteNotFound("This path administers IRIS. If browsers have to reach it, give it a route of its own.")
            if not self.token_endpoints and iris.is_token_endpoint(reading, self.target_path):
                raise RouteNotFound(
                    "IRIS hands out tokens at such paths. If this one does not, set token_endpoints of its route."
                )


def _demand(settings: RouteSettings) -> TokenDemand | None:
    if settings.token == "none":
        return None
    target = TokenTarget(audience=settings.audience, resource=settings.resource, scopes=tuple(settings.scopes))
    return TokenDemand(kind=settings.token, target=target, provider=settings.provider)


class RouteTable:
    """All routes; the longest prefix that ends at a segment of the path wins."""

    def __init__(self, routes: Sequence[RouteSettings]) -> None:
        compiled = [Route.compile(settings) for settings in routes]
        self._routes = sorted(compiled, key=lambda route: len(route.prefix), reverse=True)
        self._folded = [(route.prefix.lower(), route) for route in self._routes]

    def to_target(self, target: str) -> Route | None:
        """Return a route that leads to this base URL, with a way to end its sessions if there is one; None without any."""
        routes = [route for route in self._routes if route.target == target]
        return next((route for route in routes if route.upstream_logout), routes[0] if routes else None)

    @property
    def keeps_sessions(self) -> bool:
        """Whether any route uses sessions at its resource server."""
        return any(route.upstream_session != "none" for route in self._routes)

    def resolve(self, path: str) -> Route:
        """Return the route of a normalised path.

        Raises:
            RouteNotFound: No route covers the path.
            InvalidPath: A server that decodes once more, cuts parameters or ignores case would see the path of another
                route, whose methods or token rule would then be passed by.
        """
        route = next((route for route in self._routes if _covers(route.prefix, path)), None)
        if route is None:
            raise RouteNotFound(f"No route leads to {path}.")
        for reading in _readings(path):
            loose = b"/".join(_name(segment) for segment in reading.split(b"/")).decode("latin-1").lower()
            other = next((prefix for prefix, _ in self._folded if _covers(prefix, loose)), None)
            if other != route.prefix.lower():
                raise InvalidPath("The path can be read in two ways that belong to different routes.")
        return route


def normalise_path(raw: str) -> str:
    """Return the path as it is matched and forwarded: escapes in upper case, unreserved characters unescaped.

    Normalising a second time changes nothing, and the result decodes to the same bytes as `raw`.

    Raises:
        InvalidPath: The path holds characters that no URL may hold, a broken escape, a dot segment, an empty segment, a
            backslash or a control character, in any reading.
    """
    if _PATH.fullmatch(raw) is None:
        raise InvalidPath("The path must begin with / and hold only characters that a URL may hold.")
    path = _ESCAPE.sub(_normalise_escape, raw) if "%" in raw else raw
    for reading in _readings(path):
        _check(reading)
    return path


def _normalise_escape(escape: re.Match[str]) -> str:
    character = chr(int(escape[0][1:], 16))
    return character if character in _UNRESERVED else escape[0].upper()


def _readings(path: str) -> Iterator[bytes]:
    """Yield the path as servers may read it: as it stands, decoded once, twice..., then in compatibility characters."""
    reading = path.encode("ascii")
    yield reading
    for _ in range(MAX_DECODINGS):
        decoded = unquote_to_bytes(reading)
        if decoded == reading:
            yield from _compatible(reading)
            return
        reading = decoded
        yield reading
    if unquote_to_bytes(reading) != reading:
        raise InvalidPath("The path is percent-encoded too many times.")
    yield from _compatible(reading)


def _compatible(reading: bytes) -> Iterator[bytes]:
    """Yield what a server makes of the path that maps wide dots and slashes to plain ones, as Windows does."""
    if reading.isascii():
        return
    try:
        yield unicodedata.normalize("NFKC", reading.decode()).encode()
    except UnicodeDecodeError:
        return  # not UTF-8: there are no such characters in it


def _check(reading: bytes) -> None:
    if _CONTROL.search(reading):
        raise InvalidPath("The path holds a control character.")
    if b"\\" in reading or _OVERLONG.search(reading):
        raise InvalidPath("The path holds a backslash or a character in a form that hides one.")
    names = [_name(segment) for segment in reading.split(b"/")]
    if b"." in names or b".." in names:
        raise InvalidPath("The path holds a dot segment.")
    if b"" in names[1:-1]:
        raise InvalidPath("The path holds an empty segment.")  # `//host` leads a redirect to another host


def _name(segment: bytes) -> bytes:
    """Return the segment without parameters and surrounding spaces, which some servers cut off."""
    return _PARAMETERS.sub(b"", segment).strip(b" ")


def _covers(prefix: str, path: str) -> bool:
    return path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/")
