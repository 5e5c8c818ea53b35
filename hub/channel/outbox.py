"""What waits to be sent on one channel: in which order it leaves, and how many bytes it is. Pure.

Messages go before body frames, so that a small answer never waits behind a large one. Bodies go by priority; frames of bodies
of the same priority take turns.
"""

from collections import deque
from dataclasses import dataclass

from hub.channel.codec import BodyFrame
from hub.channel.messages import PRIORITIES

BATCH_BYTES = 65536  # Larger batches win nothing and would hold a client up in one JSON.parse


@dataclass(frozen=True, slots=True)
class Frame:
    """One WebSocket message, as parts that are to be joined."""

    binary: bool
    parts: tuple[bytes, ...]

    def __len__(self) -> int:
        return sum(map(len, self.parts))


class Outbox:
    """A lane of encoded messages in order, and one for each priority of body frames by request."""

    def __init__(self) -> None:
        self._messages: deque[bytes] = deque()
        self._lanes: list[dict[int, deque[Frame]]] = [{} for _ in range(PRIORITIES)]
        self._frames = 0
        self.waiting_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._messages or self._frames)

    def push(self, message: bytes) -> None:
        """Add an encoded message."""
        self._messages.append(message)
        self.waiting_bytes += len(message)

    def push_body(self, body: BodyFrame, priority: int = 0) -> None:
        """Add a body frame; it leaves after every message that waits now. `priority` is that of its request, always the same."""
        frame = Frame(True, body.parts())
        self._lanes[priority].setdefault(body.id, deque()).append(frame)
        self._frames += 1
        self.waiting_bytes += len(frame)

    def drop_body(self, request_id: int) -> int:
        """Forget the frames of a body that nobody wants any more; return how many bytes of it they hold."""
        dropped = 0
        for lane in self._lanes:
            for frame in lane.pop(request_id, ()):
                self._frames -= 1
                self.waiting_bytes -= len(frame)
                dropped += len(frame.parts[-1])
        return dropped

    def take(self, room: int) -> list[Frame]:
        """Return what may leave now: all messages as batches, then body frames until `room` bytes are full.

        With no room at all nothing leaves; otherwise the last one may be larger than what is left.
        """
        if room <= 0:
            return []
        frames = self.take_messages()
        room -= sum(map(len, frames))
        while room > 0 and self._frames:
            frames.append(self._take_body())
            room -= len(frames[-1])
        return frames

    def take_messages(self) -> list[Frame]:
        """Return all messages as batches, whatever the room, and leave the body frames."""
        frames: list[Frame] = []
        while self._messages:
            frames.append(self._take_batch())
        return frames

    def _take_batch(self) -> Frame:
        batch = [self._messages.popleft()]
        size = len(batch[0])
        while self._messages and size + len(self._messages[0]) <= BATCH_BYTES:
            batch.append(self._messages.popleft())
            size += len(batch[-1])
        self.waiting_bytes -= size
        if len(batch) == 1:
            return Frame(False, (batch[0],))
        parts = [b"["]
        for message in batch:
            parts += (message, b",")
        parts[-1] = b"]"
        return Frame(False, tuple(parts))

    def _take_body(self) -> Frame:
        lane = next(filter(None, self._lanes))
        request_id, frames = next(iter(lane.items()))
        frame = frames.popleft()
        self._frames -= 1
        self.waiting_bytes -= len(frame)
        del lane[request_id]
        if frames:
            lane[request_id] = frames  # to the end: the next body has its turn
        return frame
