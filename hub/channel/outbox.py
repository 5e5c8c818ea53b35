"""What waits to be sent on one channel: in which order it leaves, and how many bytes it is. Pure.

Messages go before body frames, so that a small answer never waits behind a large one. Bodies go by priority; frames of bodies
of the same priority take turns.
"""

from collections import deque

import msgspec

from hub.channel.codec import BodyFrame

BATCH_BYTES = 65536  # Batches cost both sides less than single frames; larger ones would hold a client up in one JSON.parse


class Frame(msgspec.Struct, frozen=True):
    """One WebSocket message, as parts that are to be joined."""

    binary: bool
    parts: tuple[bytes, ...]

    def __len__(self) -> int:
        return sum(map(len, self.parts))


class Outbox:
    """A lane of encoded messages in order, and one for each priority of body frames by request. Most channels have no bodies."""

    __slots__ = ("_lanes", "_messages", "waiting_bytes")

    def __init__(self) -> None:
        self._messages: list[bytes] = []
        self._lanes: dict[int, dict[int, deque[Frame]]] = {}  # none of them is empty
        self.waiting_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._messages or self._lanes)

    def push(self, message: bytes) -> None:
        """Add an encoded message."""
        self._messages.append(message)
        self.waiting_bytes += len(message)

    def push_body(self, body: BodyFrame, priority: int = 0) -> None:
        """Add a body frame; it leaves after every message that waits now. `priority` is that of its request, always the same."""
        frame = Frame(True, body.parts())
        self._lanes.setdefault(priority, {}).setdefault(body.id, deque()).append(frame)
        self.waiting_bytes += len(frame)

    def drop_body(self, request_id: int) -> int:
        """Forget the frames of a body that nobody wants any more; return how many bytes of it they hold."""
        dropped = 0
        for priority, lane in list(self._lanes.items()):
            for frame in lane.pop(request_id, ()):
                self.waiting_bytes -= len(frame)
                dropped += len(frame.parts[-1])
            if not lane:
                del self._lanes[priority]
        return dropped

    def take(self, room: int) -> list[Frame]:
        """Return what may leave now: all messages as batches, then body frames until `room` bytes are full.

        With no room at all nothing leaves; otherwise the last one may be larger than what is left.
        """
        if room <= 0:
            return []
        frames = self.take_messages()
        if self._lanes:
            room -= sum(map(len, frames))
        while room > 0 and self._lanes:
            frames.append(self._take_body())
            room -= len(frames[-1])
        return frames

    def take_messages(self) -> list[Frame]:
        """Return all messages as batches, whatever the room, and leave the body frames."""
        messages, self._messages = self._messages, []
        self.waiting_bytes -= sum(map(len, messages))
        if len(messages) == 1:
            return [Frame(False, (messages[0],))]
        return [_together(batch) for batch in _batches(messages)]

    def _take_body(self) -> Frame:
        priority = min(self._lanes)
        lane = self._lanes[priority]
        request_id, frames = next(iter(lane.items()))
        frame = frames.popleft()
        self.waiting_bytes -= len(frame)
        del lane[request_id]
        if frames:
            lane[request_id] = frames  # to the end: the next body has its turn
        elif not lane:
            del self._lanes[priority]
        return frame


def _batches(messages: list[bytes]) -> list[list[bytes]]:
    """Return the messages in order, as many together as make BATCH_BYTES at most."""
    batches: list[list[bytes]] = []
    room = 0
    for message in messages:
        if len(message) > room:
            batches.append([])
            room = BATCH_BYTES
        batches[-1].append(message)
        room -= len(message)
    return batches


def _together(batch: list[bytes]) -> Frame:
    """Return one message as it is, several as a JSON array."""
    if len(batch) == 1:
        return Frame(False, (batch[0],))
    return Frame(False, (b"[", b",".join(batch), b"]"))
