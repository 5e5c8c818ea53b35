"""Paths and queries with which somebody might try to get past the rules, and a hub that takes no short way through them."""

import contextlib
import re
from collections.abc import Callable, Iterator
from unittest.mock import patch

from hypothesis import strategies as st

from hub.errors import HubError
from hub.gateway import paths
from hub.iris import reserved as iris

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

ANY_PATHS = HOSTILE_PATHS | st.text("apiAPI09-._~!$&'()*+,;=:@|^[]/%\\ \x00\xe9", max_size=12).map(lambda text: "/" + text)


@contextlib.contextmanager
def without_short_ways() -> Iterator[None]:
    """Look at every path and query in all its readings, however harmless it looks."""
    nothing = re.compile("(?!)")
    with patch.object(paths, "_PLAIN", nothing), patch.object(iris, "_PLAIN", nothing):
        yield


def outcome(work: Callable[[], object]) -> object:
    """Return what the work returns, or which error it raises and with which words."""
    try:
        return work()
    except HubError as error:
        return type(error), error.detail
