"""The entries of topics: only what a hub has written for this topic, when it was published, is an event."""

import secrets

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.session.keyring import Keyring
from hub.topics.entry import LATE_SECONDS, EntryCodec, UnusableEntry
from hub.topics.model import Publication, PublishedEvent, Recipient
from tests.parties import former_release

NOW = 1_800_000_000.25
POSITION = f"{int(NOW * 1000)}-0"
RING = Keyring([secrets.token_bytes(32)])
CODEC = EntryCodec(RING)
EVENT = Publication("admitted", msgspec.Raw(b'{"bed": 4, "weight": 70.50}'), Recipient(scope="ward"))


def reason(fields: dict[bytes, bytes], *, topic: str = "ward-7", position: str = POSITION, now: float = NOW) -> str:
    """Return why an entry is not delivered."""
    with pytest.raises(UnusableEntry) as error:
        CODEC.decode(topic, position, fields, now)
    return error.value.reason


def test_round_trip() -> None:
    """An event comes back with its data as written, and each has another ID."""
    entries = [CODEC.encode("ward-7", EVENT, NOW) for _ in range(2)]
    events = [CODEC.decode("ward-7", POSITION, entry, NOW) for entry in entries]

    assert [(event.position, event.publication.name, bytes(event.publication.data)) for event in events] == [
        (POSITION, "admitted", b'{"bed": 4, "weight": 70.50}')
    ] * 2
    assert len({event.id for event in events}) == 2
    assert CODEC.decode("ward-7", "1-0", entries[0], NOW).id == events[0].id


@given(data=st.data(), name=st.sampled_from([b"p", b"at", b"mac"]))
def test_any_changed_byte(data: st.DataObject, name: bytes) -> None:
    """An entry with one byte changed, in any field, is none."""
    entry = CODEC.encode("ward-7", EVENT, NOW)
    value = bytearray(entry[name])
    value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))

    assert reason({**entry, name: bytes(value)}) == "unauthenticated"


@given(st.dictionaries(st.sampled_from([b"p", b"at", b"mac", b"x"]), st.binary(max_size=60)))
def test_any_fields(fields: dict[bytes, bytes]) -> None:
    """Whatever stands there, there is a reason and no other exception."""
    assert reason(fields) in ("incomplete", "unauthenticated")


def test_other_topic() -> None:
    """An entry that somebody copied from another topic."""
    assert reason(CODEC.encode("ward-7", EVENT, NOW), topic="ward-8") == "unauthenticated"


def test_time_of_another_entry() -> None:
    """The time belongs to its event."""
    entry, later = CODEC.encode("ward-7", EVENT, NOW), CODEC.encode("ward-7", EVENT, NOW + 86400)

    assert reason({**entry, b"at": later[b"at"]}) == "unauthenticated"
    assert reason({**entry, b"at": later[b"at"], b"mac": later[b"mac"]}) == "unauthenticated"


@pytest.mark.parametrize("late", [LATE_SECONDS + 1, 86400.0])
def test_added_again_later(late: float) -> None:
    """Yesterday's alarm is no alarm of today, although its original is long gone."""
    entry = CODEC.encode("ward-7", EVENT, NOW - late)

    assert reason(entry) == "late"
    assert reason(entry, position="9999999999999-0") == "late"


@pytest.mark.parametrize("position", [f"{int((NOW - 7200) * 1000)}-0", f"{int((NOW + LATE_SECONDS - 1) * 1000)}-3"])
def test_read_later(position: str) -> None:
    """An event that a page reads hours after it was published stands where it was published. Clocks may differ."""
    entry = CODEC.encode("ward-7", EVENT, min(NOW, int(position[:13]) / 1000))

    assert CODEC.decode("ward-7", position, entry, NOW).publication.name == "admitted"


def test_position_in_the_future() -> None:
    """Somebody who adds an entry at the end of time does not make all later events late."""
    assert CODEC.decode("ward-7", "9999999999999-7", CODEC.encode("ward-7", EVENT, NOW), NOW).publication.name == "admitted"


def test_lost_key() -> None:
    """Its tag cannot be checked."""
    assert reason(EntryCodec(Keyring([bytes(32)])).encode("ward-7", EVENT, NOW)) == "unauthenticated"


@pytest.mark.parametrize("sealed", [b"{", b'{"name":"changed","data":"M\xfcller","to":{}}', b'{"name":"x","to":{"team":"a"}}'])
def test_unreadable(sealed: bytes) -> None:
    """Written by another version of the hub."""
    at, p = b"%d" % int(NOW * 1000), RING.seal(sealed, "topic:ward-7")

    assert reason({b"p": p, b"at": at, b"mac": RING.mac(at + b" " + p, "topic:ward-7")}) == "unreadable"


def test_entries_of_the_former_release() -> None:
    """They have no tag: they are read during an upgrade only, if the settings say so."""
    ring, position = Keyring([former_release.session_key()]), "1795508182773-0"
    read: list[PublishedEvent] = []
    for fields in former_release.topic_entries():
        with pytest.raises(UnusableEntry, match="unauthenticated"):
            EntryCodec(ring).decode("ward-7", position, fields, NOW)
        read.append(EntryCodec(ring, accepts_untagged=True).decode("ward-7", position, fields, NOW))

    assert [event.publication.name for event in read] == ["admitted", "changed"]
    assert bytes(read[0].publication.data) == b'{"bed": 4, "weight": 70.50}'
    assert read[0].publication.to == Recipient(scope="ward")


def test_former_release_reads_entries() -> None:
    """It takes `p` and looks at no other field."""
    entry = CODEC.encode("ward-7", EVENT, NOW)
    publication = former_release.decode_publication(RING.open(entry[b"p"], "topic:ward-7"))

    assert (publication.name, bytes(publication.data), publication.to.scope) == ("admitted", bytes(EVENT.data), "ward")
