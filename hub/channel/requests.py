"""The requests of one channel: which wait, which run, and when they time out. Pure."""

import heapq
import math
from enum import Enum

import msgspec

from hub.channel.close_codes import protocol_error
from hub.channel.messages import RequestMessage
from hub.config.settings import ChannelSettings
from hub.errors import TooManyRequests

RETRY_AFTER_SECONDS = 1.0  # by then, part of the queue has usually been served


class Stage(Enum):
    """The stage of a request. A request that has ended has none."""

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
    """A request to run now.

    Attributes:
        deadline: When it times out, on the monotonic clock.
        queued_seconds: Time that it waited in the queue.
        joins: Whether it began on another connection: then only fetch its response, and do not execute it.
    """

    message: RequestMessage
    deadline: float
    queued_seconds: float = 0.0
    joins: bool = False


class Requests:
    """The requests of a channel from arrival to end. Times are seconds of one monotonic clock.

    Attributes:
        wake_at: When to call `expired`: at the next deadline, or earlier, at the deadline of a request that has ended. So no
            search is necessary when a request ends.
    """

    __slots__ = ("_entries", "_last_id", "_queue", "_settings", "wake_at")

    def __init__(self, settings: ChannelSettings) -> None:
        self.wake_at = math.inf
        self._settings = settings
        self._entries: dict[int, _RequestEntry] = {}
        self._queue: list[tuple[int, int]] = []  # a heap of priority and ID: the most urgent first, then the oldest
        self._last_id = 0

    @property
    def running(self) -> int:
        """Number of requests that count toward `in_flight`: started, and without a complete response."""
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
        """Return the stage of a request; None if it has ended."""
        entry = self._entries.get(request_id)
        return entry.stage if entry else None

    def was_seen(self, request_id: int) -> bool:
        """Return whether a request of this channel has used this ID."""
        return request_id <= self._last_id

    def claim_id(self, request_id: int) -> None:
        """Record the ID of a new request.

        Raises:
            ChannelClosed: 4400; the ID is not larger than all before.
        """
        if request_id <= self._last_id:
            raise protocol_error(f"request id {request_id} is not larger than all before")
        self._last_id = request_id

    def admit(self, message: RequestMessage, now: float, *, joins: bool = False) -> None:
        """Add a request to the queue; one that began on another connection (`joins`) even if the queue is full.

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
        """Remove the requests that may run now from the queue and return them, the most urgent first."""
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

    def mark_streaming(self, request_id: int) -> None:
        """Record that the response has begun and its body follows. From then on the request cannot time out."""
        self._entries[request_id].stage = Stage.STREAMING

    def end(self, request_id: int) -> None:
        """Remove a request."""
        entry = self._entries.pop(request_id)
        if entry.stage is Stage.WAITING:
            self._queue.remove((entry.message.priority, request_id))
            heapq.heapify(self._queue)

    def next_deadline(self) -> float | None:
        """Return the next deadline; None if no request can time out. Searches all requests."""
        return min((entry.deadline for entry in self._entries.values() if entry.stage is not Stage.STREAMING), default=None)

    def expired(self, now: float) -> list[int]:
        """Return the requests that have timed out. The caller ends them."""
        timed = [(each, entry.deadline) for each, entry in self._entries.items() if entry.stage is not Stage.STREAMING]
        self.wake_at = min((deadline for _, deadline in timed if deadline > now), default=math.inf)
        return [each for each, deadline in timed if deadline <= now]

    def _time_limit(self, message: RequestMessage) -> float:
        if not isinstance(message.timeout_ms, int):
            return self._settings.request_timeout_seconds
        return min(message.timeout_ms / 1000, self._settings.request_timeout_max_seconds)
