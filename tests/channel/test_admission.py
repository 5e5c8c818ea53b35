"""The limits of one request, each at its edge."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from hub.channel.admission import check_request
from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.messages import RequestMessage
from hub.config.settings import ChannelSettings
from hub.errors import BadRequest, BodyTooLarge, HeadersTooLarge, HubError, InvalidPath

SETTINGS = replace(ChannelSettings(), path=10, headers=20, header_fields=3, inline=8, body=100)


def verdict(**members: Any) -> type[HubError] | None:
    """Return the kind of error with which a request is rejected."""
    error = check_request(RequestMessage(**{"id": 1, "method": "POST", "path": "/a", **members}), SETTINGS)
    return None if error is None else type(error)


@pytest.mark.parametrize(
    ("largest", "larger", "error"),
    [
        ({"path": "/" + "a" * 9}, {"path": "/" + "a" * 10}, InvalidPath),
        ({"path": "/" + "é" * 4}, {"path": "/" + "é" * 5}, InvalidPath),
        ({"headers": {"x": ["1", "2", "3"]}}, {"headers": {"x": ["1", "2", "3", "4"]}}, HeadersTooLarge),
        ({"headers": {"x": "1" * 19}}, {"headers": {"x": "1" * 20}}, HeadersTooLarge),
        ({"headers": {"x": "é" * 9}}, {"headers": {"x": "é" * 10}}, HeadersTooLarge),
        ({"headers": {"x": "1" * 9, "y": "1" * 9}}, {"headers": {"x": "1" * 9, "yy": "1" * 9}}, HeadersTooLarge),
        ({"body": msgspec.Raw(b"[12,345]")}, {"body": msgspec.Raw(b"[12,3456]")}, BodyTooLarge),
        ({"text": "12345678"}, {"text": "123456789"}, BodyTooLarge),
        ({"text": "éééé"}, {"text": "ééééa"}, BodyTooLarge),
        ({"stream": 100}, {"stream": 101}, BodyTooLarge),
    ],
)
def test_limits(largest: dict[str, Any], larger: dict[str, Any], error: type[HubError]) -> None:
    """What fits passes, and one more does not. Bytes are counted, not characters."""
    assert verdict(**largest) is None
    assert verdict(**larger) is error


def test_stream_of_unknown_length() -> None:
    """It is bounded while it comes."""
    assert verdict(stream=-1) is None


@pytest.mark.parametrize("name", ["x y", "", "x:", "x\n", "é"])
def test_names_that_no_header_has(name: str) -> None:
    """RFC 9110 section 5.1: a name is a token. One bad header rejects the request, wherever it stands."""
    assert verdict(headers={name: "1"}) is BadRequest
    assert verdict(headers={name: "1", "x": "2"}) is BadRequest


@pytest.mark.parametrize("value", ["a\r\nb", "a\x00", "\x7f", "\x0b"])
def test_values_that_no_header_has(value: str) -> None:
    """RFC 9110 section 5.5: no control characters. Tabs and spaces are none of them."""
    assert verdict(headers={"x": value}) is BadRequest
    assert verdict(headers={"x": "a\t b"}) is None


def test_body_of_another_type() -> None:
    """A text of another type than JSON travels as a string."""
    text = {"content-type": "text/x"}

    assert verdict(body=msgspec.Raw(b"{}"), headers=text) is BadRequest
    assert verdict(body=msgspec.Raw(b'"{}"'), headers=text) is None
    assert verdict(body=msgspec.Raw(b"{}")) is None


@pytest.mark.parametrize(
    "members",
    [{"body": msgspec.Raw(b"1"), "stream": 1}, {"body": msgspec.Raw(b"1"), "text": "1"}, {"text": "1", "stream": 1}],
)
def test_more_than_one_body(members: dict[str, Any]) -> None:
    """A request has one body; a client that says otherwise does not know the protocol."""
    with pytest.raises(ChannelClosed) as caught:
        verdict(**members)

    assert caught.value.code is CloseCode.PROTOCOL


def test_text_of_any_type() -> None:
    """A text needs neither a content type, nor to be what its content type says."""
    message = RequestMessage(1, "POST", "/a", {"content-type": "application/json"}, text="{no")

    assert check_request(message, replace(SETTINGS, headers=100)) is None
    assert verdict(text="{no") is None


def test_first_error_counts() -> None:
    """A path that is too long is named before the body."""
    assert verdict(path="/" + "a" * 10, headers={"x y": "1"}, stream=101) is InvalidPath
    assert verdict(headers={"x y": "1"}, stream=101) is BadRequest
