"""Records that are not believed: counted each time, logged once."""

import pytest

from hub.session.codec import KeyNotHeld, UnreadableRecord
from hub.session.keyring import UnknownSessionKey
from hub.session.record_faults import RecordFaults


@pytest.mark.expects_log
def test_logged_once_and_counted_each_time(caplog: pytest.LogCaptureFixture) -> None:
    """Each record is named in the log once, however often it is met."""
    counted: list[tuple[str, str]] = []
    faults = RecordFaults(lambda kind, fault: counted.append((kind, fault)))

    for _ in range(3):
        faults.report("session", "abc", UnreadableRecord("changed"))
    faults.report("jar", "abc", KeyNotHeld(UnknownSessionKey("01020304")))

    assert counted == [("session", "not_authentic")] * 3 + [("jar", "key_not_held")]
    assert len(caplog.records) == 2
    assert "01020304" in caplog.text
