"""One request and its response: what the caller waits for, and the timeouts."""

import asyncio
from typing import Protocol

from hub.upstream.failure import ConnectionBroken, Failure, HeadLate, ResponseClosed, ServerStalled, UploadFailed
from hub.upstream.request import Request
from hub.upstream.response import UpstreamResponse
from hub.upstream.upload import Upload


class ExchangeTransport(Protocol):
    """The connection, as an exchange uses it. A protocol, because the connection imports this module."""

    async def writable(self) -> None:
        """Wait until the socket accepts more bytes."""

    def write(self, *parts: bytes) -> None:
        """Write bytes to the socket."""

    def resume_reading(self) -> None:
        """Resume reading from the socket, if back-pressure had paused it."""

    def fail(self, failure: Failure) -> None:
        """Abort the connection and fail its exchange."""


class UpstreamExchange:
    """The state of one request and its response. The connection creates it, and releases it when the response is complete.

    The stall timeout counts the time in which no byte moves in either direction while the caller waits for the API. It does not
    count while the API waits for the caller: for the next chunk of the upload, or for the caller to read the response.

    Attributes:
        response: The response, as far as it has arrived.
        is_sent: Whether the whole request was written to the socket.
        is_callers_turn: Whether the upload waits for the next chunk of the caller.
    """

    __slots__ = (
        "_connection",
        "_failure",
        "_head_by",
        "_stall_seconds",
        "_stalled_since",
        "_upload",
        "_waiter",
        "is_callers_turn",
        "is_sent",
        "response",
    )

    def __init__(self, connection: ExchangeTransport, request: Request, stall_seconds: float, head_by: float | None) -> None:
        """Parameters:
        stall_seconds: The stall timeout.
        head_by: Time of the loop's clock at which the head of the response must have arrived; None: no limit.
        """
        self.response = UpstreamResponse(request.method)
        self.is_sent = request.body is None
        self.is_callers_turn = False
        self._connection: ExchangeTransport | None = connection
        self._stall_seconds = stall_seconds
        self._head_by = head_by
        self._stalled_since: float | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._failure: Failure | None = None
        self._upload = None if request.body is None else Upload(self, request.body, request.body_bytes)

    # -- for the caller -----------------------------------------------------------------------------------------------

    async def head(self) -> None:
        """Wait for the head of the response. Cancellation aborts the connection.

        Raises:
            Failure: There is no response.
        """
        if not self.response.has_head:
            await self._wait()
        self._head_by = None

    async def read(self) -> bytes:
        """Wait for the next bytes of the body and return them; empty at the end. Cancellation aborts the connection.

        Raises:
            Failure: The response is incomplete.
        """
        response = self.response
        while self._failure is not None or not (response.chunks or response.is_complete):
            await self._wait()
        if self._connection is not None:
            self._connection.resume_reading()
        return response.take()

    def close(self) -> None:
        """Abort the connection, unless the response is complete and the connection is back in the pool."""
        if self._connection is not None:
            self._connection.fail(ResponseClosed())

    async def _wait(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        except asyncio.CancelledError:
            self._waiter = None  # nobody would retrieve its exception
            self.close()
            raise

    # -- for the connection -------------------------------------------------------------------------------------------

    def feed(self, data: memoryview) -> None:
        """Parse received bytes, and wake the caller if there is something for it.

        Raises:
            NotHttp: The response is not valid.
        """
        self._stalled_since = None
        self.response.feed(data)
        if self._waiter is not None and self.response.has_head:
            self._wake(self._waiter)

    def finish(self) -> None:
        """Release the connection, because the response is complete. The rest of the upload is canceled."""
        self._connection = None
        if self._upload is not None:
            self._upload.cancel()
        if self._waiter is not None:
            self._wake(self._waiter)

    def fail(self, failure: Failure) -> None:
        """Release the connection, because it was aborted."""
        self._failure = failure
        self._connection = None
        if self._upload is not None:
            self._upload.cancel()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(failure)

    def upload_progressed(self) -> None:
        """Record that the API has accepted bytes, which restarts the stall timeout."""
        self._stalled_since = None

    def overdue(self, now: float, running_seconds: float) -> Failure | None:
        """Return the failure if a timeout has expired; None otherwise. The stall timeout has the precision of these checks.

        Parameters:
            now: Time of the loop's clock.
            running_seconds: Time for which this process was running. Time in which it was suspended does not count.
        """
        if self._head_by is not None and now >= self._head_by and not self.response.has_head:
            return HeadLate()
        if self._waiter is None or self.is_callers_turn:
            self._stalled_since = None
        elif self._stalled_since is None:
            self._stalled_since = running_seconds
        elif running_seconds - self._stalled_since >= self._stall_seconds:
            return ServerStalled("no byte moved in either direction in time")
        return None

    def _wake(self, waiter: asyncio.Future[None]) -> None:
        self._waiter = None
        if not waiter.done():
            waiter.set_result(None)

    # -- for the upload -----------------------------------------------------------------------------------------------

    async def writable(self) -> None:
        """Return when the socket takes more."""
        if self._connection is not None:
            await self._connection.writable()

    def write(self, *parts: bytes) -> None:
        """Hand bytes to the socket."""
        self._stalled_since = None
        if self._connection is not None:
            self._connection.write(*parts)

    def upload_ended(self, error: BaseException | None) -> None:
        """Record the end of the upload. With an error, fail the exchange; the caller gets the error."""
        if error is None:
            self.is_sent = True
        elif self._connection is not None:
            cancelled = ConnectionBroken("the upload was canceled")
            self._connection.fail(UploadFailed(error) if isinstance(error, Exception) else cancelled)
