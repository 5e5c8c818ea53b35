"""Carries an upload from the connection, which pushes, to the pipeline, which pulls. One read of the socket waits at most."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from hub.errors import UploadStalled
from hub.listener.exchange import Exchange

STALL_SECONDS = 60.0  # a browser that sends nothing for so long is not coming back; its upstream connection is freed


class BodyPipe:
    """The body of one request on its way."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._pieces: deque[bytes] = deque()
        self._is_whole = False
        self._is_abandoned = False
        self._arrived: asyncio.Future[None] | None = None

    def push(self, piece: bytes) -> None:
        """Take a piece; the browser is read on when it was pulled."""
        if not self._is_abandoned:
            self._pieces.append(piece)
            self._exchange.hold()
            self._tell()

    def end(self) -> None:
        """Know that the body is whole."""
        self._is_whole = True
        self._tell()

    def abandon(self) -> None:
        """Say that the rest will not be read: it is dropped as it comes."""
        self._is_abandoned = True
        self._pieces.clear()
        self._exchange.release()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._pieces:
            self._exchange.release()
            if self._is_whole:
                raise StopAsyncIteration
            await self._next()
        return self._pieces.popleft() if self._pieces else await self.__anext__()

    async def _next(self) -> None:
        """Wait until something has come.

        Raises:
            UploadStalled: Nothing has.
        """
        self._arrived = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await self._arrived
        except TimeoutError as error:
            raise UploadStalled(f"Nothing was received for {STALL_SECONDS:.0f} seconds.") from error
        finally:
            self._arrived = None

    def _tell(self) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)
