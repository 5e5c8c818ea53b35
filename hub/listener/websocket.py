"""The server side of one WebSocket without extensions. Protocol errors of the client get a close frame.

After our close frame, all input but the peer's close frame is dropped, so that the peer can read ours before the connection ends.
"""

import asyncio
from collections.abc import Iterable

import structlog

from hub.listener.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Broken,
    FrameReader,
    Message,
    close_payload,
    frame_head,
)
from hub.listener.messages import MessageReceiver, OutgoingMessage
from hub.listener.wire import Wire
from hub.listener.work_budget import CLOSE as CLOSE_FOR_ABUSE
from hub.listener.work_budget import TOO_MUCH_WORK, WorkBudget
from hub.primitives.clock import Clock, Timer
from hub.primitives.tasks import start_waiting

CLOSE_SECONDS = 5.0  # timeout for the peer's close frame after ours

logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class WebSocket:
    """A WebSocket after its handshake. Has the attributes of `MessageSocket`."""

    __slots__ = (
        "_abuse_code",
        "_clock",
        "_closer",
        "_is_held",
        "_is_paused",
        "_line",
        "_pause",
        "_reader",
        "_receiver",
        "_waiting",
        "_work",
        "close_code",
        "close_reason",
        "is_closing",
    )

    def __init__(
        self,
        line: Wire,
        receiver: MessageReceiver,
        *,
        max_message_bytes: int,
        work: WorkBudget,
        clock: Clock,
        abuse_code: int,
    ) -> None:
        self._line = line
        self._receiver = receiver
        self._reader = FrameReader(max_message_bytes)
        self._work = work
        self._clock = clock
        self._abuse_code = abuse_code
        self._is_held = False
        self._is_paused = False  # until its next turn
        self._pause: Timer | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._closer: asyncio.TimerHandle | None = None
        self.close_code: int | None = None
        self.close_reason = ""
        self.is_closing = False

    def start(self, *, reading: bool = True) -> None:
        """Start the WebSocket. Without `reading`, messages wait for `read_on`. The end of the connection is always reported."""
        self._is_held = not reading
        self._work.charge_work(1.0)
        self._line.take_over(self)

    def read_on(self) -> None:
        """Start passing messages to the receiver."""
        self._is_held = False
        self._go_on_reading()

    def charge(self, cost: float) -> None:
        """Charge the connection for work that a message has caused, in addition to the cost of its frame."""
        self._work.charge(cost)

    async def next_turn(self) -> bool:
        """Return when more of the work of a message may be done. False: the WebSocket is closing."""
        if not await self._work.next_turn(self._clock):
            self.close(self._abuse_code, TOO_MUCH_WORK)
        return not self.is_closing

    # -- out ----------------------------------------------------------------------------------------------------------

    def write(self, frames: bytes) -> None:
        """Send encoded frames. Does nothing if the socket is closing."""
        if not self.is_closing:
            self._line.write(frames)

    def write_messages(self, messages: Iterable[OutgoingMessage], *, ping: bool = False) -> None:
        """Send messages in one write; with `ping`, followed by a ping. Does nothing if the socket is closing."""
        frames: list[bytes] = []
        for message in messages:
            frames.append(frame_head(BINARY if message.binary else TEXT, len(message)))
            frames.extend(message.parts)
        if ping:
            frames.append(frame_head(PING, 0))
        self.write(b"".join(frames))

    async def send(self, message: str | bytes) -> None:
        """Send a message. Returns when the next one can be sent, or when the connection is closed."""
        opcode, data = (TEXT, message.encode()) if isinstance(message, str) else (BINARY, message)
        self.write(frame_head(opcode, len(data)) + data)
        await self._line.drain()

    def buffered_bytes(self) -> int:
        """Return the number of bytes that wait for a slow client."""
        return self._line.buffered_bytes()

    def ping(self) -> None:
        """Send a ping."""
        self.write(frame_head(PING, 0))

    def set_option(self, level: int, option: int, value: int | bytes) -> None:
        """Set an option of the socket."""
        self._line.set_option(level, option, value)

    def close(self, code: int | None = None, reason: str = "") -> None:
        """Send the written messages, then a close frame. The connection ends with the peer's close frame, or after 5 s."""
        if self.is_closing:
            return
        payload = close_payload(code, reason)
        self.write(frame_head(CLOSE, len(payload)) + payload)
        self.is_closing = True
        self._reader.want_only_close()
        self._closer = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._line.abort)
        self._go_on_reading()  # the peer's close frame may have arrived already, behind messages that are dropped now

    # -- in -----------------------------------------------------------------------------------------------------------

    def bytes_received(self, data: bytes) -> None:
        """Process received bytes."""
        self._reader.feed(data)
        if self._is_paused or (self._is_held and not self.is_closing):
            self._line.hold()  # back-pressure until the receiver reads
        else:
            self._read()

    def drained(self) -> None:
        """Tell the receiver that all waiting bytes were sent."""
        self._receiver.on_drained()

    def connection_lost(self) -> None:
        """Handle the end of the connection."""
        self.is_closing = True
        if self._closer is not None:
            self._closer.cancel()
        if self._pause is not None:
            self._pause.cancel()
        self._receiver.on_close()

    def _go_on_reading(self) -> None:
        if not self._is_paused:
            self._line.release()
            self._read()

    def _read(self) -> None:
        """Process received frames until a receiver has to be awaited, or until the work of this turn is done."""
        while not self._is_paused and (not self._is_held or self.is_closing):
            if self._work.left <= 0:
                self._pause_reading()
                return
            try:
                message = self._reader.next()
            except Broken as broken:
                self.close_code = int(broken.code)
                self.close(self.close_code, str(broken))
                continue
            if message is None:
                return
            self._work.left -= 1
            self._take(message)

    def _pause_reading(self) -> None:
        """Let other connections have their turn: the rest waits for the next one, or longer if the client is throttled."""
        wait = self._work.pause(self._clock.monotonic())
        self._is_paused = True
        self._line.hold()
        if wait == CLOSE_FOR_ABUSE:
            self.close(self._abuse_code, TOO_MUCH_WORK)
            wait = 0.0
        if wait:
            self._pause = self._clock.call_later(wait, self._end_pause)
        else:
            self._pause = asyncio.get_running_loop().call_soon(self._end_pause)

    def _end_pause(self) -> None:
        self._pause = None
        self._is_paused = False
        self._work.refill()
        if not self._is_held or self.is_closing:
            self._go_on_reading()

    def _take(self, message: Message) -> None:
        opcode, data = message
        if opcode == PING and isinstance(data, bytes):
            self.write(frame_head(PONG, len(data)) + data)
        elif opcode == PONG:
            self._receiver.on_pong()
        elif opcode == CLOSE and isinstance(data, bytes):
            self._end(data)
        elif opcode != CONTINUATION and not self.is_closing:
            self._hand_on(data)

    def _hand_on(self, data: str | bytes) -> None:
        try:
            wait = self._receiver.on_message(data)
        except Exception:
            logger.exception("websocket.handler_crashed")
            self._line.abort()
            return
        if wait is not None:
            self._is_held = True
            if not self.is_closing:
                self._line.hold()
            self._waiting = start_waiting(wait, "WebSocket receiver", self._go_on)

    def _go_on(self, waited: asyncio.Task[None]) -> None:
        self._waiting = None
        if waited.cancelled():  # the message is lost, so the next one must not follow
            self._line.abort()
        elif (error := waited.exception()) is not None:
            logger.error("websocket.handler_crashed", exc_info=error)
            self._line.abort()
        else:
            self.read_on()

    def _end(self, data: bytes) -> None:
        """Complete the close handshake: send our close frame if it is missing."""
        if not self.is_closing:
            if len(data) >= 2:
                self.close_code, self.close_reason = int.from_bytes(data[:2], "big"), data[2:].decode("utf-8")
            self.close(self.close_code)
        self._line.close()
