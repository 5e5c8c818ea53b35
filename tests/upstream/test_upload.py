"""A body on its way out: its framing, its pace, and how it ends."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from hub.upstream.failure import InvalidRequest
from hub.upstream.request import CHUNK_BYTES
from hub.upstream.upload import Upload


@dataclass
class Exchange:
    """What an upload belongs to: takes what is written, when it has room."""

    written: list[bytes] = field(default_factory=list)
    ends: list[BaseException | None] = field(default_factory=list)
    has_room: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    is_callers_turn: bool = False

    def __post_init__(self) -> None:
        self.has_room.set()

    async def writable(self) -> None:
        await self.has_room.wait()

    def write(self, *parts: bytes) -> None:
        self.written.append(b"".join(parts))

    def upload_ended(self, error: BaseException | None) -> None:
        self.ends.append(error)
        self.ended.set()


async def stream(*parts: bytes | Exception) -> AsyncIterator[bytes]:
    """A body that arrives in these parts, or fails."""
    for part in parts:
        if isinstance(part, Exception):
            raise part
        yield part


async def sent(body: bytes | AsyncIterator[bytes], body_bytes: int | None) -> Exchange:
    """Send a body to its end."""
    exchange = Exchange()
    upload = Upload(exchange, body, body_bytes)
    await exchange.ended.wait()
    upload.cancel()
    return exchange


async def test_chunks() -> None:
    """RFC 9112 section 7.1: without a known length each piece is a chunk; an empty one would be the end, so it is left out."""
    exchange = await sent(stream(b"abc", b"", b"x" * 17), None)

    assert exchange.written == [b"3\r\nabc\r\n", b"11\r\n" + b"x" * 17 + b"\r\n", b"0\r\n\r\n"]
    assert exchange.ends == [None]


async def test_known_length() -> None:
    """The pieces go as they are; nothing is read beyond the end."""
    beyond = stream(b"abc", b"de", ValueError("read too far"))
    exchange = await sent(beyond, 5)

    assert (exchange.written, exchange.ends) == ([b"abc", b"de"], [None])


async def test_bytes_go_in_pieces() -> None:
    """A large body that is whole does not fill the socket at once."""
    exchange = await sent(b"x" * (2 * CHUNK_BYTES + 1), 2 * CHUNK_BYTES + 1)

    assert [len(piece) for piece in exchange.written] == [CHUNK_BYTES, CHUNK_BYTES, 1]


@pytest.mark.parametrize(("parts", "written"), [((b"abc",), [b"abc"]), ((b"abc", b"def"), [b"abc"])], ids=["shorter", "longer"])
async def test_other_length_than_announced(parts: tuple[bytes, ...], written: list[bytes]) -> None:
    """Request smuggling: what is too much is not sent, since the server would take it for the next request."""
    exchange = await sent(stream(*parts), 5)

    assert exchange.written == written
    assert [type(error) for error in exchange.ends] == [InvalidRequest]


async def test_stream_fails() -> None:
    """Its error reaches the exchange; no final chunk makes the body look complete."""
    error = ValueError("gone")
    exchange = await sent(stream(b"abc", error), None)

    assert exchange.written == [b"3\r\nabc\r\n"]
    assert exchange.ends == [error]


async def test_waits_for_room_and_for_the_caller() -> None:
    """The stream is read when there is room, and only then the caller is waited for."""
    exchange, more = Exchange(), asyncio.Event()
    exchange.has_room.clear()
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(2):
            read += 1
            yield b"x"
            await more.wait()

    upload = Upload(exchange, body(), 2)
    await _settle()
    before = read, exchange.is_callers_turn
    exchange.has_room.set()
    await _settle()
    meanwhile = read, exchange.is_callers_turn, [*exchange.written]
    more.set()
    await exchange.ended.wait()
    upload.cancel()

    assert before == (0, False)
    assert meanwhile == (1, True, [b"x"])
    assert exchange.is_callers_turn is False


async def test_given_up() -> None:
    """Who cancels an upload is not told that it has ended."""
    exchange = Exchange()
    exchange.has_room.clear()
    Upload(exchange, stream(b"x"), 1).cancel()
    await _settle()

    assert (exchange.written, exchange.ends) == ([], [])


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
