"""Entries that are not delivered: all are counted, few are logged."""

import pytest

from hub.telemetry.metrics import Metrics
from hub.topics.dropped_entries import LINES_AT_ONCE, DroppedEntries
from tests.parties.clock import ManualClock


@pytest.mark.expects_log
async def test_a_flood_has_few_lines(clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever fills a topic with garbage does not fill the log."""
    metrics = Metrics()
    dropped = DroppedEntries(clock, metrics)
    for number in range(1000):
        dropped.note("ward-7", f"{number}-0", "incomplete")
    await clock.advance(1.0)
    dropped.note("ward-7", "1000-0", "repeated")
    lines = [record.getMessage() for record in caplog.records]

    assert len(lines) == LINES_AT_ONCE + 1
    assert "topic.entry_dropped" in lines[0]
    assert "repeated" in lines[-1]
    assert b'hub_topic_drops_total{reason="incomplete"} 1000.0' in metrics.exposition()
