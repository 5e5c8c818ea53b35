"""Sends the outbox of one channel over its socket: one write for each loop turn, back-pressure, and slow readers."""

import asyncio
from collections.abc import Callable

from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.interfaces import ChannelSocket
from hub.channel.outbox import Outbox
from hub.config.settings import ChannelSettings

NEVER_SEEN = -(1 << 62)
SOCKET_FRAMES = 2  # frames in the socket: enough to keep it busy; few, because a small message cannot overtake them there


def _unlimited() -> int:
    """Return the credit of data without flow control."""
    return 1


class Sender:
    """Writes the outbox to the socket, and tells producers when to wait.

    Parameters of the constructor:
        on_unsent: Called when the operating system did not accept all of a write. From then on, `check_progress` must be called.
    """

    __slots__ = (
        "_has_unsent",
        "_loop",
        "_on_unsent",
        "_outbox",
        "_ping_is_due",
        "_progress_at",
        "_scheduled",
        "_sent",
        "_settings",
        "_socket",
        "_stopped",
        "_writable",
        "_written",
    )

    def __init__(self, outbox: Outbox, socket: ChannelSocket, settings: ChannelSettings, on_unsent: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._outbox = outbox
        self._socket = socket
        self._settings = settings
        self._on_unsent = on_unsent
        self._scheduled = False
        self._stopped = False
        self._has_unsent = False  # whether the socket buffers bytes; if not, its buffer need not be measured
        self._ping_is_due = False
        self._writable: asyncio.Event | None = None  # made when the first producer waits
        self._written = 0
        self._sent = NEVER_SEEN  # bytes that had left the buffer at the last progress; frame headers make it inexact
        self._progress_at = 0.0

    @property
    def is_full(self) -> bool:
        """Whether more bytes wait than `channel.outbox` allows. Producers then wait for `wait_writable`."""
        return self._outbox.waiting_bytes + self._buffered() > self._settings.outbox and not self._stopped

    @property
    def has_unsent(self) -> bool:
        """Whether messages, body frames or buffered bytes wait to be sent."""
        return self._has_unsent or bool(self._outbox)

    def schedule(self) -> None:
        """Send the outbox at the end of this loop turn, including what is added until then."""
        if not self._scheduled and not self._stopped and self._outbox:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def ping(self) -> None:
        """Send a WebSocket ping and the waiting messages in one write."""
        self._ping_is_due = True
        self.schedule()

    def drained(self) -> None:
        """Continue after the socket's buffer has become empty."""
        self._has_unsent = False
        self._sent = NEVER_SEEN
        self.schedule()
        self._wake_producers()

    async def wait_writable(self, credit: Callable[[], int] = _unlimited) -> None:
        """Return when the outbox is not full and `credit` is positive, or when the channel has ended."""
        while not self._stopped and (self.is_full or credit() <= 0):
            self._writable = self._writable or asyncio.Event()
            self._writable.clear()
            await self._writable.wait()

    def credit_added(self) -> None:
        """Make producers that wait for credit check it again."""
        if self._writable:
            self._writable.set()

    def stop(self) -> None:
        """Send the waiting messages, drop the body frames, and send nothing after that."""
        if not self._stopped:
            self._stopped = True
            if frames := self._outbox.take_messages():
                self._socket.write_frames(frames)
            self._wake_producers()

    def check_progress(self, now: float) -> None:
        """Detect a client that does not read; called about once a second while bytes are unsent.

        Raises:
            ChannelClosed: 4420; no progress for `slow_reader_timeout_seconds`.
        """
        buffered = self._socket.buffered_bytes()
        sent = self._written - buffered
        if buffered == 0:
            return
        if sent > self._sent:
            self._sent = sent
            self._progress_at = now
        elif now - self._progress_at >= self._settings.slow_reader_timeout_seconds:
            raise ChannelClosed(CloseCode.SLOW_READER, "the client does not read")

    def _flush(self) -> None:
        self._scheduled = False
        if self._stopped:
            return
        frames = self._outbox.take(SOCKET_FRAMES * self._settings.frame - self._buffered())
        if frames:
            self._written += sum(map(len, frames))
            self._socket.write_frames(frames, ping=self._ping_is_due)
            self._ping_is_due = False
            self._has_unsent = self._socket.buffered_bytes() > 0
        if self._has_unsent:
            self._on_unsent()  # `drained` continues
        elif self._outbox:
            self.schedule()  # the frames beyond the limit of this write
        if self._writable:
            self._wake_producers()

    def _buffered(self) -> int:
        return self._socket.buffered_bytes() if self._has_unsent else 0

    def _wake_producers(self) -> None:
        if self._writable and not self.is_full:
            self._writable.set()
