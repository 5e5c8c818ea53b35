"""Reads what a connection sends and holds it against docs/channel-protocol.md: who was answered, and how often."""

import json
from dataclasses import dataclass
from typing import Any

from hub.channel.codec import BODY_HEADER, END
from hub.channel.outbox import Outbox


@dataclass(slots=True)
class Seen:
    """What was seen of one request.

    Attributes:
        granted: Credit for its upload, in bytes.
        received: Bytes of its upload that the connection has passed on.
        taken: Those of them that the resource server has taken.
        answers: Terminal messages.
    """

    granted: int = 0
    received: int = 0
    taken: int = 0
    streams: bool = False
    cancelled: bool = False
    answers: int = 0


class Witness:
    """The client's memory of one channel."""

    def __init__(self, frame_bytes: int) -> None:
        self.requests: dict[int, Seen] = {}
        self._frame_bytes = frame_bytes
        self._events = 0

    def sends(self, message: dict[str, Any]) -> None:
        """Note a message of the client. If the connection does not take it, it closes, and nothing is expected any more."""
        request_id = message.get("id", 0)
        if message.get("type") in ("request", "subscribe"):
            self.requests.setdefault(request_id, Seen())
        elif message.get("type") == "cancel" and request_id in self.requests:
            self.requests[request_id].cancelled = True

    def expects(self, request_id: int) -> None:
        """Note a request of an earlier channel whose answer is still to come."""
        self.requests.setdefault(request_id, Seen())

    def reads(self, outbox: Outbox, room: int) -> None:
        """Take what may leave."""
        for frame in outbox.take(room):
            data = b"".join(frame.parts)
            if frame.binary:
                self._read_body(data)
                continue
            batch = json.loads(data)
            for message in batch if isinstance(batch, list) else [batch]:
                self._read(message)

    def unanswered(self) -> list[int]:
        """Return the requests that still have a right to a terminal message."""
        return [each for each, seen in self.requests.items() if not seen.answers and not seen.cancelled]

    def _read(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "event":
            self._events += 1
            assert message["sequence"] == self._events
        if kind not in ("response", "error", "reset", "window") or (kind == "window" and not message["id"]):
            return
        seen = self.requests[message["id"]]
        assert not seen.answers, f"{message} after the end"
        if kind == "window":
            assert message["bytes"] > 0
            seen.granted += message["bytes"]
        elif kind == "response" and "stream" in message:
            assert not seen.streams, "begun twice"
            seen.streams = True
        else:
            assert (kind == "reset") == seen.streams, message
            seen.answers += 1

    def _read_body(self, data: bytes) -> None:
        _, flags, _, request_id = BODY_HEADER.unpack_from(data)
        seen = self.requests[request_id]
        assert seen.streams, "a body before its response"
        assert not seen.answers, "a body after the end"
        assert len(data) - BODY_HEADER.size <= self._frame_bytes
        seen.answers += flags & END
