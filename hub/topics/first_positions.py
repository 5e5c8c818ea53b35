"""Recognizes events that stand in the history of a topic more than once. Pure."""

from collections.abc import Iterable

from hub.topics.model import Position, order

MAX_EVENTS = 1024  # of one topic; they take about 200 KiB


class FirstPositions:
    """The first position of each of the latest events of a topic. The oldest ones are forgotten.

    An event is delivered at its first position only, as often as somebody reads the history from before it.
    """

    def __init__(self, known: Iterable[tuple[bytes, Position]] = ()) -> None:
        """Parameters:
        known: IDs and positions of events, in order.
        """
        self._positions: dict[bytes, tuple[int, int]] = {}
        for event_id, position in known:
            self.is_first(event_id, position)

    def __len__(self) -> int:
        return len(self._positions)

    def is_first(self, event_id: bytes, position: Position) -> bool:
        """Return whether the event with this ID is not known from an earlier position, and remember this one."""
        place = order(position)
        known = self._positions.get(event_id)
        if known is None:
            self._add(event_id, place)
            return True
        if place < known:
            self._positions[event_id] = place
        return place <= known

    def _add(self, event_id: bytes, place: tuple[int, int]) -> None:
        if len(self._positions) >= MAX_EVENTS:
            oldest = next(iter(self._positions))
            if place < self._positions[oldest]:
                return
            del self._positions[oldest]
        self._positions[event_id] = place
