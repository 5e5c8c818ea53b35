"""The stream of a connection on Tornado's server, with the timeouts and limits that Tornado lacks.

Tornado's HTTP code reads and writes through it. It adds a check of each head before Tornado sees it, timeouts within which a
client has to make progress, the count of bytes that wait to be sent, the work budget of the connection (each read is work), and a
lingering close, so that responses are not lost.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, cast

from tornado.ioloop import IOLoop
from tornado.iostream import IOStream, StreamClosedError

from hub.listener.acceptor import has_unread_bytes
from hub.listener.wire import AT_ONCE
from hub.listener.work_budget import CLOSE, REQUEST_WORK, WorkBudget
from hub.primitives.clock import Clock

WRITE_BYTES = 64 * 1024  # size of one write; each completed write counts as progress of the client
LINGER_BYTES = 1024 * 1024  # bytes that a lingering close drops before it aborts the connection
LINGER_SECONDS = 5.0
DROP_BYTES = 64 * 1024
MAX_EMPTY_LINES = 64  # bytes of line ends before a request

MALFORMED = b"HTTP/1.1 400 Bad Request\r\n\r\n"
"""The response that Tornado writes to an invalid request, whatever was sent before."""


class StreamOwner(Protocol):
    """The connection, as a stream uses it. A protocol, because the connection imports this module."""

    def check_head(self, data: bytes) -> bool:
        """Return whether Tornado gets a head; False: it was rejected."""

    def malformed(self) -> None:
        """Reject a request that Tornado could not parse."""

    def drained(self) -> None:
        """Handle that all waiting bytes were sent."""

    def abused(self) -> None:
        """Close the connection, because it has been throttled for too long."""

    def connection_lost(self) -> None:
        """Handle the end of the connection."""


class GuardedStream:
    """Wraps an `IOStream` with the same interface for Tornado's HTTP code.

    Attributes:
        owner: Set by its creator.
        expects_more: Whether the client may still send: then a close lingers, so that it is not reset under the response.
        unsent_bytes: Bytes that wait because the client does not take them.
        work: The work budget of the connection.
    """

    owner: StreamOwner

    def __init__(
        self,
        stream: IOStream,
        now: Callable[[], float],
        may_read: Callable[[], bool],
        *,
        is_tls: bool,
        work: WorkBudget,
        clock: Clock,
    ) -> None:
        self.io_loop: IOLoop = stream.io_loop
        self.max_buffer_size = stream.max_buffer_size
        self.socket = stream.socket
        self.expects_more = False
        self.unsent_bytes = 0
        self.work = work
        self._clock = clock
        self._stream = stream
        self._now = now
        self._may_read = may_read
        self._is_tls = is_tls
        self._active_at = now()
        self._reading: asyncio.Future[bytes] | None = None
        self._writers: list[asyncio.Future[None]] = []
        self._close_callback: Callable[[], None] | None = None
        self._is_closed = False
        self._lingers = False  # everything was sent, and the client may still close by itself
        self._dropped = 0
        self._is_waiting_for_head = False
        stream.set_close_callback(self._lost)

    # -- in -----------------------------------------------------------------------------------------------------------

    def read_until_regex(self, regex: bytes, max_bytes: int | None = None) -> Awaitable[bytes]:
        """Read the head of a request. It fails with `StreamClosedError` if the head was rejected."""
        if self._is_closed or not self._may_read():
            self.close()
        self._is_waiting_for_head = True
        return self._read(lambda: self._stream.read_until_regex(regex, max_bytes), checks_head=True)

    def read_until(self, delimiter: bytes, max_bytes: int | None = None) -> Awaitable[bytes]:
        """Read until a delimiter."""
        return self._read(lambda: self._stream.read_until(delimiter, max_bytes))

    def read_bytes(self, num_bytes: int, partial: bool = False) -> Awaitable[bytes]:
        """Read a number of bytes; with `partial`, those available, and at least one."""
        return self._read(lambda: self._stream.read_bytes(num_bytes, partial))

    def _read(self, read: Callable[[], Awaitable[bytes]], *, checks_head: bool = False) -> "asyncio.Future[bytes]":
        result: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        result.add_done_callback(_take_note)
        if self._is_closed:
            result.set_exception(StreamClosedError())
            return result
        self._reading = result
        self._active_at = self._now()
        if self.work.left <= 0:
            self._pause(partial(self._begin_work, read, checks_head=checks_head))
        else:
            self._begin_work(read, checks_head=checks_head)
        return result

    def _begin_work(self, read: Callable[[], Awaitable[bytes]], *, checks_head: bool) -> None:
        self.work.left -= REQUEST_WORK if checks_head else 1
        self._begin(read, checks_head=checks_head, empty_bytes=0)

    def _pause(self, begin: Callable[[], None]) -> None:
        """Let other connections have their turn: the read begins in the next one, or later if the client is throttled."""
        wait = self.work.pause(self._clock.monotonic())
        go_on = partial(self._end_pause, self._reading, begin)
        if wait == CLOSE:
            wait = 0.0
            self.owner.abused()
        if wait:
            self._clock.call_later(wait, go_on)
        else:
            asyncio.get_running_loop().call_soon(go_on)

    async def next_turn(self) -> bool:
        """Wait until more of the work of a message may be done; raises and returns as `WorkBudget.next_turn`."""
        return await self.work.next_turn(self._clock)

    def _end_pause(self, reading: "asyncio.Future[bytes] | None", begin: Callable[[], None]) -> None:
        self.work.refill()
        if reading is not None and self._reading is reading:
            self._active_at = self._now()
            begin()

    def _begin(self, read: Callable[[], Awaitable[bytes]], *, checks_head: bool, empty_bytes: int) -> None:
        try:
            reading = cast("asyncio.Future[bytes]", read())  # the type that each read of a Tornado stream returns
        except StreamClosedError as error:
            self._fail(error)
            return
        go_on = partial(self._has_read, read, checks_head, empty_bytes)
        if reading.done():
            go_on(reading)
        else:
            reading.add_done_callback(go_on)

    def _has_read(
        self, read: Callable[[], Awaitable[bytes]], checks_head: bool, empty_bytes: int, reading: "asyncio.Future[bytes]"
    ) -> None:
        """Pass the result of a read on, unless the reader was canceled."""
        if reading.cancelled() or (error := reading.exception()) is not None:
            self._fail(StreamClosedError() if reading.cancelled() else error)
            return
        data = reading.result()
        if self._reading is None:
            self._drop(len(data))
        elif not checks_head:
            self._succeed(data)
        elif data.strip(b"\r\n"):
            self._is_waiting_for_head = False
            if self.owner.check_head(data):
                self._succeed(data)
        elif empty_bytes + len(data) > MAX_EMPTY_LINES:
            self.close()
        else:
            self._begin(read, checks_head=True, empty_bytes=empty_bytes + len(data))

    def _succeed(self, data: bytes) -> None:
        reading, self._reading = self._reading, None
        self._active_at = self._now()
        if reading is not None and not reading.done():
            reading.set_result(data)

    def _fail(self, error: BaseException | None) -> None:
        reading, self._reading = self._reading, None
        if reading is not None and not reading.done():
            reading.set_exception(error or StreamClosedError())

    # -- out ----------------------------------------------------------------------------------------------------------

    def write(self, data: bytes | memoryview) -> "asyncio.Future[None]":
        """Write bytes. The result is done when the kernel has accepted them.

        Raises:
            StreamClosedError: The connection is closed.
        """
        if self.closed():
            raise StreamClosedError
        if data == MALFORMED:
            done = asyncio.get_running_loop().create_future()
            done.set_result(None)
            self.owner.malformed()
            return done
        if not self.unsent_bytes:
            self._active_at = self._now()
        view = memoryview(data)
        written = self._write(view[:WRITE_BYTES])
        for at in range(WRITE_BYTES, len(view), WRITE_BYTES):
            if self._stream.closed():
                break
            written = self._write(view[at : at + WRITE_BYTES])
        return written

    def _write(self, piece: memoryview) -> "asyncio.Future[None]":
        written = self._stream.write(piece)
        if not written.done():
            self.unsent_bytes += len(piece)
            written.add_done_callback(partial(self._was_taken, len(piece)))
        return written

    def _was_taken(self, size: int, written: "asyncio.Future[None]") -> None:
        self._active_at = self._now()
        self.unsent_bytes -= size
        if self.unsent_bytes or written.cancelled() or written.exception() is not None:
            return
        self._let_writers_go()
        if self._is_closed:
            self._end()
        else:
            self.owner.drained()

    async def drain(self) -> None:
        """Wait until all bytes were sent. Returns at once if the connection is closed."""
        if self.unsent_bytes and not self._is_closed:
            waiting = asyncio.get_running_loop().create_future()
            self._writers.append(waiting)
            await waiting

    def _let_writers_go(self) -> None:
        writers, self._writers = self._writers, []
        for writer in writers:
            if not writer.done():
                writer.set_result(None)

    def set_nodelay(self, value: bool) -> None:
        """Set TCP_NODELAY."""
        if not self._stream.closed():
            self._stream.set_nodelay(value)

    def set_option(self, level: int, option: int, value: int | bytes) -> None:
        """Set an option of the socket."""
        if not self._stream.closed():
            self._stream.socket.setsockopt(level, option, value)

    # -- the end ------------------------------------------------------------------------------------------------------

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        """Set the callback for the end of the connection."""
        self._close_callback = callback

    @property
    def is_connected(self) -> bool:
        """Whether the socket is open, be it for a lingering close."""
        return not self._stream.closed()

    def closed(self) -> bool:
        """Return whether the connection is closed or closing."""
        return self._is_closed or self._stream.closed()

    def close(self, exc_info: object = False) -> None:
        """Close after all bytes were sent. Lingering close: input is dropped for a while, because a reset could make the client
        lose the response (RFC 9112 section 9.6)."""
        if self._is_closed:
            return
        self._is_closed = True
        self._fail(StreamClosedError())
        self._let_writers_go()
        self._call_back()
        if self._is_waiting_for_head:
            self._stream.close()
        elif not self.unsent_bytes:
            self._end()

    def _end(self) -> None:
        """Handle that all bytes were sent."""
        if not self.expects_more or self._lingers or self._stream.closed():
            self._stream.close()
            return
        self._lingers = True
        self._active_at = self._now()
        if not self._is_tls:
            try:
                self._stream.socket.shutdown(socket.SHUT_WR)
            except OSError:
                self._stream.close()
                return
        if not self._stream.reading():
            self._drop(0)

    def _drop(self, size: int) -> None:
        """Read and drop input during the lingering close."""
        self._dropped += size
        if self._dropped > LINGER_BYTES or self._stream.closed():
            self._stream.close()
        else:
            self._begin(lambda: self._stream.read_bytes(DROP_BYTES, partial=True), checks_head=False, empty_bytes=0)

    def abort(self) -> None:
        """Abort the connection."""
        self._stream.close()

    def reset(self) -> None:
        """Reset the connection, so that the client does not take an incomplete response for a complete one."""
        self.set_option(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.abort()

    def _lost(self) -> None:
        self._is_closed = True
        self.unsent_bytes = 0
        self._fail(StreamClosedError())
        self._let_writers_go()
        self._call_back()
        self.owner.connection_lost()

    def _call_back(self) -> None:
        callback, self._close_callback = self._close_callback, None
        if callback is not None:
            self.io_loop.add_callback(callback)

    # -- from the listener --------------------------------------------------------------------------------------------

    def check_progress(self, now: float, seconds: float) -> None:
        """Abort the connection if its client made no progress for too long.

        Parameters:
            seconds: For its next request, or for a part of one, or until it takes more of a response.
        """
        waits_for_client = self.unsent_bytes or self._reading is not None or self._lingers
        if waits_for_client and now - self._active_at > (LINGER_SECONDS if self._lingers else seconds):
            self.abort()

    def check_upgraded(self, now: float, seconds: float, *, is_started: bool) -> None:
        """Abort an upgraded connection that nobody has started, or whose client reads nothing, for so many seconds."""
        if (self.unsent_bytes or not is_started) and now - self._active_at > seconds:
            self.abort()

    @property
    def idle_since(self) -> float | None:
        """When the connection became idle, as of the last sweep; None if it is not idle."""
        return self._active_at if self._is_waiting_for_head and self._reading is not None and not self.unsent_bytes else None

    def close_if_idle(self) -> None:
        """Close the connection if it waits for a request, and none has just arrived."""
        if self._is_waiting_for_head and self._reading is not None and not has_unread_bytes(self.socket):
            self.close()


def _take_note(future: "asyncio.Future[bytes]") -> None:
    """Retrieve a result that Tornado may have abandoned."""
    if not future.cancelled():
        future.exception()
