"""Counts the messages of each publisher on `hub:events`, so that lost and repeated ones are noticed. Pure."""

from collections import OrderedDict
from dataclasses import dataclass, field

MAX_PUBLISHERS = 1024  # processes of all hubs, and calls of `hub sessions`, of late
MAX_EARLY = 64  # messages that came before an earlier one of the same publisher
LATE_SECONDS = 1.0  # a message that is so much later than its successors is lost


@dataclass(slots=True)
class _Publisher:
    """Attributes:
    expected: The lowest sequence that has not come.
    early: Larger sequences that have arrived already.
    waiting_since: When `expected` was found to be missing; monotonic seconds.
    is_resuming: Whether messages may be missing because this worker did not listen.
    """

    expected: int
    early: set[int] = field(default_factory=set)
    waiting_since: float = 0.0
    is_resuming: bool = False

    def note(self, sequence: int, now: float) -> bool:
        if sequence < self.expected or sequence in self.early:
            return False
        if self.is_resuming:
            self.expected, self.is_resuming = sequence, False
        if sequence == self.expected or not self.early:
            self.waiting_since = now
        self.early.add(sequence)
        while self.expected in self.early:
            self.early.discard(self.expected)
            self.expected += 1
        return True

    def has_lost(self, now: float) -> bool:
        return len(self.early) > MAX_EARLY or now - self.waiting_since >= LATE_SECONDS

    def give_up(self) -> None:
        self.expected = max(self.early) + 1
        self.early.clear()


class PublisherSequences:
    """The sequences of all publishers, as one worker receives them.

    Messages of one publisher may overtake each other, since it has several connections to Redis.
    """

    def __init__(self) -> None:
        self._publishers: OrderedDict[str, _Publisher] = OrderedDict()
        self._waiting: dict[str, _Publisher] = {}

    def __len__(self) -> int:
        return len(self._publishers)

    @property
    def is_waiting(self) -> bool:
        """Whether a message is missing that may still come."""
        return bool(self._waiting)

    def is_new(self, publisher: str, sequence: int, now: float) -> bool:
        """Note a message. Return whether it is no repetition, and not older than what was given up. `now`: monotonic seconds.

        The first message of a publisher is new, whatever its sequence: this worker may have begun to listen later.
        """
        known = self._publishers.get(publisher) or self._add(publisher, sequence)
        self._publishers.move_to_end(publisher)
        is_new = known.note(sequence, now)
        if known.early:
            self._waiting[publisher] = known
        else:
            self._waiting.pop(publisher, None)
        return is_new

    def take_lost(self, now: float) -> bool:
        """Return whether messages are lost, and expect them no longer. `now`: monotonic seconds."""
        lost = [publisher for publisher, known in self._waiting.items() if known.has_lost(now)]
        for publisher in lost:
            self._waiting.pop(publisher).give_up()
        return bool(lost)

    def resume(self) -> None:
        """Expect nothing that was sent until now: the worker begins to listen, and looks for what it has missed anyway."""
        for known in self._waiting.values():
            known.give_up()
        self._waiting.clear()
        for known in self._publishers.values():
            known.is_resuming = True

    def _add(self, publisher: str, sequence: int) -> _Publisher:
        known = self._publishers[publisher] = _Publisher(sequence)
        if len(self._publishers) > MAX_PUBLISHERS:
            oldest, _ = self._publishers.popitem(last=False)
            self._waiting.pop(oldest, None)
        return known
