"""Paths, routes and where they lead."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config.settings import RouteSettings
from hub.errors import InvalidPath, RouteNotFound
from hub.gateway.paths import normalise_path
from hub.gateway.routes import RouteTable
from hub.iris.api import IRIS_API
from tests.gateway.hostile_paths import ANY_PATHS, HOSTILE_PATHS, outcome, without_short_ways

PREFIXES = ["/api", "/Api", "/api/admin", "/api/Admin", "/api/x", "/a", "/admin", "/a.p/i"]
NOTABLE_PATHS = ["/iris/csp/sys/x", "/iris/API/Mgmnt", "/api/login", "/api/x/Refresh/", "/iris/api/atelier", "/iris/a/logout;x"]
RESERVED = [
    "IRISUsername=x",
    "a=1&CacheLogout=end",
    "b&access_token=x",
    "CSPSHARE",
    "a;irislogout=1",
    "q=iris",
    "a=cache",
    "c=csp",
]


def table(*prefixes: str) -> RouteTable:
    """Return routes whose targets have the name of their prefix."""
    return RouteTable([RouteSettings(prefix=p, target=f"https://server.example/base{p}") for p in prefixes], IRIS_API)


class TestResolve:
    @pytest.mark.parametrize(
        ("path", "prefix"),
        [
            ("/api", "/api"),
            ("/api/", "/api"),
            ("/api/x", "/api"),
            ("/api/admin", "/api/admin"),
            ("/api/admin/x", "/api/admin"),
            ("/api/administrator", "/api"),
            ("/api/x/admin", "/api"),
            ("/api/a%2Fb", "/api"),
        ],
    )
    def test_takes_the_longest_prefix_of_whole_segments(self, path, prefix):
        """A prefix covers itself and what follows a slash."""
        assert prefix == table("/api", "/api/admin").resolve(path).prefix

    @pytest.mark.parametrize("path", ["/", "/apis", "/ap", "/x/api", "/API/x", "/api%2Fx"])
    def test_finds_no_route_for_other_paths(self, path):
        """What no prefix covers is not forwarded."""
        with pytest.raises(RouteNotFound):
            table("/api").resolve(path)

    @pytest.mark.parametrize(
        "path",
        [
            "/api/admin%2Fx",
            "/api/%2561dmin/x",
            "/api/admin;a=1/x",
            "/api/admin%3Ba=1/x",
            "/api/admin%3Fa=1",
            "/api/ADMIN/x",
            "/api/admin%20/x",
            "/api/%EF%BD%81dmin/x",
        ],
    )
    def test_refuses_a_path_that_a_server_could_take_for_another_route(self, path):
        """The methods and the token rule of /api/admin cannot be passed by in a disguise."""
        with pytest.raises(InvalidPath):
            table("/api", "/api/admin").resolve(normalise_path(path))

    def test_prefixes_in_other_case(self):
        """Routes may have capitals in their prefix."""
        assert table("/Api").resolve("/Api/X").prefix == "/Api"

    @given(HOSTILE_PATHS)
    def test_the_route_is_the_same_in_every_reading(self, raw):
        """A server that decodes once more never sees the path of another route."""
        routes = table("/api", "/api/admin")
        try:
            path = normalise_path(raw)
            route = routes.resolve(path)
        except InvalidPath:
            return
        for _ in range(6):
            path = unquote(path, "latin-1")
            assert route is routes.resolve(re.sub(r"[^!-~]", "_", path))

    @given(st.lists(st.sampled_from(PREFIXES), unique=True, min_size=1), ANY_PATHS | st.sampled_from(PREFIXES))
    def test_no_shorter_prefix_and_no_short_way(self, prefixes, path):
        """The route is the longest of those that cover the path, whichever way it is found, or there is the same error."""
        routes = table(*prefixes)
        covering = [prefix for prefix in prefixes if path == prefix or path.startswith(prefix + "/")]
        found = outcome(lambda: routes.resolve(normalise_path(path)).prefix)
        with without_short_ways():
            assert found == outcome(lambda: routes.resolve(normalise_path(path)).prefix)
        if isinstance(found, str) and "%" not in path:
            assert found == max(covering, key=len)


class TestTargetUrl:
    @pytest.mark.parametrize(
        ("target", "path", "query", "url"),
        [
            ("https://h/csp/clinic", "/api/patients", "x=1", "https://h/csp/clinic/patients?x=1"),
            ("https://h/csp/clinic/", "/api/patients", "", "https://h/csp/clinic/patients"),
            ("https://h/csp/clinic", "/api", "", "https://h/csp/clinic"),
            ("https://h/csp/clinic", "/api/", "", "https://h/csp/clinic/"),
            ("https://h:8443", "/api", "q", "https://h:8443/?q"),
            ("http://[::1]:52773", "/api/%25CSP.REST.cls", "", "http://[::1]:52773/%25CSP.REST.cls"),
            ("https://h", "/api/x", "a=%20&b={c}|d\\e?f'g\"", "https://h/x?a=%20&b={c}|d\\e?f'g\""),
        ],
    )
    def test_puts_the_rest_behind_the_target(self, target, path, query, url):
        """The prefix is replaced by the target; path and query go on as they are."""
        route = RouteTable([RouteSettings(prefix="/api", target=target)], IRIS_API).resolve(path)

        assert url == route.target_url(path, query)

    @pytest.mark.parametrize("query", ["a b", "a\r\nX: 1", "a#b", "\xe9", "\x00", "a\x7f"])
    def test_refuses_a_query_that_could_forge_a_request(self, query):
        """Spaces, control characters, fragments and raw letters of other alphabets never reach the request line."""
        with pytest.raises(InvalidPath):
            table("/api").resolve("/api/x").target_url("/api/x", query)

    @given(
        ANY_PATHS | st.sampled_from(NOTABLE_PATHS), st.text("abcIRScahetoknps_&=;%20+!~", max_size=20) | st.sampled_from(RESERVED)
    )
    def test_the_short_way_leads_to_the_same_place(self, path, query):
        """Paths and queries that look harmless are forwarded, or refused, as if each reading had been looked at."""

        def url() -> str:
            normal = normalise_path(path)
            return table("/api", "/iris").resolve(normal).target_url(normal, query)

        short = outcome(url)
        with without_short_ways():
            assert short == outcome(url)


class TestEncodedCharacters:
    """A route with `path_characters = "encoded"`."""

    ROUTES = RouteTable(
        [
            RouteSettings(prefix="/api", target="https://iris.example/csp/clinic", path_characters="encoded"),
            RouteSettings(prefix="/api/admin", target="https://iris.example/csp/admin", methods=["GET"]),
            RouteSettings(prefix="/whole", target="https://iris.example", path_characters="encoded"),
            RouteSettings(prefix="/strict", target="https://iris.example/csp/clinic"),
        ],
        IRIS_API,
    )

    @pytest.mark.parametrize(
        "rest", ["/codes/http%3a%2F%2fsnomed.info%2Fsct", "/users/CORP%5Calice", "/%23general/x", "/%C1rbol", "/%7euser/%2Fx"]
    )
    def test_byte_for_byte(self, rest):
        """The API gets each byte as the browser sent it, lower-case escapes included."""
        route, path = self.ROUTES.locate(f"/api{rest}")

        assert route.target_url(path, "") == f"https://iris.example/csp/clinic{rest}"

    def test_other_routes_stay_strict(self):
        """The setting is that of one route."""
        with pytest.raises(InvalidPath, match="path_characters"):
            self.ROUTES.locate("/strict/CORP%5Calice")

    @pytest.mark.parametrize(
        "path", ["/api/%2Fadmin/x", "/api/%5Cadmin/x", "/api/admin%2Fx", "/api/%2F%2FADMIN", "/api/admin%3Fx", "/api/admin%23/x"]
    )
    def test_path_of_another_route_in_disguise(self, path):
        """The methods and the token rule of /api/admin count in the decoded form too."""
        with pytest.raises(InvalidPath):
            self.ROUTES.locate(path)

    @pytest.mark.parametrize(
        "path",
        [
            "/whole/csp%2Fsys/x",
            "/whole/csp%5Csys",
            "/whole/api%252Fmgmnt",
            "/whole/x%2Fcsp/sys%3Fy",
            "/api/x%2Flogin",
            "/api/x%5CLogin",
        ],
    )
    def test_administration_in_the_decoded_form(self, path):
        """So do the paths of IRIS that are not for browsers."""
        route, forwarded = self.ROUTES.locate(path)
        with pytest.raises(RouteNotFound):
            route.target_url(forwarded, "")

    @pytest.mark.parametrize("path", ["/whole/%2Fevil.example", "/whole/%5Cevil.example", "/whole/%252Fevil.example"])
    def test_two_slashes_at_the_beginning(self, path):
        """A server that decodes it could redirect the browser to another host."""
        route, forwarded = self.ROUTES.locate(path)
        with pytest.raises(InvalidPath, match="two slashes"):
            route.target_url(forwarded, "")

    @given(HOSTILE_PATHS)
    def test_no_reading_belongs_to_another_route(self, raw):
        """For any path that is accepted: decoded, with slashes merged, it is not below /api/admin."""
        try:
            route, path = self.ROUTES.locate(raw)
        except (InvalidPath, RouteNotFound):
            return
        for _ in range(6):
            merged = re.sub(r"[/\\]+", "/", re.sub(r"[;?#][^/\\]*", "", path)).lower()
            assert re.match(r"/api/ *admin *(/|\Z)", merged) is None or route.prefix == "/api/admin"
            path = unquote(path, "latin-1")


@pytest.mark.parametrize(("kinds", "expected"), [(["none", "none"], False), (["none", "per_session"], True)])
def test_keeps_sessions(kinds: list[Any], expected: bool) -> None:
    """One route with sessions at its API is enough for the hub to look after them."""
    routes = [
        RouteSettings(prefix=f"/{number}", target="https://server.example", upstream_session=kind)
        for number, kind in enumerate(kinds)
    ]

    assert RouteTable(routes, IRIS_API).keeps_sessions is expected
