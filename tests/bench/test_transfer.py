"""The bound on silence, and the body on its way out."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bench.upstream_clients.transfer import PIECE_BYTES, Silence, open_upload
from hub.errors import BadRequest
from tests.parties.clock import leap

SILENCE_SECONDS = 20.0


async def pass_(seconds: float) -> None:
    """Let `seconds` pass at once, and the timers that are due then be called."""
    leap(seconds)
    for _ in range(3):
        await asyncio.sleep(0)


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    """Yield pieces."""
    for piece in pieces:
        yield piece


class TestSilence:
    async def test_ends_a_wait(self):
        """Nothing moving for the whole time is a timeout."""
        with pytest.raises(TimeoutError):
            async with Silence(SILENCE_SECONDS):
                await pass_(SILENCE_SECONDS + 1)

    async def test_may_be_entered_again(self):
        """Each wait has the whole time, and moving something outside of a wait is harmless."""
        silence = Silence(SILENCE_SECONDS)
        for _ in range(2):
            async with silence:
                silence.restart()
            silence.restart()
            silence.lift()

    async def test_stands_still_while_lifted(self):
        """During the caller's turn no time passes, and afterwards it begins anew."""
        silence, has_restarted = Silence(SILENCE_SECONDS), False
        with pytest.raises(TimeoutError):
            async with silence:
                silence.lift()
                await pass_(3 * SILENCE_SECONDS)
                silence.restart()
                await pass_(SILENCE_SECONDS - 1)
                has_restarted = True
                await pass_(2)

        assert has_restarted

    async def test_stays_lifted_when_entered(self):
        """A wait that begins during the caller's turn has no limit until the turn ends."""
        silence = Silence(SILENCE_SECONDS)
        silence.lift()
        async with silence:
            await pass_(3 * SILENCE_SECONDS)


class TestUpload:
    async def test_small_bytes_are_no_upload(self):
        """What fits into one write leaves with the head."""
        assert open_upload(bytes(PIECE_BYTES), None, Silence(1)) is None

    async def test_cuts_large_bytes(self):
        """Large bodies in hand are sent in pieces, and their true length is announced."""
        upload = open_upload(bytes(PIECE_BYTES + 1), None, Silence(1))

        assert upload is not None
        assert (upload.announced, [len(piece) async for piece in upload]) == (PIECE_BYTES + 1, [PIECE_BYTES, 1])

    async def test_is_over_at_the_announced_length(self):
        """The end of the caller's stream is not waited for when all that was announced is there."""
        pieces: asyncio.Queue[bytes] = asyncio.Queue()

        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield await pieces.get()

        pieces.put_nowait(b"abc")
        upload = open_upload(endless(), 3, Silence(1))

        assert upload is not None
        assert [piece async for piece in upload] == [b"abc"]

    @pytest.mark.parametrize("pieces", [(b"a",), (b"abcd",), ()])
    async def test_keeps_to_the_announced_length(self, pieces):
        """A stream of another length is an error that is kept and announced."""
        upload = open_upload(stream(*pieces), 3, Silence(1))
        assert upload is not None
        broken_off = asyncio.Event()
        upload.on_error = broken_off.set
        with pytest.raises(BadRequest) as caught:
            [piece async for piece in upload]

        assert caught.value is upload.error
        assert broken_off.is_set()
