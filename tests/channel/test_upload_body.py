"""The body of an upload, between the frames of the client and its reader."""

import asyncio

import pytest

from hub.channel.upload_body import UploadBody
from hub.config.settings import UpstreamSettings
from hub.errors import UploadStalled
from hub.gateway.upload_pace import UploadPace
from hub.primitives.clock import SystemClock
from tests.parties.clock import ManualClock


def pace() -> UploadPace:
    """Return a pace with which every client of these tests keeps up."""
    return UploadPace(UpstreamSettings(), SystemClock())


async def test_segments_in_order() -> None:
    """Each segment is accepted when it is read, not when it comes: that is when the client gets credit again."""
    accepted: list[int] = []
    body = UploadBody(accepted.append, pace())
    body.feed(b"abc", end=False)
    body.feed(b"", end=False)
    body.feed(b"de", end=True)

    assert accepted == []
    assert await anext(body) == b"abc"
    assert accepted == [3]
    assert [each async for each in body] == [b"de"]
    assert accepted == [3, 2]


async def test_reader_waits() -> None:
    """A reader that is faster than the client gets each segment as it comes, and then the end."""
    body = UploadBody(lambda _: None, pace())
    reading = asyncio.create_task(anext(body))
    await asyncio.sleep(0)
    assert not reading.done()
    body.feed(b"", end=False)
    await asyncio.sleep(0)
    assert not reading.done()
    body.feed(b"a", end=False)
    assert await reading == b"a"

    ending = asyncio.create_task(anext(body, None))
    await asyncio.sleep(0)
    body.feed(b"", end=True)
    assert await ending is None


async def test_connection_closes_in_the_middle() -> None:
    """What has come can be read; then the reader is told, whether it waits already or asks later."""
    body = UploadBody(lambda _: None, pace())
    body.feed(b"a", end=False)
    body.abandon()

    assert await anext(body) == b"a"
    with pytest.raises(UploadStalled):
        await anext(body)

    waiting = UploadBody(lambda _: None, pace())
    reading = asyncio.create_task(anext(waiting))
    await asyncio.sleep(0)
    waiting.abandon()
    with pytest.raises(UploadStalled):
        await reading


async def test_connection_closes_after_the_end() -> None:
    """A complete upload is complete."""
    body = UploadBody(lambda _: None, pace())
    body.feed(b"a", end=True)
    body.abandon()

    assert [each async for each in body] == [b"a"]


async def test_client_that_is_too_slow() -> None:
    """It is given up, and its reader told so."""
    clock = ManualClock()
    body = UploadBody(lambda _: None, UploadPace(UpstreamSettings(), clock))
    body.feed(b"a", end=False)
    assert await anext(body) == b"a"
    reading = asyncio.create_task(anext(body))
    await clock.advance(UpstreamSettings().upload_grace_seconds)

    with pytest.raises(UploadStalled):
        await reading
