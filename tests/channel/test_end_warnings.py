"""When a page is told that its session will end, and that it will not after all."""

from dataclasses import replace

from hub.channel.end_warnings import EndWarnings, SessionEndNotice
from hub.session.model import Lifetimes, SessionId
from tests.channel.parts import new_session
from tests.parties.clock import START

SESSION = new_session(SessionId.generate())


def warnings(seconds: float = 60.0, idle: float = 900.0) -> EndWarnings:
    """Return warnings of a worker on which nothing has happened."""
    return EndWarnings(Lifetimes(idle, 43_200.0, seconds))


def test_warned_once() -> None:
    """The store is asked first; one warning, then silence until something changes."""
    worker = warnings()

    assert not worker.needs_check("k", SESSION, START + 839)
    assert worker.needs_check("k", SESSION, START + 840)
    assert worker.update("k", SESSION, START + 840) == SessionEndNotice("expiring", {"in_ms": 60_000, "kind": "idle"})
    assert not worker.needs_check("k", SESSION, START + 844)
    assert worker.needs_check("k", SESSION, START + 845)
    assert worker.update("k", SESSION, START + 845) is None


def test_activity_elsewhere_before_the_warning() -> None:
    """A session that is only old on this worker is not warned."""
    worker = warnings()

    assert worker.update("k", replace(SESSION, touched_at=START + 800), START + 840) is None


def test_taken_back_and_given_again() -> None:
    """Activity takes the warning back; the next silence warns again."""
    worker = warnings()
    worker.update("k", SESSION, START + 840)
    active = replace(SESSION, touched_at=START + 850)

    assert worker.needs_check("k", active, START + 851)
    assert worker.update("k", active, START + 851) == SessionEndNotice("extended", {"in_ms": 899_000})
    assert worker.update("k", active, START + 852) is None
    assert worker.update("k", active, START + 1690) == SessionEndNotice("expiring", {"in_ms": 60_000, "kind": "idle"})


def test_absolute_end() -> None:
    """The longest life is named as what it is, since no activity helps; a warning of the other kind does not hide it."""
    worker = warnings()
    late = replace(SESSION, touched_at=START + 42_300)

    told = worker.update("k", replace(SESSION, touched_at=START + 42_250), START + 43_140)
    assert told == SessionEndNotice("expiring", {"in_ms": 10_000, "kind": "idle"})
    assert worker.update("k", late, START + 43_145) == SessionEndNotice("expiring", {"in_ms": 55_000, "kind": "absolute"})


def test_off() -> None:
    """With 0 nobody is warned."""
    worker = warnings(0.0)

    assert not worker.needs_check("k", SESSION, START + 899)
    assert worker.update("k", SESSION, START + 899) is None


def test_idle_time_shorter_than_the_warning() -> None:
    """A session of half a minute is warned in the middle, not all the time."""
    worker = warnings(60.0, idle=30.0)

    assert worker.update("k", SESSION, START + 14) is None
    assert worker.update("k", SESSION, START + 15) == SessionEndNotice("expiring", {"in_ms": 15_000, "kind": "idle"})
