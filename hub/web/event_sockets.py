"""The two ways in which a channel speaks to a client without a WebSocket: an event stream, and one JSON document.

The driver of a channel (`hub.channel.driver`) writes to them as to a WebSocket. Nothing comes back.
"""

import asyncio
from collections.abc import Callable, Sequence

from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.codec import encode
from hub.channel.driver import Driver
from hub.channel.messages import CloseMessage
from hub.channel.outbox import Frame
from hub.listener.exchange import Exchange
from hub.listener.head import Headers
from hub.primitives.tasks import OwnedTasks

_LINE_BREAKS = bytes.maketrans(b"\r\n", b"  ")  # in JSON they stand between tokens only; in an event stream they end a line


class EventStreamSocket:
    """Sends the messages of one channel as an event stream: each WebSocket message is one event with data only.

    Parameters of the constructor:
        fields: Headers of the response.
        on_refused: Called in place of a response if the channel is closed before its first message.
        on_closed: Called when the hub has closed the channel.
    """

    def __init__(
        self,
        exchange: Exchange,
        fields: Headers,
        tasks: OwnedTasks,
        on_refused: Callable[[ChannelClosed], None],
        on_closed: Callable[[], None],
    ) -> None:
        self.driver: Driver | None = None
        self._exchange = exchange
        self._fields = fields
        self._tasks = tasks
        self._on_refused = on_refused
        self._on_closed = on_closed
        self._draining: asyncio.Task[None] | None = None

    def write_frames(self, frames: Sequence[Frame], *, ping: bool = False) -> None:
        """Send messages. The message `ping` is the heartbeat, so a WebSocket ping needs no bytes here."""
        if not self._exchange.is_begun and not self._exchange.is_ended:
            self._exchange.begin(200, "", self._fields, None)
        self._exchange.write(b"".join(map(_as_event, frames)))
        if self._draining is None and self._exchange.buffered_bytes():
            self._draining = self._tasks.start(self._drain())

    def buffered_bytes(self) -> int:
        """Return the number of bytes that wait for a slow client."""
        return self._exchange.buffered_bytes()

    def charge(self, cost: float) -> None:
        """Charge the connection for the messages of the request."""
        self._exchange.charge(cost)

    async def next_turn(self) -> bool:
        """Let the rest of the messages of the request be handled."""
        return not self._exchange.is_ended

    def close(self, code: CloseCode, reason: str) -> None:
        """End the stream with the message `close`; reset the connection of a client that does not read."""
        if self._exchange.is_ended:
            return
        if not self._exchange.is_begun:
            self._on_refused(ChannelClosed(code, reason))
        elif code == CloseCode.SLOW_READER:
            self._exchange.abort()
        else:
            self._exchange.write(_event(encode(CloseMessage(code, reason))))
            self._exchange.end()
        self._on_closed()

    async def _drain(self) -> None:
        await self._exchange.drain()
        self._draining = None
        if self.driver is not None:
            self.driver.drained()


class PollSocket:
    """Collects what a channel has to say now.

    Parameters of the constructor:
        max_bytes: The size from which nothing more is wanted.

    Attributes:
        full: Set when that size is reached.
        refusal: Why the channel was closed; None if the poll itself has closed it.
    """

    def __init__(self, max_bytes: int) -> None:
        self.full = asyncio.Event()
        self.refusal: ChannelClosed | None = None
        self._max_bytes = max_bytes
        self._messages: list[bytes] = []
        self._size = 0

    def write_frames(self, frames: Sequence[Frame], *, ping: bool = False) -> None:
        """Add messages."""
        self._messages += [b"".join(frame.parts) for frame in frames]
        self._size += sum(map(len, frames))
        if self._size >= self._max_bytes:
            self.full.set()

    def document(self) -> bytes:
        """Return the messages, and batches of messages, as a JSON array."""
        return b"[" + b",".join(self._messages) + b"]"

    def buffered_bytes(self) -> int:
        """Return 0: nothing waits for the client until the document is complete."""
        return 0

    def charge(self, cost: float) -> None:
        """Charge nothing: the rate limit of the session counts polls as requests."""

    async def next_turn(self) -> bool:
        """Let the rest of the messages of the request be handled."""
        return self.refusal is None

    def close(self, code: CloseCode, reason: str) -> None:
        """Remember why the channel was closed."""
        if code != CloseCode.NORMAL:
            self.refusal = ChannelClosed(code, reason)
            self.full.set()


def _as_event(frame: Frame) -> bytes:
    return _event(b"".join(frame.parts))


def _event(text: bytes) -> bytes:
    return b"data: " + text.translate(_LINE_BREAKS) + b"\n\n"
