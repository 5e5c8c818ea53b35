"""A request's body on its way out, one piece at a time: the caller's stream is read when the socket has room."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from hub.primitives.http import BodyStream
from hub.upstream.failure import InvalidRequest
from hub.upstream.request import PIECE_BYTES


class Way(Protocol):
    """What an upload asks of the exchange that it belongs to. A callback upward: the exchange imports uploads.

    Attributes:
        is_callers_turn: Whether the caller is waited for: that is no silence of the resource server.
    """

    is_callers_turn: bool

    async def room(self) -> None:
        """Return when the socket takes more."""

    def write(self, *parts: bytes) -> None:
        """Hand bytes to the socket."""

    def upload_ended(self, error: BaseException | None) -> None:
        """Take note that nothing more follows, because all was sent or because of `error`."""


class Upload:
    """Sends a body in a task of its own, while the answer may come already."""

    def __init__(self, way: Way, body: bytes | BodyStream, body_bytes: int | None) -> None:
        self._way = way
        self._pieces = _cut(body) if isinstance(body, bytes) else aiter(body)
        self._announced = body_bytes
        self._sent = 0
        self._is_given_up = False
        self._task = asyncio.create_task(self._send())
        self._task.add_done_callback(self._ended)

    def cancel(self) -> None:
        """Give up what was not sent."""
        self._is_given_up = True
        self._task.cancel()

    async def _send(self) -> None:
        while self._sent != self._announced:
            await self._way.room()
            piece = await self._next()
            if piece is None:
                break
            self._write(piece)
        self._finish()

    async def _next(self) -> bytes | None:
        self._way.is_callers_turn = True
        piece = await anext(self._pieces, None)
        self._way.is_callers_turn = False
        return piece

    def _write(self, piece: bytes) -> None:
        self._sent += len(piece)
        if self._announced is None:
            if piece:
                self._way.write(b"%x\r\n" % len(piece), piece, b"\r\n")
            return
        if self._sent > self._announced:
            raise _other_length()
        self._way.write(piece)

    def _finish(self) -> None:
        if self._announced is None:
            self._way.write(b"0\r\n\r\n")
        elif self._sent < self._announced:
            raise _other_length()
        self._way.upload_ended(None)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None and not self._is_given_up:
            self._way.upload_ended(error)


def _other_length() -> InvalidRequest:
    return InvalidRequest("The body does not have the length that was announced for it.")


async def _cut(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), PIECE_BYTES):
        yield body[start : start + PIECE_BYTES]
