"""The requests of one channel: which wait, which run, when their time is over. Pure."""

import heapq
import math
from enum import Enum

import msgspec

from hub.channel.close_codes import protocol_error
from hub.channel.messages import RequestMessage
from hub.config.settings import ChannelSettings
from hub.errors import TooManyRequests

RETRY_AFTER_SECONDS = 1.0  # By then some of the queue has been served, if anything moves at all


class Stage(Enum):
    """How far a request has come. One that has ended has no stage."""

    WAITING = "waiting"
    RUNNING = "running"
    STREAMING = "streaming"


class _RequestEntry(msgspec.Struct):
    message: RequestMessage
    admitted_at: float
    deadline: float
    stage: Stage
    joins: bool


class Started(msgspec.Struct, frozen=True):
    """A request that is to be run now.

    Attributes:
        deadline: When its time is over, on the clock of the channel.
        queued_seconds: How long it has waited for its turn.
        joins: It was begun over another connection: its answer is to be fetched, not to be caused.
    """

    message: RequestMessage
    deadline: float
    queued_seconds: float = 0.0
    joins: bool = False


class Requests:
    """Requests from their arrival to their end. Times are seconds of one monotonic clock.

    Attributes:
        wake_at: When to look for requests whose time is over: never later than the next deadline. It may be that of a request
            which has ended, so that nothing has to be searched with every request.
    """

    __slots__ = ("_entries", "_last_id", "_queue", "_settings", "wake_at")

    def __init__(self, settings: ChannelSettings) -> None:
        self.wake_at = math.inf
        self._settings = settings
        self._entries: dict[int, _RequestEntry] = {}
        self._queue: list[tuple[int, int]] = []  # a heap: the most urgent first, of those the oldest, since ids increase
        self._last_id = 0

    @property
    def running(self) -> int:
        """Requests that count against `in_flight`: started, and their answer not yet complete."""
        return len(self._entries) - len(self._queue)

    @property
    def is_empty(self) -> bool:
        """Whether no request waits or runs."""
        return not self._entries

    @property
    def has_waiting(self) -> bool:
        """Whether a request waits for its turn."""
        return bool(self._queue)

    def stage(self, request_id: int) -> Stage | None:
        """Return how far the request has come; None if it has ended."""
        entry = self._entries.get(request_id)
        return entry.stage if entry else None

    def was_seen(self, request_id: int) -> bool:
        """Tell whether this id was used on this channel."""
        return request_id <= self._last_id

    def claim_id(self, request_id: int) -> None:
        """Use up an id.

        Raises:
            ChannelClosed: 4400; ids must increase.
        """
        if request_id <= self._last_id:
            raise protocol_error(f"request id {request_id} is not larger than all before")
        self._last_id = request_id

    def admit(self, message: RequestMessage, now: float, *, joins: bool = False) -> None:
        """Put a request into the queue; `joins`: it was begun over another connection, and is not refused for want of room.

        Raises:
            TooManyRequests: The queue is full.
        """
        if not joins and len(self._entries) >= self._settings.in_flight + self._settings.queue:
            raise TooManyRequests("The queue of this channel is full.", retry_after_seconds=RETRY_AFTER_SECONDS)
        deadline = now + self._time_limit(message)
        self._entries[message.id] = _RequestEntry(message, now, deadline, Stage.WAITING, joins)
        self.wake_at = min(self.wake_at, deadline)
        heapq.heappush(self._queue, (message.priority, message.id))

    def start(self, now: float) -> list[Started]:
        """Move the requests that may run now out of the queue, the most urgent first."""
        started: list[Started] = []
        while self._queue and self.running < self._settings.in_flight:
            _, request_id = heapq.heappop(self._queue)
            entry = self._entries[request_id]
            entry.stage = Stage.RUNNING
            started.append(Started(entry.message, entry.deadline, max(now - entry.admitted_at, 0.0), entry.joins))
        return started

    def message(self, request_id: int) -> RequestMessage:
        """Return a request that has not ended."""
        return self._entries[request_id].message

    def streaming(self, request_id: int) -> None:
        """Note that the answer has begun and its body follows: the time limit no longer applies."""
        self._entries[request_id].stage = Stage.STREAMING

    def end(self, request_id: int) -> None:
        """Forget a request."""
        entry = self._entries.pop(request_id)
        if entry.stage is Stage.WAITING:
            self._queue.remove((entry.message.priority, request_id))
            heapq.heapify(self._queue)

    def next_deadline(self) -> float | None:
        """Return when the time of a request is over next, or None if none is limited. Looks at all of them."""
        return min((entry.deadline for entry in self._entries.values() if entry.stage is not Stage.STREAMING), default=None)

    def expired(self, now: float) -> list[int]:
        """Return the requests whose time is over; they are to be ended now."""
        timed = [(each, entry.deadline) for each, entry in self._entries.items() if entry.stage is not Stage.STREAMING]
        self.wake_at = min((deadline for _, deadline in timed if deadline > now), default=math.inf)
        return [each for each, deadline in timed if deadline <= now]

    def _time_limit(self, message: RequestMessage) -> float:
        if not isinstance(message.timeout_ms, int):
            return self._settings.request_timeout_seconds
        return min(message.timeout_ms / 1000, self._settings.request_timeout_max_seconds)
