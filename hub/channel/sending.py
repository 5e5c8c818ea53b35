"""Bringing the outbox of one channel to its socket: one write a loop turn, back-pressure, and slow readers."""

import asyncio
from collections.abc import Callable

from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.interfaces import ChannelSocket
from hub.channel.outbox import Outbox
from hub.config.settings import ChannelSettings

SOCKET_FRAMES = 2  # What the socket holds cannot be overtaken any more: enough to keep it busy, little to wait behind


def _enough() -> int:
    """Return credit for what needs none."""
    return 1


class Sender:
    """Writes what the outbox holds, and says when producers have to wait.

    Parameters of the constructor:
        on_rest: Called when the client has not taken at once what was written: from then on `check_progress` is needed.
    """

    __slots__ = (
        *("_has_rest", "_loop", "_on_rest", "_outbox", "_ping_is_due", "_progress_at", "_room", "_scheduled"),
        *("_settings", "_socket", "_stopped", "_taken", "_written"),
    )

    def __init__(self, outbox: Outbox, socket: ChannelSocket, settings: ChannelSettings, on_rest: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._outbox = outbox
        self._socket = socket
        self._settings = settings
        self._on_rest = on_rest
        self._scheduled = False
        self._stopped = False
        self._has_rest = False  # whether the socket holds something: only then it is asked how much
        self._ping_is_due = False
        self._room: asyncio.Event | None = None  # of those who wait for room, if anybody ever did
        self._written = 0
        self._taken = -1  # at the last progress that was seen while something waited
        self._progress_at = 0.0

    @property
    def is_full(self) -> bool:
        """Whether more bytes wait than the settings allow: producers have to wait for `room`."""
        return self._outbox.waiting_bytes + self._buffered() > self._settings.outbox and not self._stopped

    @property
    def has_rest(self) -> bool:
        """Whether something waits that the client has not taken."""
        return self._has_rest or bool(self._outbox)

    def schedule(self) -> None:
        """Send what the outbox holds at the end of this loop turn, with whatever is added until then."""
        if not self._scheduled and not self._stopped and self._outbox:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def ping(self) -> None:
        """Send a WebSocket ping with the messages that wait: one write for both."""
        self._ping_is_due = True
        self.schedule()

    def drained(self) -> None:
        """Take note that the socket's buffer has become empty."""
        self._has_rest = False
        self.schedule()
        self._let_in()

    async def room(self, credit: Callable[[], int] = _enough) -> None:
        """Return when there is room and credit again, or when the channel has ended."""
        while not self._stopped and (self.is_full or credit() <= 0):
            self._room = self._room or asyncio.Event()
            self._room.clear()
            await self._room.wait()

    def credit_has_come(self) -> None:
        """Let those who wait for credit look again."""
        if self._room:
            self._room.set()

    def stop(self) -> None:
        """Send the messages that wait, none of the bodies, and nothing more after that."""
        if not self._stopped:
            self._stopped = True
            if frames := self._outbox.take_messages():
                self._socket.write_frames(frames)
            self._let_in()

    def check_progress(self, now: float) -> None:
        """Notice a client that takes nothing; called every second or so as long as there is a rest.

        Raises:
            ChannelClosed: 4420; the client took nothing for too long.
        """
        buffered = self._socket.buffered_bytes()
        taken = self._written - buffered
        if buffered == 0:
            return
        if taken > self._taken:
            self._taken = taken
            self._progress_at = now
        elif now - self._progress_at >= self._settings.slow_reader_timeout_seconds:
            raise ChannelClosed(CloseCode.SLOW_READER, "the client takes nothing")

    def _flush(self) -> None:
        self._scheduled = False
        if self._stopped:
            return
        frames = self._outbox.take(SOCKET_FRAMES * self._settings.frame - self._buffered())
        if frames:
            self._written += sum(map(len, frames))
            self._socket.write_frames(frames, ping=self._ping_is_due)
            self._ping_is_due = False
            self._has_rest = self._socket.buffered_bytes() > 0
        if self._has_rest:
            self._on_rest()  # `drained` will go on
        elif self._outbox:
            self.schedule()  # what had no room beside these frames
        if self._room:
            self._let_in()

    def _buffered(self) -> int:
        return self._socket.buffered_bytes() if self._has_rest else 0

    def _let_in(self) -> None:
        if self._room and not self.is_full:
            self._room.set()
