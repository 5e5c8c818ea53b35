"""Doors: who answers which path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.listener.exchange import Exchange, Front, Receiver
from hub.listener.head import RequestHead
from hub.listener.nobody import Nobody
from hub.web.doors import Doors


class Door:
    """Takes every request."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def open(self, exchange: Exchange) -> Receiver:
        """Note the path."""
        self.taken.append(exchange.head.path)
        return Nobody()


def asked(path: str) -> Exchange:
    """Return a request for a path; nothing is answered."""
    head = RequestHead(
        method="GET",
        path=path,
        query="",
        headers=[],
        fields={},
        body_bytes=0,
        is_http10=False,
        keep_alive=True,
        upgrade=False,
    )
    return Exchange(None, head)  # type: ignore[arg-type]  # no answer, no connection


def door_of(exact: list[str], prefixes: list[str], path: str) -> str:
    """Return the name of the door that takes a path."""
    doors = {name: Door() for name in ["others", *(f"={name}" for name in exact), *prefixes]}
    exactly: dict[str, Front] = {name: doors[f"={name}"] for name in exact}
    below: dict[str, Front] = {name: doors[name] for name in prefixes}
    Doors(exactly, below, doors["others"]).open(asked(path))
    (taken,) = [name for name, door in doors.items() if door.taken == [path]]
    return taken


def covers(prefix: str, path: str) -> bool:
    """Whether a prefix covers a path, the slow way: segment by segment."""
    wanted = prefix.split("/")
    return path.split("/")[: len(wanted)] == wanted


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/hub/channel", "=/hub/channel"),
        ("/hub/channel/", "/hub"),
        ("/hub", "/hub"),
        ("/hub/login", "/hub"),
        ("/hubcap", "others"),
        ("/api", "/api"),
        ("/api/", "/api"),
        ("/api/patients/1", "/api"),
        ("/api/fhir", "/api/fhir"),
        ("/api/fhir/r4/Patient", "/api/fhir"),
        ("/api/fhirs", "/api"),
        ("/API", "others"),
        ("/apis/x", "others"),
        ("//api", "others"),
        ("/", "others"),
        ("", "others"),
        ("*", "others"),
        ("https://elsewhere/api", "others"),
        ("/%61pi", "others"),
        ("/x/../api", "others"),
    ],
)
def test_who_answers(path: str, door: str) -> None:
    """A single path before a prefix, the longest prefix before a shorter one, whole segments only, letter by letter."""
    assert door_of(["/hub/channel"], ["/api", "/api/fhir", "/hub"], path) == door


segments = st.lists(st.sampled_from(["a", "b", "ab", ""]), min_size=1, max_size=4)
paths = segments.map(lambda names: "/" + "/".join(names))
prefixes = st.lists(st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=3).map(lambda names: "/" + "/".join(names)))


@given(prefixes, paths)
def test_longest_prefix(known: list[str], path: str) -> None:
    """Whatever prefixes there are, the door is the one that a comparison with each of them finds."""
    best = max((prefix for prefix in known if covers(prefix, path)), key=len, default="others")

    assert door_of([], list(dict.fromkeys(known)), path) == best


def test_no_prefixes() -> None:
    """A hub without routes sends everything to the others."""
    assert door_of([], [], "/api/x") == "others"
