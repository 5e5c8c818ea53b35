"""Routes: the API behind a path. Pure: knows no session and no socket.

Servers read paths in many ways (`hub.gateway.paths`), and some ignore case. A path is rejected if any such reading belongs to
another route.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple, Self
from urllib.parse import urlsplit

from hub.config.allowed_providers import ProviderKey, allowed_providers, by_provider, login_provider, login_url
from hub.config.settings import MAIN_PROVIDER, RouteSettings
from hub.errors import InvalidPath, RouteNotFound
from hub.gateway.api_profile import ApiProfile
from hub.gateway.paths import check_path, is_plain, loose_form, normal_form, readings
from hub.oidc.grants import TokenTarget
from hub.tokens.demand import TokenDemand

_QUERY = re.compile(r"[!-\"$-~]*")
"""Printable ASCII without `#`: browsers leave many characters raw in a query."""

NOBODY: Mapping[str, str] = MappingProxyType({})
"""The issuers of no provider: then no session may use a route that needs one."""


@dataclass(frozen=True, slots=True)
class ProviderTerms:
    """The requirements of a route for the users of one provider, and the token that it sends for them.

    Attributes:
        acr_values: Accepted authentication classes, the preferred one first; empty: any.
        demand: The token that a request gets.
    """

    acr_values: tuple[str, ...]
    demand: TokenDemand


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path prefix and the API behind it, compiled from its settings.

    Attributes:
        target_origin: Scheme, host and port of the API.
        target_path: Path of the base URL, without a slash at its end; empty for the root.
        needs_login: Whether a request needs a session. Otherwise it gets no token.
        terms: What holds for the users of each provider that may use the route. No other session passes.
        login_url: Path of the login for the route.
        pass_request_headers: Names, in lower case, of request headers that pass besides those of `hub.config.header_names`.
        profile: The peculiarities of the product that serves the API.
        error_documents: How error documents of the API are passed on.
        takes_encoded: Whether segments may have encoded slashes, backslashes, `#`, `?` and bytes that are not UTF-8.
        is_fhir: Whether the API is a FHIR server, whose base URL in responses becomes the hub's.
        codings: Content codings that the API may use, because the hub reads its responses (`Accept-Encoding`); None: those that
            the caller chooses.
        is_signed: Whether the hub signs each request (`hub.gateway.message_signature`). Its body is then held in memory.
    """

    settings: RouteSettings
    prefix: str
    target_origin: str
    target_path: str
    needs_login: bool
    terms: Mapping[ProviderKey, ProviderTerms]
    login_url: str
    pass_request_headers: frozenset[str]
    profile: ApiProfile
    error_documents: Literal["problem", "redacted", "relay"]
    takes_encoded: bool
    is_signed: bool
    is_fhir: bool
    codings: str | None

    @classmethod
    def compile(cls, settings: RouteSettings, profile: ApiProfile, issuers: Mapping[str, str] = NOBODY) -> Self:
        """Return the route of settings that were checked when they were read.

        Parameters:
            issuers: The issuers of all providers, by their names.
        """
        target = urlsplit(settings.target)
        return cls(
            settings=settings,
            prefix=settings.prefix,
            target_origin=f"{target.scheme}://{target.netloc}",
            target_path=target.path.rstrip("/"),
            needs_login=settings.token != "none",
            terms=_terms(settings, issuers),
            login_url=login_url(login_provider(settings, issuers)),
            pass_request_headers=frozenset(name.lower() for name in settings.pass_request_headers),
            profile=profile,
            error_documents=settings.iris_errors,
            takes_encoded=settings.path_characters == "encoded",
            is_signed=settings.proof != "none",
            is_fhir=settings.preset == "fhir",
            codings=_codings(settings),
        )

    @property
    def target(self) -> str:
        """The base URL of the API."""
        return self.target_origin + self.target_path

    def is_session_cookie(self, name: str) -> bool:
        """Return whether a cookie of the API holds a session there: by its product, or by the settings."""
        return name.lower().startswith(self.profile.session_cookies) or name == self.settings.upstream_session_cookie

    def target_url(self, path: str, query: str) -> str:
        """Return the URL at the API for a normalized path of this route and a query (empty: none).

        Query parameters that act on the product itself (`ApiProfile`) are removed.

        Raises:
            InvalidPath: The query contains characters that could forge a request line, or the path begins with two slashes.
            RouteNotFound: The path is not for browsers, by `ApiProfile.path_refusal`.
        """
        if _QUERY.fullmatch(query) is None:
            raise InvalidPath("The query holds a character that must be percent-encoded.")
        rest = self.target_path + path[len(self.prefix) :]
        self._reject_private_path(rest)
        passed = self.profile.without_reserved(query)
        return f"{self.target_origin}{rest or '/'}" + (f"?{passed}" if passed else "")

    def _reject_private_path(self, path: str) -> None:
        if is_plain(path) and self.profile.is_ordinary(path):
            return
        for reading in (reading.decode("latin-1") for reading in readings(path)):
            if reading[:2].replace("\\", "/") == "//":  # with it, a server may redirect to another host
                raise InvalidPath("The path at the API begins with two slashes when it is decoded. No setting admits it.")
            refusal = self.profile.path_refusal(reading, self.target_path, token_endpoints=self.settings.token_endpoints)
            if refusal is not None:
                raise RouteNotFound(refusal)


