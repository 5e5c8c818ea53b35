"""The queue of messages and body frames that wait to be sent on one channel. Pure.

Messages go before body frames, so that a small response never waits behind a large one. Body frames go by the priority of their
request; bodies of equal priority take turns.
"""

from collections import deque

import msgspec

from hub.channel.codec import BodyFrame

BATCH_BYTES = 65536  # a batch costs less than single frames, but a larger one would block the client in one JSON.parse


class Frame(msgspec.Struct, frozen=True):
    """One WebSocket message, as byte strings to be joined."""

    binary: bool
    parts: tuple[bytes, ...]

    def __len__(self) -> int:
        return sum(map(len, self.parts))


class Outbox:
    """A queue of encoded messages and, for each priority, the queues of body frames by request."""

    __slots__ = ("_lanes", "_messages", "waiting_bytes")

    def __init__(self) -> None:
        self._messages: list[bytes] = []
        self._lanes: dict[int, dict[int, deque[Frame]]] = {}  # without empty entries
        self.waiting_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._messages or self._lanes)

    def push(self, message: bytes) -> None:
        """Add an encoded message."""
        self._messages.append(message)
        self.waiting_bytes += len(message)

    def push_body(self, body: BodyFrame, priority: int) -> None:
        """Add a body frame. `priority` is that of its request and must be the same for all its frames."""
        frame = Frame(True, body.parts())
        self._lanes.setdefault(priority, {}).setdefault(body.id, deque()).append(frame)
        self.waiting_bytes += len(frame)

    def drop_body(self, request_id: int) -> int:
        """Drop the frames of a body; return how many bytes of the body they hold."""
        dropped = 0
        for priority, lane in list(self._lanes.items()):
            for frame in lane.pop(request_id, ()):
                self.waiting_bytes -= len(frame)
                dropped += len(frame.parts[-1])
            if not lane:
                del self._lanes[priority]
        return dropped

    def take(self, max_bytes: int) -> list[Frame]:
        """Remove and return what may be sent now: all messages in batches, then body frames until they reach `max_bytes`.

        If `max_bytes` is 0 or less, nothing is returned. The last frame may exceed the limit.
        """
        if max_bytes <= 0:
            return []
        frames = self.take_messages()
        if self._lanes:
            max_bytes -= sum(map(len, frames))
        while max_bytes > 0 and self._lanes:
            frames.append(self._take_body())
            max_bytes -= len(frames[-1])
        return frames

    def take_messages(self) -> list[Frame]:
        """Remove and return all messages in batches, and leave the body frames."""
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
            lane[request_id] = frames  # to the end of the lane: the next frame comes from another body
        elif not lane:
            del self._lanes[priority]
        return frame


def _batches(messages: list[bytes]) -> list[list[bytes]]:
    """Return the messages in order, grouped into batches of at most `BATCH_BYTES`."""
    batches: list[list[bytes]] = []
    free = 0
    for message in messages:
        if len(message) > free:
            batches.append([])
            free = BATCH_BYTES
        batches[-1].append(message)
        free -= len(message)
    return batches


def _together(batch: list[bytes]) -> Frame:
    """Return one message unchanged, several as a JSON array."""
    if len(batch) == 1:
        return Frame(False, (batch[0],))
    return Frame(False, (b"[", b",".join(batch), b"]"))
