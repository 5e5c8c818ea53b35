"""Forms with fields that IRIS acts on do not leave the hub, however they are spelled and cut."""

from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadRequest
from hub.iris.reserved_fields import LONGEST_NAME, form_check
from tests.iris.test_reserved import NAMES, spelt

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"


def passes(body: bytes, content_type: str = URLENCODED, cuts: Sequence[int] = ()) -> bool:
    """Return whether a form may pass that arrives in these chunks."""
    check = form_check([("Content-Type", content_type)])
    assert check is not None
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    try:
        for start, end in pairwise(places):
            check.feed(body[start:end])
        check.finish()
    except BadRequest:
        return False
    return True


def part(name: str, value: str = "v") -> str:
    """Return one part of a multipart body."""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


@pytest.mark.parametrize(("encoding", "is_checked"), [("", True), ("identity", True), (" Identity", True), ("gzip", False)])
def test_compressed(encoding: str, is_checked: bool) -> None:
    """A form is checked as it is, or rejected if it is compressed."""
    headers = [("Content-Type", URLENCODED), ("Content-Encoding", encoding)]
    if is_checked:
        assert form_check(headers) is not None
    else:
        with pytest.raises(BadRequest):
            form_check(headers)


CUTS = st.lists(st.integers(0, 200), max_size=4)
SPELLINGS = (
    st.sampled_from(NAMES),
    st.lists(st.booleans(), min_size=20, max_size=20),
    st.lists(st.booleans(), min_size=20, max_size=20),
    st.integers(0, 2),
)


@given(*SPELLINGS, st.sampled_from(["=x", "", "=", ";d=1", "%00=x", "+=x", "&z=1"]), CUTS)
def test_urlencoded(name: str, upper: list[bool], encoded: list[bool], times: int, tail: str, cuts: list[int]) -> None:
    """Case, encoding, separators, and wherever the chunks end."""
    assert not passes(f"a=1&{spelt(name, upper, encoded, times)}{tail}".encode(), cuts=cuts)


@given(*SPELLINGS, CUTS)
def test_multipart(name: str, upper: list[bool], encoded: list[bool], times: int, cuts: list[int]) -> None:
    """The same for the parts of a multipart form."""
    body = part("a") + part(spelt(name, upper, encoded, times)) + "--b--\r\n"
    assert not passes(body.encode(), MULTIPART, cuts)


@pytest.mark.parametrize(
    "header",
    [
        "Content-Disposition: form-data; name=IRISUsername",
        'content-disposition:form-data; filename=a; name = "IRISUsername"',
        'Content-Disposition: form-data;\r\n name="IRISUsername"',
        "Content-Disposition: form-data; name*=utf-8''IRISUsername",
        'Content-Disposition: form-data; name="IRIS\\User\\name"',
        'X: y\nContent-Disposition: form-data; name="IRISUsername"',
    ],
)
def test_forms_of_a_part(header: str) -> None:
    """Quoted or not, folded, extended, after bare line feeds."""
    assert not passes(f"--b\r\n{header}\r\n\r\nx\r\n--b--\r\n".encode(), MULTIPART)


@given(st.lists(st.sampled_from(["name", "iris", "irisid", "cached", "q[]", "a b", "é"]), max_size=6), CUTS)
def test_honest_forms(names: list[str], cuts: list[int]) -> None:
    """Names that only resemble them pass, and values may be anything."""
    assert passes("&".join(f"{quote(name)}=IRISUsername%3Dx" for name in names).encode(), cuts=cuts)
    assert passes("".join(part(name, "IRISUsername=x") for name in names).encode(), MULTIPART, cuts)


def test_file_in_a_form() -> None:
    """The text of an uploaded file may speak of the names."""
    assert passes(part("file", '<input name="IRISUsername">').encode(), MULTIPART)


def test_endless_name() -> None:
    """A name without an end is rejected instead of being collected."""
    assert not passes(b"a" * (LONGEST_NAME + 1))
    assert not passes(b"a" * (LONGEST_NAME + 1) + b"=1&b=2")
    assert not passes(b"\r\nContent-Disposition: form-data; x=" + b"a" * 3 * LONGEST_NAME, MULTIPART, [LONGEST_NAME])
    assert passes(b"a=" + b"b" * 3 * LONGEST_NAME)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/fhir+json", ""])
def test_no_form(content_type: str) -> None:
    """Other bodies are not looked at."""
    assert form_check([("Content-Type", content_type)]) is None
    assert form_check([]) is None


def test_any_content_type_counts() -> None:
    """A server may follow the second of two headers, or ignore case and parameters."""
    assert form_check([("content-type", "text/plain"), ("content-type", URLENCODED.upper() + ";charset=utf-8")]) is not None


def test_compressed_form() -> None:
    """Nobody can say which fields it has."""
    with pytest.raises(BadRequest, match="Content-Encoding"):
        form_check([("Content-Type", URLENCODED), ("Content-Encoding", "gzip")])
    assert form_check([("Content-Type", "application/json"), ("Content-Encoding", "gzip")]) is None