def _terms(settings: RouteSettings, issuers: Mapping[str, str]) -> dict[ProviderKey, ProviderTerms]:
    if settings.token == "none":
        return {}
    return {key: _terms_of(settings, settings.token, key[0]) for key in allowed_providers(settings, issuers)}


def _terms_of(settings: RouteSettings, kind: Literal["user", "exchange", "client"], name: str) -> ProviderTerms:
    scopes = tuple(by_provider(settings.scopes, name))
    target = TokenTarget(audience=settings.audience, resource=settings.resource, scopes=scopes)
    issued_by = (settings.provider or MAIN_PROVIDER) if kind == "client" else name
    acr_values = tuple(by_provider(settings.acr_values, name))
    return ProviderTerms(acr_values, TokenDemand(kind=kind, target=target, provider=issued_by))


def _codings(settings: RouteSettings) -> str | None:
    if settings.preset == "fhir":
        return "identity"  # addresses are replaced as the body streams
    return "gzip, identity" if settings.iris_errors == "redacted" else None


class Place(NamedTuple):
    """The route of a path, and the path as it is forwarded."""

    route: Route
    path: str


class RouteTable:
    """All routes. The longest prefix that ends at the end of a segment wins.

    The time of a lookup grows with the number of different prefix lengths, not with the number of routes.
    """

    def __init__(self, routes: Sequence[RouteSettings], profile: ApiProfile, issuers: Mapping[str, str] = NOBODY) -> None:
        compiled = [Route.compile(settings, profile, issuers) for settings in routes]
        self._routes = sorted(compiled, key=lambda route: len(route.prefix), reverse=True)
        self._by_prefix = {route.prefix: route for route in self._routes}
        self._folded = {route.prefix.lower(): route for route in self._routes}
        self._lengths = sorted({len(prefix) for prefix in (*self._by_prefix, *self._folded)}, reverse=True)

    def to_target(self, target: str) -> Route | None:
        """Return a route to this base URL, preferably one that can end upstream sessions; None if there is no route."""
        routes = [route for route in self._routes if route.target == target]
        return next((route for route in routes if route.settings.upstream_logout), routes[0] if routes else None)

    @property
    def keeps_sessions(self) -> bool:
        """Whether any route uses upstream sessions."""
        return any(route.settings.upstream_session != "none" for route in self._routes)

    def locate(self, raw: str) -> Place:
        """Return the route of a raw path, and the path as it is forwarded.

        That is the normal form, or the path as it was sent on a route that takes encoded characters.

        Raises:
            InvalidPath: A reading of the path could escape from its route.
            RouteNotFound: No route covers it.
        """
        if is_plain(raw):
            return Place(self.resolve(raw), raw)
        path = normal_form(raw)
        named = self._longest(self._by_prefix, path)
        encoded = named is not None and named.takes_encoded
        check_path(path, raw, encoded=encoded)
        route = self.resolve(path)
        return Place(route, raw if encoded and raw.startswith(route.prefix) else path)

    def resolve(self, path: str) -> Route:
        """Return the route of a normalized path.

        Raises:
            RouteNotFound: No route covers the path.
            InvalidPath: A server that decodes once more, cuts parameters or ignores case would read the path of another
                route, and the rules of that route would be bypassed.
        """
        if is_plain(path):
            folded = self._longest(self._folded, path.lower())
            if folded is not None and path.startswith(folded.prefix):
                return folded
        route = self._longest(self._by_prefix, path)
        if route is None:
            raise RouteNotFound(f"No route matches {path}.")
        if any(self._folds_to(loose) != route.prefix.lower() for loose in _loose_readings(path)):
            raise InvalidPath("The path can be read in two ways that belong to different routes.")
        return route

    def _longest(self, table: Mapping[str, Route], path: str) -> Route | None:
        for length in self._lengths:
            if path[length : length + 1] in ("", "/") and (route := table.get(path[:length])):
                return route
        return None

    def _folds_to(self, loose: str) -> str | None:
        """Return the prefix, in lower case, that a case-insensitive server reads; None if there is none."""
        route = self._longest(self._folded, loose)
        return None if route is None else route.prefix.lower()


def _loose_readings(path: str) -> Iterator[str]:
    """Yield the readings of servers that ignore case, parameters and empty segments, and take a backslash for a slash."""
    for reading in readings(path):
        yield loose_form(reading).decode("latin-1").lower()
