"""Bodies: in hand, or as they come."""

from collections.abc import AsyncIterator

from hub.gateway.messages import pieces, whole


async def stream() -> AsyncIterator[bytes]:
    """Yield two pieces."""
    yield b"ab"
    yield b"cd"


class TestBodies:
    async def test_bytes_are_one_piece(self):
        """Whoever reads streams can read bytes."""
        assert [piece async for piece in pieces(b"abcd")] == [b"abcd"]

    async def test_no_bytes_are_no_piece(self):
        """An empty piece would be written for nothing."""
        assert [piece async for piece in pieces(b"")] == []

    async def test_a_stream_stays_itself(self):
        """A stream is read once, whoever reads."""
        body = stream()
        assert await anext(pieces(body)) == b"ab"
        assert [piece async for piece in pieces(body)] == [b"cd"]

    async def test_whole(self):
        """Either way the whole body can be had."""
        assert (await whole(stream()), await whole(b"abcd")) == (b"abcd", b"abcd")
