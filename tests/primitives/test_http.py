"""Bodies, whole or as a stream."""

import pytest

from hub.primitives.http import (
    CONTENTLESS_STATUSES,
    HEADER_ONLY_STATUSES,
    SAFE_METHODS,
    BodyStream,
    chunks,
    collect,
    prepend,
    read_body,
)


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


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(6, (b"abcdef", True)), (7, (b"abcdef", True)), (5, (b"abcdef", False)), (3, (b"abcd", False)), (0, (b"ab", False))],
)
async def test_collect(limit: int, expected: tuple[bytes, bool]) -> None:
    """Reading stops behind the chunk that exceeds the limit."""
    assert await collect(stream(b"ab", b"cd", b"ef"), limit) == expected


async def test_collect_nothing() -> None:
    """An empty stream is whole, whatever the limit."""
    assert await collect(stream(), 0) == (b"", True)


async def test_collect_leaves_the_rest() -> None:
    """What was not read can follow what was: together they are the body."""
    body = stream(b"ab", b"cd", b"ef")
    start, is_whole = await collect(body, 1)

    assert not is_whole
    assert [chunk async for chunk in prepend(start, body)] == [b"ab", b"cd", b"ef"]


async def test_prepend_nothing() -> None:
    """No empty chunk comes first: it would end a chunked body."""
    assert [chunk async for chunk in prepend(b"", stream(b"a"))] == [b"a"]


def test_statuses() -> None:
    """A 205 has headers that say where it ends, and no content all the same (RFC 9112 section 6.3, RFC 9110 section 15.3.6)."""
    assert {204, 304} == HEADER_ONLY_STATUSES
    assert {204, 205, 304} == CONTENTLESS_STATUSES
