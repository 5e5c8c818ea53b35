"""Paths, routes and where they lead."""

import contextlib
import posixpath
import re
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InvalidPath, RouteNotFound
from hub.gateway.paths import normalise_path
from hub.gateway.routes import RouteTable
from hub.settings import RouteSettings

ATTACKS = Path(__file__).parents[1] / "data" / "path_attacks.txt"

DANGEROUS = [
    "/",
    "%2f",
    "%2F",
    "%5c",
    ".",
    "%2e",
    "%2E",
    "..",
    "%25",
    "%",
    "2e",
    "2f",
    "5c",
    ";",
    "%3b",
    "\\",
    "%00",
    "%20",
]
HOSTILE_PATHS = st.lists(st.sampled_from([*DANGEROUS, "api", "admin", "x", "%61", "~"]), max_size=12).map(
    lambda parts: "/api/" + "".join(parts)
)


def table(*prefixes: str) -> RouteTable:
    """Return routes whose targets have the name of their prefix."""
    return RouteTable([RouteSettings(prefix=p, target=f"https://server.example/base{p}") for p in prefixes])


def attacks() -> list[str]:
    """Return the corpus."""
    lines = ATTACKS.read_text(encoding="utf-8").splitlines()
    return [
        re.sub(r"\\(?:x(..)|u(....))", lambda match: chr(int(match[1] or match[2], 16)), line)
        for line in lines
        if line and not line.startswith("#")
    ]


class TestNormalisePath:
    @pytest.mark.parametrize("attack", attacks())
    def test_refuses_every_attack_of_the_corpus(self, attack):
        """No path of the corpus is accepted."""
        with pytest.raises(InvalidPath):
            normalise_path(attack)

    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/api",
            "/api/",
            "/api/patients/7",
            "/api/%25CSP.REST.cls",
            "/api/%25SYS.Portal.cls/x",
            "/api/a%2Fb",
            "/api/Observation/$lastn",
            "/api/x;version=2",
            "/api/list;a=1/item;b=2",
            "/api/...",
            "/api/.well-known/x",
            "/api/a..b",
            "/api/M%C3%BCller",
            "/api/M%FCller",
            "/api/a%20b",
            "/api/100%25",
            "/api/%E2%80%A6",
            "/api/(a='x',b=[1|2])",
            "/api/user@clinic.example",
            "/api/2026-01-01T10:00:00+01:00",
        ],
    )
    def test_leaves_ordinary_paths_as_they_are(self, path):
        """Class names of IRIS, matrix parameters, FHIR operations and encoded letters of any language pass unchanged."""
        assert path == normalise_path(path)

    @pytest.mark.parametrize(
        ("raw", "path"),
        [("/%61pi/x", "/api/x"), ("/api/%c3%bc", "/api/%C3%BC"), ("/api/%7Euser", "/api/~user"), ("/a%2fb", "/a%2Fb")],
    )
    def test_writes_escapes_in_one_way(self, raw, path):
        """Unreserved characters are unescaped and hexadecimal digits are capitals (RFC 3986 section 6.2.2)."""
        assert path == normalise_path(raw)

    @given(HOSTILE_PATHS)
    def test_an_accepted_path_leaves_its_prefix_in_no_reading(self, raw):
        """However often a server decodes, cuts parameters, turns backslashes and resolves dots: it stays below /api."""
        try:
            reading = normalise_path(raw)
        except InvalidPath:
            return
        for _ in range(12):
            for seen in (reading, re.sub(r";[^/]*", "", reading), reading.replace("\\", "/")):
                resolved = posixpath.normpath(seen)
                assert resolved == "/api" or resolved.startswith("/api/")
                assert not seen.startswith("//")
            reading = unquote(reading, "latin-1")

    @given(HOSTILE_PATHS)
    def test_normalising_changes_no_meaning(self, raw):
        """The normal form decodes to the same bytes, and is its own normal form."""
        try:
            path = normalise_path(raw)
        except InvalidPath:
            return
        assert unquote_to_bytes(raw) == unquote_to_bytes(path)
        assert path == normalise_path(path)

    @given(st.text())
    def test_never_fails_in_another_way(self, raw):
        """Any text is either a path or refused."""
        with contextlib.suppress(InvalidPath):
            assert normalise_path("/" + raw).isascii()


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
        route = RouteTable([RouteSettings(prefix="/api", target=target)]).resolve(path)

        assert url == route.target_url(path, query)

    @pytest.mark.parametrize("query", ["a b", "a\r\nX: 1", "a#b", "\xe9", "\x00", "a\x7f"])
    def test_refuses_a_query_that_could_forge_a_request(self, query):
        """Spaces, control characters, fragments and raw letters of other alphabets never reach the request line."""
        with pytest.raises(InvalidPath):
            table("/api").resolve("/api/x").target_url("/api/x", query)
