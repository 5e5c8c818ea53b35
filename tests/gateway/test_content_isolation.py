"""What an API sends is foreign content: no page of the hub's origin, and a download unless its media type is listed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config.settings import RouteSettings
from hub.gateway.content_isolation import SANDBOX_HEADER, attachment, isolated, media_type
from hub.gateway.routes import Route
from hub.iris.api import IRIS_API
from hub.primitives.http import Headers

NAME = r"filename=(?:\"(?:[^\"\\]|\\.)*\"|[!#$%&'*+.^`|~0-9A-Za-z_-]+)"
ATTACHMENT = re.compile(rf"attachment(?:; (?:{NAME}|filename\*=[!#$%&'*+.^`|~0-9A-Za-z_-]+)){{0,2}}", re.DOTALL)


def of(headers: Headers, *inline: str, status: int = 200) -> Headers:
    """Return the headers of a response on a route with these media types, without the policy that each has."""
    settings = RouteSettings(prefix="/api", target="https://iris.example", inline=list(inline))
    fields = isolated(headers, Route.compile(settings, IRIS_API), status=status)
    assert fields.count(SANDBOX_HEADER) == 1
    return [field for field in fields if field != SANDBOX_HEADER]


def kind(value: str) -> tuple[str, str]:
    return ("Content-Type", value)


def disposition(value: str) -> tuple[str, str]:
    return ("Content-Disposition", value)


def test_policy() -> None:
    """A sandbox without any permission; nothing is loaded, and nobody frames it."""
    assert SANDBOX_HEADER == ("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], [disposition("attachment")]),
        ([kind("text/html")], [kind("text/html"), disposition("attachment")]),
        ([disposition("inline"), kind("text/html")], [kind("text/html"), disposition("attachment")]),
        ([kind("image/png")], [kind("image/png")]),
        ([kind("Image/PNG ; a=b")], [kind("Image/PNG ; a=b")]),
        ([kind("image/png"), disposition("attachment; filename=a.png")],) * 2,
        ([kind("image/png"), disposition("inline"), disposition("x")], [kind("image/png"), disposition("inline")]),
        ([kind("image/png"), kind("text/html")], [kind("image/png"), kind("text/html"), disposition("attachment")]),
        ([kind("image/png, text/html")], [kind("image/png, text/html"), disposition("attachment")]),
        ([kind("image/png;a, text/html")], [kind("image/png;a, text/html"), disposition("attachment")]),
        ([kind('image/png;a="b, text/html;"')], [kind('image/png;a="b, text/html;"'), disposition("attachment")]),
        ([kind("image/svg+xml")], [kind("image/svg+xml"), disposition("attachment")]),
    ],
)
def test_disposition(headers: Headers, expected: Headers) -> None:
    """Only one media type that is listed may be shown."""
    assert of(headers, "image/png") == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], []),
        ([disposition("inline")], []),
        ([kind("image/png"), disposition("inline")], [kind("image/png")]),
        ([kind("text/html")], [kind("text/html"), disposition("attachment")]),
    ],
)
def test_not_modified(headers: Headers, expected: Headers) -> None:
    """A 304 changes the headers of the stored response: never to one that is shown."""
    assert of(headers, "image/png", status=304) == expected


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("", "attachment"),
        ("inline", "attachment"),
        ('inline; filename="a b.pdf"', 'attachment; filename="a b.pdf"'),
        ("ATTACHMENT;FileName=report.pdf", "attachment; filename=report.pdf"),
        ("inline; filename=a b.pdf", 'attachment; filename="a b.pdf"'),
        ("inline; filename*=UTF-8''%e2%82%ac.pdf; filename=e.pdf", "attachment; filename*=UTF-8''%e2%82%ac.pdf; filename=e.pdf"),
        ('inline; filename="a\\"b"', 'attachment; filename="a\\"b"'),
        ("inline; size=3; filename=a", "attachment; filename=a"),
        ("inline; filename=a; filename=b", "attachment; filename=a"),
        ('inline; filename="never closed', "attachment"),
        ("inline; filename*=a b", "attachment"),
        ("filename=a", "attachment"),
        ("inline, attachment; filename=a", "attachment"),
        ("inline;;; filename=a;", "attachment; filename=a"),
    ],
)
def test_file_name(given_: str, expected: str) -> None:
    """A valid file name of the API stays; nothing else does."""
    assert attachment(given_) == expected


@given(st.text(st.sampled_from("inlefam=*;\"\\ \t,'%a.\xe4"), max_size=40) | st.text(max_size=40))
def test_any_disposition(text: str) -> None:
    """Whatever the API writes, the result is a well-formed attachment."""
    assert ATTACHMENT.fullmatch(attachment("inline; filename=" + text))
    assert ATTACHMENT.fullmatch(attachment(text))


@given(st.text(max_size=30), st.text(max_size=30))
def test_other_media_types_are_downloads(content_type: str, text: str) -> None:
    """Unless its media type is listed, no response is shown, whatever its headers say."""
    if media_type(content_type) != "image/png":
        result = of([disposition(text), kind(content_type)], "image/png")
        assert [value.partition(";")[0] for name, value in result if name == "Content-Disposition"] == ["attachment"]
