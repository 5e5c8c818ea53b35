"""Return URLs: S1 of RFC 9700 (no open redirector), against a corpus of attacks."""

import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.login.return_url import MAX_LENGTH, UnusableReturnTo, parse_return_to
from tests.parties.recorded import ADDRESSES

CORPUS = Path(__file__).parent.parent / "data" / "return_url_attacks.txt"
ESCAPES = {r"\t": "\t", r"\n": "\n", r"\r": "\r", r"\0": "\0"}


def unescape(line: str) -> str:
    """Return a line of the corpus with its escapes resolved; a backslash before anything else is a backslash."""
    return re.sub(r"\\x([0-9a-f]{2})|\\[tnr0]", lambda match: chr(int(match[1], 16)) if match[1] else ESCAPES[match[0]], line)


ATTACKS = [unescape(line) for line in CORPUS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("# ")]


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_is_refused(attack: str) -> None:
    """Nothing in the corpus is taken as a return URL."""
    with pytest.raises(UnusableReturnTo):
        parse_return_to(attack)


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/patients", "/patients?page=2&q=a%20b", "/p/1#allergies", "/a%20b", "/?next=//x", "/hubble", "/p?x=/hub/login"),
        *("/users/CORP%5Calice", "/users?name=CORP%5Calice", "/codes/http%3A%2F%2Fsnomed.info%2Fsct", "/%23general"),
        *("/search?ids=1%0D%0A2", "/search?q=a%09b", "/search#a%0Ab", "/x%3Fy?z=%0A"),
        *("/patients/O'Brien", "/search?q=a\\b", "/x?q=`a`", "/x#{a}|b^c"),
    ],
)
def test_local_path_is_kept(path: str) -> None:
    """A path of our own is returned as it came, with query and fragment."""
    assert parse_return_to(path) == path


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/users/CLINIC\\alice", "/users/CLINIC%5Calice"),
        ("/x?note=a\nb", "/x?note=a%0Ab"),
        ("/x#a\r\nb", "/x#a%0D%0Ab"),
        ("/x?y=\x01", "/x?y=%01"),
        ("/a b?c d#e f", "/a%20b?c%20d#e%20f"),
        ("/ /evil.example", "/%20/evil.example"),
        ("/\xa0/x?\u3000\u2028", "/%C2%A0/x?%E3%80%80%E2%80%A8"),
        ('/x"onmouseover=alert(1)', "/x%22onmouseover=alert(1)"),
        ("/<script>", "/%3Cscript%3E"),
    ],
)
def test_encoded(text: str, address: str) -> None:
    """What was decoded on the way, or never encoded, is encoded as a browser does it; a backslash of the path, too."""
    assert parse_return_to(text) == address


@pytest.mark.parametrize("address", sorted({each.shown for each in ADDRESSES}))
def test_recorded_address(address: str) -> None:
    """What a browser shows as its address comes back as it is, letter by letter."""
    assert parse_return_to(address) == address


def test_default() -> None:
    """Without a return URL the application begins at its root."""
    assert parse_return_to("") == "/"


@given(st.text(alphabet=st.sampled_from("/\\%2f5cC.:@?#;\t\n ehvil\u2028"), max_size=24).map("/".__add__))
def test_what_is_taken_stays_here(text: str) -> None:
    """Whatever is accepted resolves to our own origin, also when something on the way reads backslashes as slashes."""
    try:
        accepted = parse_return_to(text)
    except UnusableReturnTo:
        return

    resolved = urlsplit(urljoin("https://hub.example/hub/callback", accepted.split("?")[0].replace("\\", "/")))
    assert (resolved.scheme, resolved.netloc) == ("https", "hub.example")


@pytest.mark.parametrize("path", ["/apis", "/a/api", "/?x=/api", "/#/api", "/api.html"])
def test_no_path_of_an_api(path: str) -> None:
    """Only what lies at or below a prefix belongs to an API."""
    assert parse_return_to(path, ["/api"]) == path


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api?x",
        "/api#x",
        "/Api/x",
        "/%41pi/x",
        "/api%252fx",
        "/api%5cx",
        "/x/%5c/..%5capi",
        "/./api",
        "/%2e/api",
    ],
)
def test_path_of_an_api(path: str) -> None:
    """However it is written, it is refused."""
    with pytest.raises(UnusableReturnTo):
        parse_return_to(path, ["/api"])


def test_long() -> None:
    """Searches have long addresses; a return URL that no application needs is refused."""
    longest = "/" + "a" * (MAX_LENGTH - 1)

    assert parse_return_to(longest) == longest
    with pytest.raises(UnusableReturnTo, match="too_long"):
        parse_return_to(longest + "a")


@pytest.mark.parametrize("layers", [1, 3, 4, 9])
def test_encoded_again_and_again(layers: int) -> None:
    """More layers of percent-encoding than anybody uses are refused, whatever they hide."""
    path = "/a%" + "25" * (layers - 1) + "20b"
    if layers <= 3:
        assert parse_return_to(path) == path
    else:
        with pytest.raises(UnusableReturnTo, match="encoded_too_often"):
            parse_return_to(path)
