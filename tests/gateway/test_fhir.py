"""Addresses of a FHIR server become those of the hub, wherever the pieces of an answer end."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gateway.fhir import Rebase, has_addresses, without_length

BASE, PUBLIC = "https://iris.example/csp/healthshare/demo/fhir/r4", "https://hub.example/fhir"
BUNDLE = {
    "link": [{"relation": "next", "url": f"{BASE}/Patient?page=2"}, {"relation": "self", "url": BASE}],
    "entry": [{"fullUrl": f"{BASE}/Patient/1", "resource": {"text": f"see {BASE}/Patient/1", "value": 1.10}}],
    "other": [f"{BASE}x/Patient", "https://elsewhere.example/fhir"],
}


def rebased(pieces: list[bytes]) -> bytes:
    """Return what pages see."""
    rebase = Rebase(BASE, PUBLIC)
    return b"".join([*(rebase.feed(piece) for piece in pieces), rebase.end()])


def test_addresses_are_replaced_and_nothing_else() -> None:
    """Values that begin with the base, up to a slash, a query or their end; texts, look-alikes and numbers stay."""
    text = json.dumps(BUNDLE).replace("1.1", "1.10")
    after = rebased([text.encode()]).decode()
    assert json.loads(after)["link"] == [
        {"relation": "next", "url": f"{PUBLIC}/Patient?page=2"},
        {"relation": "self", "url": PUBLIC},
    ]
    assert json.loads(after)["entry"][0]["fullUrl"] == f"{PUBLIC}/Patient/1"
    assert json.loads(after)["other"] == BUNDLE["other"]
    assert f"see {BASE}/Patient/1" in after
    assert "1.10" in after


def test_escaped_slashes() -> None:
    r"""Some servers write `\/`."""
    escaped = json.dumps({"url": f"{BASE}/Patient"}).replace("/", r"\/")
    assert json.loads(rebased([escaped.encode()])) == {"url": f"{PUBLIC}/Patient"}


@given(st.lists(st.integers(0, 600), max_size=12))
def test_wherever_the_pieces_end(cuts: list[int]) -> None:
    """The same as in one piece."""
    text = json.dumps(BUNDLE).encode()
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    assert rebased([text[start:end] for start, end in pairwise(places)]) == rebased([text])


@given(st.binary(max_size=300))
def test_other_bytes_stay(data: bytes) -> None:
    """Whatever does not hold the address."""
    assert rebased([data[:7], data[7:]]) == data


@pytest.mark.parametrize(
    ("kind", "encoding", "expected"),
    [
        ("application/fhir+json; charset=utf-8", "", True),
        ("application/json", "identity", True),
        ("application/fhir+xml", "", False),
        ("application/json", "gzip", False),
    ],
)
def test_what_is_read(kind: str, encoding: str, expected: bool) -> None:
    """JSON that is not compressed."""
    fields = [("Content-Type", kind)] + [("Content-Encoding", encoding)] * bool(encoding)
    assert has_addresses(fields) is expected
    assert without_length([("Content-Length", "5"), ("ETag", "x")]) == [("ETag", "x")]
