"""One request on its way and its answer: what the caller waits for, and for how long."""

import asyncio
from typing import Protocol

from hub.upstream.failure import ConnectionBroken, Failure, HeadLate, ResponseClosed, ServerStalled, UploadFailed
from hub.upstream.request import Request
from hub.upstream.response import UpstreamResponse
from hub.upstream.upload import Upload


class ExchangeTransport(Protocol):
    """What an exchange asks of the connection that it runs over. A callback upward: the connection imports exchanges."""

    async def room(self) -> None:
        """Return when the socket takes more."""

    def write(self, *parts: bytes) -> None:
        """Hand bytes to the socket."""

    def read_on(self) -> None:
        """Read again, if reading had been stopped because nobody took what came."""

    def fail(self, failure: Failure) -> None:
        """Abort the connection, and with it the exchange that runs over it."""


class UpstreamExchange:
    """Made by the connection, which feeds it. There is one caller; the connection lets go of it when the answer is complete.

    Silence is the time in which no byte moves in either direction while the caller waits for the resource server. It does
    not count while the resource server waits for the caller: for the next piece of the upload, or to have the answer read.

    Attributes:
        answer: As far as it has come.
        is_sent: Whether the whole request was handed to the socket.
        is_callers_turn: Whether the next piece of the upload is waited for.
    """

    __slots__ = (
        "_failure",
        "_head_by",
        "_line",
        "_quiet_since",
        "_silence_seconds",
        "_upload",
        "_waiter",
        "answer",
        "is_callers_turn",
        "is_sent",
    )

    def __init__(self, line: ExchangeTransport, request: Request, silence_seconds: float, head_by: float | None) -> None:
        """Parameters:
        silence_seconds: How long nothing may move.
        head_by: Instant of the loop's clock at which the answer's head must be there; None: whenever.
        """
        self.answer = UpstreamResponse(request.method)
        self.is_sent = request.body is None
        self.is_callers_turn = False
        self._line: ExchangeTransport | None = line
        self._silence_seconds = silence_seconds
        self._head_by = head_by
        self._quiet_since: float | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._failure: Failure | None = None
        self._upload = None if request.body is None else Upload(self, request.body, request.body_bytes)

    # -- for the caller -----------------------------------------------------------------------------------------------

    async def head(self) -> None:
        """Wait until the answer's head is there. Being cancelled aborts the connection.

        Raises:
            Failure: There is none.
        """
        if not self.answer.has_head:
            await self._wait()
        self._head_by = None

    async def read(self) -> bytes:
        """Return what has come of the body since the last time, waiting for it; empty at its end. Cancelled, it aborts.

        Raises:
            Failure: The answer broke off.
        """
        answer = self.answer
        while self._failure is not None or not (answer.pieces or answer.is_complete):
            await self._wait()
        if self._line is not None:
            self._line.read_on()
        return answer.take()

    def close(self) -> None:
        """Abort the connection, unless the answer has come whole and the connection belongs to the pool again."""
        if self._line is not None:
            self._line.fail(ResponseClosed())

    async def _wait(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        except asyncio.CancelledError:
            self.close()
            raise

    # -- for the connection -------------------------------------------------------------------------------------------

    def feed(self, data: memoryview) -> None:
        """Read on; the caller gets its turn when there is something for it.

        Raises:
            NotHttp: The answer cannot be used.
        """
        self._quiet_since = None
        self.answer.feed(data)
        if self._waiter is not None and self.answer.has_head:
            self._wake(self._waiter)

    def finish(self) -> None:
        """Let go of the connection: the answer is complete. What was not sent of the upload is given up."""
        self._line = None
        if self._upload is not None:
            self._upload.cancel()
        if self._waiter is not None:
            self._wake(self._waiter)

    def fail(self, failure: Failure) -> None:
        """Let go of the connection: it was aborted."""
        self._failure = failure
        self._line = None
        if self._upload is not None:
            self._upload.cancel()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(failure)

    def moved(self) -> None:
        """Take note that the resource server has taken bytes."""
        self._quiet_since = None

    def overdue(self, now: float, awake: float) -> Failure | None:
        """Return the failure that has come by now; None if there is none. Silence counts from one look to another.

        Parameters:
            now: By the loop's clock.
            awake: Seconds for which anybody here was listening, by a clock that stands still with this process.
        """
        if self._head_by is not None and now >= self._head_by and not self.answer.has_head:
            return HeadLate()
        if self._waiter is None or self.is_callers_turn:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = awake
        elif awake - self._quiet_since >= self._silence_seconds:
            return ServerStalled("nothing came, and nothing was taken, in time")
        return None

    def _wake(self, waiter: asyncio.Future[None]) -> None:
        self._waiter = None
        if not waiter.done():
            waiter.set_result(None)

    # -- for the upload -----------------------------------------------------------------------------------------------

    async def room(self) -> None:
        """Return when the socket takes more."""
        if self._line is not None:
            await self._line.room()

    def write(self, *parts: bytes) -> None:
        """Hand bytes to the socket."""
        self._quiet_since = None
        if self._line is not None:
            self._line.write(*parts)

    def upload_ended(self, error: BaseException | None) -> None:
        """Take note that all was sent; or break off because of `error`, which is what the caller gets then."""
        if error is None:
            self.is_sent = True
        elif self._line is not None:
            cancelled = ConnectionBroken("the upload was cancelled")
            self._line.fail(UploadFailed(error) if isinstance(error, Exception) else cancelled)
