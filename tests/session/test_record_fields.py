"""What is believed of a session's record: only what this hub wrote there."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.session.codec import RecordCodec
from hub.session.keyring import Keyring
from hub.session.model import Moved, Session, Tombstone, UnopenedRecord
from hub.session.record_faults import RecordFaults
from hub.session.record_fields import RecordFields
from tests.parties import former_release
from tests.parties.clock import START, ManualClock
from tests.session.samples import make_session

FORMER = former_release.stored()
FORMER_KEY = base64.b64decode(FORMER["key"])
SESSION = make_session()
TOMBSTONE = Tombstone("logout", START + 60)
MOVED = Moved.from_session(SESSION, "successor", START + 10)

pytestmark = pytest.mark.expects_log


def reader(key: bytes = FORMER_KEY, *, accepts_unauthenticated: bool = False) -> RecordFields:
    """A reader and writer of records."""
    codec = RecordCodec(Keyring([key]), accepts_unauthenticated=accepts_unauthenticated)
    return RecordFields(codec, RecordFaults(), ManualClock(START + 61))


def former(kind: str) -> tuple[str, dict[bytes, bytes]]:
    """Return key and fields of a record that the former release wrote."""
    key = FORMER[kind]
    return key, {name.encode(): base64.b64decode(value) for name, value in FORMER["redis"][f"hub:session:{key}"]["hash"].items()}


def test_round_trip() -> None:
    """A session, a tombstone and a move come back as they were."""
    fields = reader()

    assert fields.read(SESSION.key, fields.of_session(SESSION)) == SESSION
    assert fields.read("k", fields.of_end("k", TOMBSTONE)) == TOMBSTONE
    assert fields.read("k", fields.of_end("k", MOVED)) == MOVED
    assert fields.read("k", {}) is None


def test_former_release_reads_what_is_written() -> None:
    """The fields that the former release reads stand beside those that are believed here."""
    fields = reader()

    assert {b"version", b"touched_at", b"data"} < set(fields.of_session(SESSION))
    assert fields.of_end("k", TOMBSTONE).items() > {b"ended": b"logout", b"ended_at": repr(START + 60).encode()}.items()
    assert fields.of_end("k", MOVED).items() > {b"moved_to": b"successor", b"moved_until": repr(START + 10).encode()}.items()


def test_records_of_the_former_release() -> None:
    """They count as absent, unless `session.unauthenticated_records` is `accept`; a move is never accepted."""
    strict, lenient = reader(), reader(accepts_unauthenticated=True)

    assert [strict.read(*former(kind)) for kind in ("living", "ended", "old")] == [None] * 3
    session = lenient.read(*former("living"))
    assert isinstance(session, Session)
    assert (session.subject, session.version, session.touched_at) == ("alice", 2, START + 60)
    assert lenient.read(*former("ended")) == Tombstone("logout", START + 61)
    assert lenient.read(*former("old")) is None


@pytest.mark.parametrize(
    "touched_at", [b"inf", b"-inf", b"nan", b"", b"x", b"1e400", b"-1", b"2800000000", repr(START + 1).encode()]
)
def test_activity_that_was_not_recorded(touched_at: bytes) -> None:
    """Another time of the last activity than the one with the tag: the idle timeout cannot be turned off."""
    fields = reader()
    changed = fields.of_session(SESSION) | {b"touched_at": touched_at}

    assert fields.read(SESSION.key, changed) is None


@pytest.mark.parametrize("touched_at", [b"inf", b"nan", b"", b"x", b"-1", b"1e300", repr(START + 300).encode()])
def test_times_out_of_range_are_not_accepted_either(touched_at: bytes) -> None:
    """Not even while records without authentication are accepted."""
    fields = reader(accepts_unauthenticated=True)

    assert fields.read(SESSION.key, fields.of_session(SESSION) | {b"touched_at": touched_at}) is None


@pytest.mark.parametrize("version", [b"", b"x", b"-1", b"1.0", b"9" * 400, "²".encode()])
def test_version_that_is_no_number(version: bytes) -> None:
    """The record counts as absent."""
    fields = reader()

    assert fields.read(SESSION.key, fields.of_session(SESSION) | {b"version": version}) is None


def test_clear_marks_decide_nothing() -> None:
    """Whoever adds the fields of an end or a move in clear neither ends a session nor leads to another one."""
    fields, forged = reader(), {b"ended": b"logout", b"ended_at": b"1", b"moved_to": b"victim", b"moved_until": b"inf"}

    assert fields.read(SESSION.key, fields.of_session(SESSION) | forged) == SESSION
    assert fields.read("invented", forged) is None


def test_of_another_session() -> None:
    """Each field belongs to one session."""
    fields = reader()

    for record in (fields.of_session(SESSION), fields.of_end(SESSION.key, TOMBSTONE), fields.of_end(SESSION.key, MOVED)):
        assert fields.read("other", record) is None


def test_key_that_is_not_held() -> None:
    """The record may be good: another worker can tell."""
    other = reader(bytes(32))
    key_id = Keyring([FORMER_KEY]).key_ids[0]

    assert other.read(SESSION.key, reader().of_session(SESSION)) == UnopenedRecord(key_id)
    assert other.read("k", reader().of_end("k", TOMBSTONE)) == UnopenedRecord(key_id)
    mixed = other.of_session(SESSION) | reader().of_activity(SESSION.key, START)
    assert other.read(SESSION.key, mixed) == UnopenedRecord(key_id)


NAMES = [b"version", b"data", b"touched_at", b"touched_tag", b"sealed_end", b"sealed_move", b"ended", b"ended_at", b"moved_to"]


@given(st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=60)), st.booleans())
def test_any_fields(changes: dict[bytes, bytes], accepts: bool) -> None:
    """Whatever stands in the record, reading it raises nothing, and never returns another user or an invented successor."""
    fields = reader(accepts_unauthenticated=accepts)
    found = fields.read(SESSION.key, fields.of_session(SESSION) | changes)

    assert (
        found is None
        or isinstance(found, Tombstone | UnopenedRecord)
        or (isinstance(found, Session) and found.subject == "alice")
    )
    assert accepts or not isinstance(found, Tombstone)
