"""No shared cache stores what a user was sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gateway.private_caching import private_control, with_private_caching
from hub.primitives.bounded_cache import BoundedCache
from hub.primitives.http import Headers


def cache(value: str) -> tuple[str, str]:
    return ("Cache-Control", value)


def vary(value: str) -> tuple[str, str]:
    return ("Vary", value)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("max-age=600", "private, max-age=600"),
        ("public, max-age=600", "private, max-age=600"),
        ("Private, Max-Age=600", "private, max-age=600"),
        ("s-maxage=600, max-age=60, must-revalidate", "private, max-age=60, must-revalidate"),
        ("no-cache", "private, no-cache"),
        ('private="Set-Cookie", max-age=60', "private, max-age=60"),
        ('no-cache="a, public"', 'private, no-cache="a, public"'),
        ("no-store, public", "no-store"),
        ("public, NO-STORE", "no-store"),
        ("", "private"),
        (",, max-age=1 ,", "private, max-age=1"),
        ("max-age=60; public", "no-store"),
        ('no-cache="never closed, public', "no-store"),
        ("max-age=1 public", "no-store"),
    ],
)
def test_control(stated: str, expected: str) -> None:
    """What speaks to shared caches is left out; what cannot be read is stored nowhere."""
    assert private_control(stated) == expected


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, [], [cache("no-store")]),
        (200, [vary("Accept")], [vary("Accept"), cache("no-store")]),
        (404, [("Expires", "0")], [("Expires", "0"), cache("no-store")]),
        (200, [("cache-control", "max-age=1")], [cache("private, max-age=1"), vary("Cookie")]),
        (200, [cache("max-age=1"), cache("public")], [cache("private, max-age=1"), vary("Cookie")]),
        (200, [cache("max-age=1"), vary("authorization, Accept")], [cache("private, max-age=1"), vary("Accept, Cookie")]),
        (200, [cache("max-age=1"), vary("*")], [cache("private, max-age=1"), vary("*")]),
        (200, [cache("public"), cache("no-store"), vary("A")], [vary("A"), cache("no-store")]),
        (304, [], [vary("Cookie")]),
        (304, [cache("public"), ("ETag", '"1"')], [("ETag", '"1"'), cache("private"), vary("Cookie")]),
    ],
)
def test_headers(status: int, headers: Headers, expected: Headers) -> None:
    """A response that may be stored is private, and belongs to one cookie; all else is not stored."""
    assert with_private_caching(headers, BoundedCache(private_control), status=status) == expected


DIRECTIVES = st.sampled_from(
    ["public", "s-maxage=9", "max-age=9", 'private="a"', 'no-cache="public"', '"', "x=1", " ", ";", "no-store"]
)


@given(st.lists(DIRECTIVES).map(",".join) | st.text(max_size=30))
def test_any_control(stated: str) -> None:
    """Whatever the API says, the result keeps shared caches away, and saying it again changes nothing."""
    result = private_control(stated)

    assert result == "no-store" or result.split(", ")[0] == "private"
    assert private_control(result) == result
    assert not {"public", "s-maxage"} & {part.partition("=")[0] for part in result.replace('"public"', "").split(", ")}
