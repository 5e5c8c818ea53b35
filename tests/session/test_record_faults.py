"""Records that are not believed: counted each time, logged once."""

import pytest

from hub.session.codec import KeyNotHeld, UnreadableRecord
from hub.session.keyring import UnknownSessionKey
from hub.session.record_faults import LINES_AT_ONCE, LINES_PER_SECOND, RecordFaults
from tests.parties.clock import ManualClock

pytestmark = pytest.mark.expects_log
Counted = list[tuple[str, str]]


@pytest.fixture
def counted() -> Counted:
    """What is counted."""
    return []


@pytest.fixture
def faults(counted: Counted, clock: ManualClock) -> RecordFaults:
    """The faults of a worker."""
    return RecordFaults(lambda kind, fault: counted.append((kind, fault)), clock)


def test_logged_once_and_counted_each_time(faults: RecordFaults, counted: Counted, caplog: pytest.LogCaptureFixture) -> None:
    """Each record is named in the log once, however often it is met."""
    for _ in range(3):
        faults.report("session", "abc", UnreadableRecord("changed"))
    faults.report("jar", "abc", UnreadableRecord("changed"))

    assert counted == [("session", "not_authentic")] * 3 + [("jar", "not_authentic")]
    assert len(caplog.records) == 2


def test_missing_key(faults: RecordFaults, counted: Counted, caplog: pytest.LogCaptureFixture) -> None:
    """A key that is missing is named once, not each record that was made with it."""
    for ref in ("a", "b", "c"):
        faults.report("session", ref, KeyNotHeld(UnknownSessionKey("01020304")))
    faults.report("session", "d", KeyNotHeld(UnknownSessionKey("05060708")))

    assert counted == [("session", "key_not_held")] * 4
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert ("01020304" in caplog.text, "05060708" in caplog.text) == (True, True)


async def test_many(faults: RecordFaults, counted: Counted, clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever writes many such records fills no log, and hides nothing for long."""
    for number in range(1000):
        faults.report("session", str(number), UnreadableRecord("changed"))
        faults.report("session", str(number), KeyNotHeld(UnknownSessionKey(f"{number:08}")))
    assert (len(caplog.records), len(counted)) == (LINES_AT_ONCE, 2000)

    await clock.advance(1 / LINES_PER_SECOND)
    faults.report("session", "999", UnreadableRecord("changed"))
    assert len(caplog.records) == LINES_AT_ONCE + 1
