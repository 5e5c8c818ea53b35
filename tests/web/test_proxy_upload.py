"""Uploads on their way from the connection to the pipeline."""

import asyncio

import pytest

from hub.config.settings import UpstreamSettings
from hub.errors import UploadStalled
from hub.gateway.upload_pace import UploadPace
from hub.web.proxy import UploadPipe
from tests.parties.clock import ManualClock


class Line:
    """What a pipe does to its exchange: read, or wait."""

    def __init__(self) -> None:
        self.is_held = False

    def hold(self) -> None:
        """Read no more."""
        self.is_held = True

    def release(self) -> None:
        """Read on."""
        self.is_held = False


@pytest.fixture
def line() -> Line:
    """The exchange."""
    return Line()


@pytest.fixture
def pipe(line: Line, clock: ManualClock) -> UploadPipe:
    """A pipe."""
    return UploadPipe(line, UploadPace(UpstreamSettings(), clock))  # type: ignore[arg-type]


async def taken(pipe: UploadPipe) -> list[bytes]:
    """Return everything that comes out."""
    return [piece async for piece in pipe]


async def test_pieces_in_order(pipe: UploadPipe) -> None:
    """What was pushed comes out, then the end."""
    for piece in (b"1", b"2", b"3"):
        pipe.push(piece)
    pipe.end()

    assert await taken(pipe) == [b"1", b"2", b"3"]


async def test_nothing(pipe: UploadPipe) -> None:
    """A body may be empty, and be so before or after somebody asks."""
    asking = asyncio.create_task(taken(pipe))
    await asyncio.sleep(0)
    pipe.end()

    assert (await asking, await taken(pipe)) == ([], [])


async def test_one_piece_at_a_time(pipe: UploadPipe, line: Line) -> None:
    """The browser is read on only when what has come was taken."""
    pieces = aiter(pipe)
    held = []
    for piece in (b"1", b"2"):
        asking = asyncio.ensure_future(anext(pieces))
        await asyncio.sleep(0)
        held.append(line.is_held)
        pipe.push(piece)
        held.append(line.is_held)
        assert await asking == piece
    pipe.push(b"3")
    await asyncio.sleep(0)

    assert (held, line.is_held) == ([False, True, False, True], True)


async def test_abandoned(pipe: UploadPipe, line: Line) -> None:
    """What nobody wants any more is dropped as it comes, and holds nothing."""
    pipe.push(b"1")
    pipe.abandon()
    pipe.push(b"2")
    pipe.end()

    assert (line.is_held, await taken(pipe)) == (False, [])


async def test_stalled(pipe: UploadPipe, clock: ManualClock) -> None:
    """A browser that sends nothing for too long is given up."""
    pipe.push(b"1")
    pieces = aiter(pipe)

    assert await anext(pieces) == b"1"
    waiting = asyncio.ensure_future(anext(pieces))
    await clock.advance(UpstreamSettings().upload_grace_seconds)
    with pytest.raises(UploadStalled):
        await waiting


async def test_cancelled(pipe: UploadPipe) -> None:
    """Whoever waits for a piece can be cancelled; what comes then harms nobody."""
    asking = asyncio.ensure_future(anext(aiter(pipe)))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    pipe.push(b"1")
    pipe.end()

    assert await taken(pipe) == [b"1"]
