"""Bodies, whole or as a stream."""

import pytest

from hub.primitives.http import SAFE_METHODS, BodyStream, chunks, read_body


async def stream(*parts: bytes) -> BodyStream:
    """Yield the parts."""
    for part in parts:
        yield part


@pytest.mark.parametrize(("body", "expected"), [(b"ab", [b"ab"]), (b"", [])])
async def test_chunks_of_bytes(body: bytes, expected: list[bytes]) -> None:
    """One chunk, or none for an empty body."""
    assert [chunk async for chunk in chunks(body)] == expected


async def test_chunks_of_a_stream() -> None:
    """The stream itself, so that what was read from it stays read."""
    body = stream(b"a", b"b")
    await anext(body)

    assert [chunk async for chunk in chunks(body)] == [b"b"]


async def test_read() -> None:
    """All bytes that are left."""
    assert await read_body(b"ab") == b"ab"
    assert await read_body(stream(b"a", b"", b"b")) == b"ab"


def test_safe_methods() -> None:
    """TRACE is safe too, but the hub does not relay it (RFC 9110 section 9.2.1)."""
    assert {"GET", "HEAD", "OPTIONS"} == SAFE_METHODS
