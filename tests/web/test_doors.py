"""Which door a path goes through."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.listener.discard_body import DiscardBody
from hub.listener.exchange import Exchange
from hub.listener.head import RequestHead
from hub.web.doors import Doors


@dataclass
class Door:
    """One of them."""

    name: str
    opened: list[str]

    def open(self, exchange: Exchange) -> DiscardBody:
        """Note that it was taken."""
        self.opened.append(self.name)
        return DiscardBody()


def door_of(path: str, prefixes: list[str], exact: tuple[str, ...] = ()) -> str:
    """Return the name of the door that a path goes through."""
    opened: list[str] = []
    doors = Doors(
        {name: Door(f"= {name}", opened) for name in exact},
        {name: Door(name, opened) for name in prefixes},
        Door("others", opened),
    )
    head = RequestHead(
        method="GET",
        path=path,
        query="",
        headers=[],
        headers_by_name={},
        body_bytes=0,
        is_http10=False,
        keep_alive=True,
        upgrade=False,
    )
    doors.open(Exchange(None, head))  # type: ignore[arg-type]
    (name,) = opened
    return name


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/api", "/api"),
        ("/api/", "/api"),
        ("/api/x/y", "/api"),
        ("/api/deep", "/api/deep"),
        ("/api/deep/x", "/api/deep"),
        ("/api/deeper", "/api"),
        ("/apis", "others"),
        ("/ap", "others"),
        ("/", "others"),
        ("//api", "others"),
        ("/x/api", "others"),
        ("/API", "others"),
        ("/%61pi", "others"),
        ("/hub/channel", "= /hub/channel"),
        ("/hub/channel/", "/hub"),
        ("/hub/channels", "/hub"),
        ("/" + "x" * 100 + "/api", "others"),
    ],
)
def test_door(path: str, door: str) -> None:
    """Paths of their own first, then the longest prefix, which ends at a slash or with the path."""
    assert door_of(path, ["/api", "/api/deep", "/hub"], ("/hub/channel",)) == door


paths = st.lists(st.sampled_from(["a", "b", "ab", "", "a.b", ".."]), min_size=1, max_size=6).map(
    lambda parts: "/" + "/".join(parts)
)


@given(
    paths,
    st.lists(st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=4).map(lambda p: "/" + "/".join(p)), max_size=6),
)
def test_longest_prefix(path: str, prefixes: list[str]) -> None:
    """The one that a search through all of them finds."""
    fitting = [prefix for prefix in prefixes if path == prefix or path.startswith(f"{prefix}/")]

    assert door_of(path, prefixes) == max(fitting, key=len, default="others")
