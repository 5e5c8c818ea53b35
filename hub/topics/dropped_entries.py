"""Counts the entries of topics that are not delivered, and logs some of them."""

from hub.primitives.clock import Clock
from hub.primitives.token_bucket import TokenBuckets
from hub.telemetry import log
from hub.telemetry.metrics import Metrics
from hub.topics.entry import DropReason
from hub.topics.model import Position

LINES_PER_SECOND = 1.0
LINES_AT_ONCE = 10.0

logger = log.get(__name__)


class DroppedEntries:
    """Notes the entries that one worker drops. An adversary who writes many fills no log."""

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._lines = TokenBuckets(LINES_PER_SECOND, LINES_AT_ONCE)

    def note(self, topic: str, position: Position, reason: DropReason) -> None:
        """Count an entry that is not delivered."""
        self._metrics.topic_drops.labels(reason).inc()
        if not self._lines.take("", self._clock.monotonic()):
            logger.warning("topic.entry_dropped", topic=topic, position=position, reason=reason)
