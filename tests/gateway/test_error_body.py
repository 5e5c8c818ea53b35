"""Bodies of errors that are JSON, and those that only look like it."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gateway.error_body import UNREADABLE, may_be_json, read_json
from hub.primitives.http import Headers

JSON: Headers = [("Content-Type", "application/json; charset=utf-8")]
PACKED: Headers = [*JSON, ("content-encoding", "GZIP")]
TEXT = b'{"errors": []}'


@pytest.mark.parametrize(
    ("headers", "length", "expected"),
    [
        (JSON, None, True),
        (JSON, 65_536, True),
        (JSON, 65_537, False),
        (PACKED, 100, True),
        ([("Content-Type", "application/problem+json")], 10, True),
        ([("Content-Type", "text/plain")], 10, False),
        ([("Content-Type", "application/jsonp")], 10, False),
        ([("Content-Type", "text/html, application/json")], 10, False),
        ([*JSON, ("Content-Type", "text/html")], 10, False),
        ([], 10, False),
        ([*JSON, ("Content-Encoding", "br")], 10, False),
        ([*JSON, ("Content-Encoding", "gzip"), ("Content-Encoding", "deflate")], 10, False),
    ],
)
def test_only_small_json_is_read(headers: Headers, length: int | None, expected: bool) -> None:
    """By its headers, and the length if there is one."""
    assert may_be_json(headers, length) is expected


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        (JSON, TEXT, {"errors": []}),
        (JSON, b"null", None),
        (PACKED, gzip.compress(TEXT), {"errors": []}),
        (JSON, b"{", UNREADABLE),
        (JSON, b'{"a": "\xff"}', UNREADABLE),
        (JSON, b"[" * 10_000, UNREADABLE),
        (PACKED, TEXT, UNREADABLE),
        (PACKED, gzip.compress(TEXT)[:-8], UNREADABLE),
        (PACKED, gzip.compress(TEXT) + gzip.compress(b"more"), UNREADABLE),
        (PACKED, gzip.compress(b'"' + b"x" * 10_000_000 + b'"'), UNREADABLE),
    ],
    ids=["JSON", "null", "gzip", "cut", "not UTF-8", "deep", "no gzip", "truncated", "continued", "bomb"],
)
def test_reading(headers: Headers, body: bytes, expected: object) -> None:
    """JSON is read, unpacked if need be. A truncated or continued gzip is not, and no bomb is unpacked."""
    found = read_json(headers, body)
    assert found is expected if expected is UNREADABLE else found == expected


@given(st.binary(max_size=200), st.sampled_from([JSON, PACKED]))
def test_any_bytes(body: bytes, headers: Headers) -> None:
    """No bytes raise anything."""
    read_json(headers, body)
