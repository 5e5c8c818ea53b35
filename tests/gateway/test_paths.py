"""Paths, and what servers may take them for."""

import contextlib
import posixpath
import re
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InvalidPath
from hub.gateway.paths import is_plain, normalise_path, readings
from tests.gateway.hostile_paths import ANY_PATHS, DANGEROUS, HOSTILE_PATHS, outcome, without_short_ways

ATTACKS = Path(__file__).parents[1] / "data" / "path_attacks.txt"


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

    @pytest.mark.parametrize(("times", "is_accepted"), [(1, True), (4, True), (5, False), (9, False)])
    def test_encoded_again_and_again(self, times, is_accepted):
        """More than four layers of percent-encoding are refused, whatever they hide: each costs a pass over the path."""
        raw = "/api/a%" + "25" * (times - 1) + "20b"

        if is_accepted:
            assert raw == normalise_path(raw)
        else:
            with pytest.raises(InvalidPath, match="too many times"):
                normalise_path(raw)

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


class TestPlainPaths:
    @pytest.mark.parametrize(
        "path", ["/api/patients", "/api/patients/", "/api/a.b/x-1", "/api/Observation/$lastn", "/a/b:c@d/(e)"]
    )
    def test_ordinary_paths_are_plain(self, path):
        """Without escapes, parameters and dots at the beginning of a segment nothing else has to be looked at."""
        assert is_plain(path)

    @pytest.mark.parametrize(
        "path", ["", "/", "//", "/a//b", "/a/./b", "/a/..", "/.", "/a%20b", "/a;b", "/a\\b", "/a b", "/\xe9", "/a?b", "/a#b", "a"]
    )
    def test_others_are_not(self, path):
        """What could be read in another way is looked at in all its readings."""
        assert not is_plain(path)

    @given(ANY_PATHS)
    def test_the_short_way_leads_to_the_same_place(self, raw):
        """A path that is told to be plain is normalised, or refused, as if it were not."""
        short = outcome(lambda: normalise_path(raw))
        with without_short_ways():
            assert short == outcome(lambda: normalise_path(raw))

    @given(ANY_PATHS.filter(is_plain))
    def test_a_plain_path_has_one_reading(self, path):
        """However often a server decodes it, it sees the same."""
        assert list(readings(path)) == [path.encode()]


HONEST_IDS = [
    "/api/codes/http%3A%2F%2Fsnomed.info%2Fsct",
    "/api/users/CORP%5Calice",
    "/api/channels/%23general/messages",
    "/api/%C1rbol",
    "/api/search/%3Fwhat/7",
    "/api/files/%2Fhome%2Falice",
    "/api/x%2F/y",
    "/api/urn%3aoid%3a1.2.3/%c1rbol",
]
SEPARATOR = re.compile(r"[/\\;?#]|%(?:25)*(?:2f|5c|3b|20|23|3f)|%ef%bc", re.IGNORECASE)
ENCODED_PATHS = st.lists(
    st.sampled_from(
        [*DANGEROUS, "api", "admin", "x", "%23", "%3f", "%C0%AE", "%C0%AF", "%C1", "%EF%BC%8E", "%EF%BC%8F", "%25C0%25AE"]
    ),
    max_size=12,
).map(lambda parts: "/api/" + "".join(parts))


class TestEncodedCharacters:
    @pytest.mark.parametrize("path", HONEST_IDS)
    def test_canonical_urls_and_domain_names_are_ids(self, path):
        """They are refused by default, and pass where the route admits them."""
        with pytest.raises(InvalidPath, match='path_characters = "encoded"'):
            normalise_path(path)
        assert unquote_to_bytes(normalise_path(path, encoded=True)) == unquote_to_bytes(path)

    @pytest.mark.parametrize("attack", [attack for attack in attacks() if SEPARATOR.search(attack[5:]) is None])
    def test_attacks_by_dots_alone(self, attack):
        """Every attack of the corpus without a separator is refused there too."""
        with pytest.raises(InvalidPath):
            normalise_path(attack, encoded=True)

    @pytest.mark.parametrize(
        "path",
        [
            "/api/..%2Fadmin",
            "/api/x%2F..%2Fadmin",
            "/api/..%5Cadmin",
            "/api/x%5C..",
            "/api/%252e%252e%252fadmin",
            "/api/x%2F%2e%2e",
            "/api/..%3Fx/admin",
            "/api/..%23x/admin",
            "/api/%C0%AE%C0%AE/admin",
            "/api/%C0%AE%C0%AE%C0%AFadmin",
            "/api/%25C0%25AE./admin",
            "/api/%C0%A52e%C0%A52e/admin",
            "/api/%EF%BC%8E%EF%BC%8E/admin",
            "/api/x%00",
            "/api/x%0D%0Ay",
            "/api//x",
            "/api/;/x",
            "/api/x\\y",
            "/api/%",
        ],
    )
    def test_refused_whatever_the_setting(self, path):
        """Dot segments in any reading, control characters, and characters that no URL may hold."""
        with pytest.raises(InvalidPath):
            normalise_path(path, encoded=True)

    @given(ENCODED_PATHS)
    def test_an_accepted_path_stays_below_its_prefix(self, raw):
        """Decoded once, twice and more often, and resolved as lenient servers do: it stays below /api."""
        try:
            reading = unquote_to_bytes(normalise_path(raw, encoded=True)[4:])
        except InvalidPath:
            return
        for _ in range(6):
            for seen in (reading, lenient(reading)):
                text = seen.decode("latin-1").replace("\\", "/")
                for cut in (text, re.sub(r";[^/]*", "", text), re.sub(r"[?#].*", "", text, flags=re.DOTALL)):
                    resolved = posixpath.normpath("/api/" + re.sub("/+", "/", cut))
                    assert resolved == "/api" or resolved.startswith("/api/")
            reading = unquote_to_bytes(reading)

    @given(ENCODED_PATHS)
    def test_strict_paths_are_among_them(self, raw):
        """The setting admits more, and never less."""
        with contextlib.suppress(InvalidPath):
            assert normalise_path(raw) == normalise_path(raw, encoded=True)


def lenient(reading: bytes) -> bytes:
    """Return what a server reads that takes overlong UTF-8, as some did."""
    return re.sub(rb"([\xc0\xc1])([\x80-\xbf])", lambda two: bytes([(two[1][0] & 1) << 6 | two[2][0] & 0x3F]), reading)


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/api/codes/http%3A%2F%2Fsnomed.info", "an encoded slash at character 19 (%2F)"),
        ("/api/a%2Fb/%23x/c", "an encoded # at character 12 (%23)"),
        ("/api/users/CORP%5calice", "an encoded backslash at character 16 (%5c)"),
        ("/api/%C1rbol", "not UTF-8 and may hide a character at character 6 (%C1)"),
        ("/api/x%250Ay", "a control character at character 7 (%250A)"),
        ("/api//x", "an empty segment at character 5"),
        ("/api/a\\b", "Percent-encode character 7, '\\\\'"),
        ("/api/100%", "Percent-encode character 9, '%'"),
        ("/api/%2e%2e", "No setting admits it"),
    ],
)
def test_a_refusal_says_what_and_where(path: str, detail: str) -> None:
    """The character, its place, and whether a setting admits it."""
    with pytest.raises(InvalidPath) as caught:
        normalise_path(path)
    assert detail in caught.value.detail
