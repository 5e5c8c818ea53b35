"""Bringing the outbox of one channel to its socket: one write a loop turn, back-pressure, and slow readers."""

import asyncio
from collections.abc import Callable

from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.interfaces import Socket
from hub.channel.outbox import Outbox
from hub.settings import ChannelSettings

SOCKET_FRAMES = 2  # What the socket holds cannot be overtaken any more: enough to keep it busy, little to wait behind


def _enough() -> int:
    """Return credit for what needs none."""
    return 1


class Sender:
    """Writes what the outbox holds, and says when producers have to wait."""

    def __init__(self, outbox: Outbox, socket: Socket, settings: ChannelSettings, now: float) -> None:
        self._outbox = outbox
        self._socket = socket
        self._limit = settings.outbox
        self._high_water = SOCKET_FRAMES * settings.frame
        self._timeout = settings.slow_reader_timeout_seconds
        self._scheduled = False
        self._stopped = False
        self._room = asyncio.Event()
        self._room.set()
        self._written = 0
        self._taken = 0
        self._progress_at = now

    @property
    def is_full(self) -> bool:
        """Whether more bytes wait than the settings allow: producers have to wait for `room`."""
        return not self._stopped and self._waiting_bytes() > self._limit

    def schedule(self) -> None:
        """Send what the outbox holds at the end of this loop turn, with whatever is added until then."""
        if not self._scheduled and not self._stopped and self._outbox:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    async def room(self, credit: Callable[[], int] = _enough) -> None:
        """Return when there is room and credit again, or when the channel has ended."""
        while not self._stopped and (self.is_full or credit() <= 0):
            self._room.clear()
            await self._room.wait()

    def credit_has_come(self) -> None:
        """Let those who wait for credit look again."""
        self._room.set()

    def stop(self) -> None:
        """Send the messages that wait, none of the bodies, and nothing more after that."""
        if not self._stopped:
            self._stopped = True
            if frames := self._outbox.take_messages():
                self._socket.write_frames(frames)
            self._room.set()

    def check_progress(self, now: float) -> None:
        """Notice a client that takes nothing; called every second or so.

        Raises:
            ChannelClosed: 4420; the client took nothing for too long.
        """
        buffered = self._socket.buffered_bytes()
        taken = self._written - buffered
        if buffered == 0 or taken > self._taken:
            self._taken = taken
            self._progress_at = now
        elif now - self._progress_at >= self._timeout:
            raise ChannelClosed(CloseCode.SLOW_READER, "the client takes nothing")

    def _waiting_bytes(self) -> int:
        return self._outbox.waiting_bytes + self._socket.buffered_bytes()

    def _flush(self) -> None:
        self._scheduled = False
        if self._stopped:
            return
        frames = self._outbox.take(self._high_water - self._socket.buffered_bytes())
        if frames:
            self._written += sum(map(len, frames))
            self._socket.write_frames(frames)
            if not self._socket.buffered_bytes():
                self.schedule()  # the system took it all, so it takes more
        if not self.is_full:
            self._room.set()

    def drained(self) -> None:
        """Go on: the socket holds nothing any more."""
        self.schedule()
        if not self.is_full:
            self._room.set()
