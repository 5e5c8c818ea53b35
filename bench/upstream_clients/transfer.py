"""The parts of a transfer that all HTTP clients of the comparison share: a timeout without progress, and the upload."""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType

from hub.errors import BadRequest
from hub.primitives.http import BodyStream

PIECE_BYTES = 64 * 1024


class Silence:
    """Bounds the time in which no byte moves in either direction.

    Entered around each wait for the resource server. The clock stands still while the caller is waited for: a browser
    that uploads slowly is no fault of the resource server.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timeout: asyncio.Timeout | None = None
        self._lifted = False

    async def __aenter__(self) -> None:
        self._timeout = asyncio.timeout(None if self._lifted else self._seconds)
        await self._timeout.__aenter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        timeout, self._timeout = self._timeout, None
        if timeout is not None:
            await timeout.__aexit__(kind, error, trace)

    def lift(self) -> None:
        """Stop the time: it is the caller's turn."""
        self._lifted = True
        self._move(None)

    def restart(self) -> None:
        """Begin to count again: something moved, and it is the resource server's turn."""
        self._lifted = False
        self._move(asyncio.get_running_loop().time() + self._seconds)

    def _move(self, when: float | None) -> None:
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(when)


class Upload:
    """The request's body on its way out. Reads the caller's stream one piece at a time, when the socket has room.

    Also the context manager round the caller's turn: what the caller's stream raises is kept, because an HTTP client
    would hide it in an error of its own.

    Attributes:
        announced: Length of the body; None if it is not known before its end.
        error: What ended the caller's stream before its time.
        on_error: Called when that happens; set once there is an answer to break off.
    """

    def __init__(self, pieces: BodyStream, announced: int | None, silence: Silence) -> None:
        self.announced = announced
        self.error: Exception | None = None
        self.on_error: Callable[[], object] = _nothing_yet
        self._pieces = pieces
        self._taken = 0
        self._silence = silence

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._taken == self.announced:
            raise StopAsyncIteration
        with self:
            piece = await anext(self._pieces, None)
            self._count(piece)
        if piece is None:
            raise StopAsyncIteration
        return piece

    def __enter__(self) -> None:
        self._silence.lift()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._silence.restart()
        if isinstance(error, Exception):
            self.error = error
            self.on_error()

    def _count(self, piece: bytes | None) -> None:
        self._taken += len(piece or b"")
        if self.announced is None:
            return
        if self._taken > self.announced or (piece is None and self._taken < self.announced):
            raise BadRequest("The body does not have the length that was announced for it.")


def open_upload(body: bytes | BodyStream, body_bytes: int | None, silence: Silence) -> Upload | None:
    """Return the body as an upload; None if it is so small that it leaves together with the head."""
    if not isinstance(body, bytes):
        return Upload(aiter(body), body_bytes, silence)
    return Upload(_pieces(body), len(body), silence) if len(body) > PIECE_BYTES else None


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    """Cut a large body, so that its progress can be seen."""
    for start in range(0, len(body), PIECE_BYTES):
        yield body[start : start + PIECE_BYTES]


def _nothing_yet() -> None:
    """Stand in until there is an answer to break off."""


def wire_text(name: str, value: str) -> str:
    """Return what a client that writes UTF-8 must be given to send the bytes of `value` (ISO 8859-1)."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except UnicodeError as error:
        raise BadRequest(f"The header {name} is in an unknown encoding; use ASCII or UTF-8.") from error
