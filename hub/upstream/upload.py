"""Upload of a request body, chunk by chunk. The caller's stream is read only when the socket accepts bytes (back-pressure)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from hub.primitives.http import BodyStream
from hub.primitives.tasks import start_task
from hub.upstream.failure import InvalidRequest
from hub.upstream.request import CHUNK_BYTES


class UploadTransport(Protocol):
    """The exchange, as an upload uses it. A protocol, because the exchange imports this module.

    Attributes:
        is_callers_turn: Whether the upload waits for the caller. That time does not count toward the stall timeout.
    """

    is_callers_turn: bool

    async def writable(self) -> None:
        """Wait until the socket accepts more bytes."""

    def write(self, *parts: bytes) -> None:
        """Write bytes to the socket."""

    def upload_ended(self, error: BaseException | None) -> None:
        """Record the end of the upload; `error` is None if all was sent."""


class Upload:
    """Sends a body in its own task. The response may begin before the upload ends."""

    def __init__(self, transport: UploadTransport, body: bytes | BodyStream, body_bytes: int | None) -> None:
        self._transport = transport
        self._chunks = _cut(body) if isinstance(body, bytes) else aiter(body)
        self._announced = body_bytes
        self._sent = 0
        self._is_canceled = False
        self._task = start_task(self._send(), "upload", self._ended)

    def cancel(self) -> None:
        """Cancel the rest of the upload."""
        self._is_canceled = True
        self._task.cancel()

    async def _send(self) -> None:
        while self._sent != self._announced:
            await self._transport.writable()
            chunk = await self._next()
            if chunk is None:
                break
            self._write(chunk)
        self._finish()

    async def _next(self) -> bytes | None:
        self._transport.is_callers_turn = True
        chunk = await anext(self._chunks, None)
        self._transport.is_callers_turn = False
        return chunk

    def _write(self, chunk: bytes) -> None:
        self._sent += len(chunk)
        if self._announced is None:
            if chunk:
                self._transport.write(b"%x\r\n" % len(chunk), chunk, b"\r\n")
            return
        if self._sent > self._announced:
            raise _other_length()
        self._transport.write(chunk)

    def _finish(self) -> None:
        if self._announced is None:
            self._transport.write(b"0\r\n\r\n")
        elif self._sent < self._announced:
            raise _other_length()
        self._transport.upload_ended(None)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None and not self._is_canceled:
            self._transport.upload_ended(error)


def _other_length() -> InvalidRequest:
    return InvalidRequest("The body does not have the announced length.")


async def _cut(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), CHUNK_BYTES):
        yield body[start : start + CHUNK_BYTES]
