"""Return URLs: S1 of RFC 9700 (no open redirector), against a corpus of attacks."""

import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadRequest
from hub.login.return_url import parse_return_to

CORPUS = Path(__file__).parent.parent / "data" / "return_url_attacks.txt"
ESCAPES = {r"\t": "\t", r"\n": "\n", r"\r": "\r", r"\0": "\0"}


def unescape(line: str) -> str:
    """Return a line of the corpus with its escapes resolved; a backslash before anything else is a backslash."""
    return re.sub(r"\\x([0-9a-f]{2})|\\[tnr0]", lambda match: chr(int(match[1], 16)) if match[1] else ESCAPES[match[0]], line)


ATTACKS = [unescape(line) for line in CORPUS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("# ")]


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_is_refused(attack: str) -> None:
    """Nothing in the corpus is taken as a return URL."""
    with pytest.raises(BadRequest):
        parse_return_to(attack)


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/patients", "/patients?page=2&q=a%20b", "/p/1#allergies", "/a%20b", "/?next=//x", "/hubble", "/p?x=/hub/login"),
        *("/users/CORP%5Calice", "/users?name=CORP%5Calice", "/codes/http%3A%2F%2Fsnomed.info%2Fsct", "/%23general"),
        *("/search?ids=1%0D%0A2", "/search?q=a%09b", "/search#a%0Ab", "/x%3Fy?z=%0A"),
    ],
)
def test_local_path_is_kept(path: str) -> None:
    """A path of our own is returned as it came, with query and fragment."""
    assert parse_return_to(path) == path


def test_default() -> None:
    """Without a return URL the application begins at its root."""
    assert parse_return_to("") == "/"


@given(st.text(alphabet=st.sampled_from("/\\%2f5cC.:@?#;\t\n ehvil\u2028"), max_size=24).map("/".__add__))
def test_what_is_taken_stays_here(text: str) -> None:
    """Whatever is accepted resolves to our own origin, also when something on the way reads backslashes as slashes."""
    try:
        accepted = parse_return_to(text)
    except BadRequest:
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
    with pytest.raises(BadRequest):
        parse_return_to(path, ["/api"])


@pytest.mark.parametrize("length", [2048, 2049])
def test_too_long(length: int) -> None:
    """A return URL that no application needs is refused."""
    path = "/" + "a" * (length - 1)
    if length <= 2048:
        assert parse_return_to(path) == path
    else:
        with pytest.raises(BadRequest, match="2048"):
            parse_return_to(path)


@pytest.mark.parametrize("layers", [1, 3, 4, 9])
def test_encoded_again_and_again(layers: int) -> None:
    """More layers of percent-encoding than anybody uses are refused, whatever they hide."""
    path = "/a%" + "25" * (layers - 1) + "20b"
    if layers <= 3:
        assert parse_return_to(path) == path
    else:
        with pytest.raises(BadRequest, match="too many times"):
            parse_return_to(path)
