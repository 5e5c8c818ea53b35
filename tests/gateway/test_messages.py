"""Bodies: in hand, or as they come."""

from collections.abc import AsyncIterator

from hub.primitives.http import chunks, read_body


async def stream() -> AsyncIterator[bytes]:
    """Yield two pieces."""
    yield b"ab"
    yield b"cd"


class TestBodies:
    async def test_bytes_are_one_piece(self):
        """Whoever reads streams can read bytes."""
        assert [piece async for piece in chunks(b"abcd")] == [b"abcd"]

    async def test_no_bytes_are_no_piece(self):
        """An empty piece would be written for nothing."""
        assert [piece async for piece in chunks(b"")] == []

    async def test_a_stream_stays_itself(self):
        """A stream is read once, whoever reads."""
        body = stream()
        assert await anext(chunks(body)) == b"ab"
        assert [piece async for piece in chunks(body)] == [b"cd"]

    async def test_whole(self):
        """Either way the whole body can be had."""
        assert (await read_body(stream()), await read_body(b"abcd")) == (b"abcd", b"abcd")
