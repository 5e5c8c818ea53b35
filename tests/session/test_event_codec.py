"""Messages on `hub:events`: what a hub has sent is told from what anybody else has."""

import json
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.primitives.json_decoder import UnreadableJson
from hub.session.event_codec import MAX_BYTES, EventCodec, ReceivedEvent
from hub.session.events import SessionEvent, SessionHasEnded, TopicHasNews
from hub.session.keyring import Keyring
from tests.parties import former_release
from tests.session.event_samples import KEY, WRONG, json_values, session_events

RING = Keyring([secrets.token_bytes(32)])
CODEC = EventCodec(RING, "hub:events")
EVENT = SessionHasEnded(KEY, "logout", 1_800_000_000.25, KEY)


def received(message: bytes, codec: EventCodec = CODEC) -> ReceivedEvent | None:
    """Return what a hub makes of a message; None: nothing."""
    try:
        return codec.decode(message)
    except UnreadableJson:
        return None


@given(session_events)
def test_round_trip(event: SessionEvent) -> None:
    """Every event comes as it was sent, with its sender, and well below the largest size."""
    codec = EventCodec(RING, "hub:events")
    messages = [codec.encode(event) for _ in range(3)]
    read = [CODEC.decode(message) for message in messages]

    assert [each.event for each in read] == [event] * 3
    assert [each.sequence for each in read] == [1, 2, 3]
    assert len({each.publisher for each in read}) == 1
    assert read[0].publisher
    assert max(map(len, messages)) < MAX_BYTES / 4


def test_each_process_has_a_name() -> None:
    """Two processes that begin to count at the same time are two publishers."""
    first, second = (CODEC.decode(EventCodec(RING, "hub:events").encode(EVENT)) for _ in range(2))

    assert (first.sequence, second.sequence) == (1, 1)
    assert first.publisher != second.publisher


@given(session_events, st.data())
def test_any_changed_byte(event: SessionEvent, data: st.DataObject) -> None:
    """A message with one byte changed, left out or added has no sender."""
    message = EventCodec(RING, "hub:events").encode(event)
    at = data.draw(st.integers(0, len(message) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda value: value != message[at]))
    changed = [
        message[:at] + bytes([other]) + message[at + 1 :],
        message[:at] + message[at + 1 :],
        message[:at] + bytes([other]) + message[at:],
        message[:at],
    ]

    for each in changed:
        found = received(each)
        assert found is None or not found.publisher or each == message


@given(session_events, session_events, st.sampled_from(["publisher", "sequence", "mac"]))
def test_members_of_another_message(event: SessionEvent, other: SessionEvent, member: str) -> None:
    """Nothing can be put together of two messages."""
    first, second = json.loads(CODEC.encode(event)), json.loads(EventCodec(RING, "hub:events").encode(other))
    found = received(json.dumps({**first, member: second[member]}, separators=(",", ":")).encode())

    assert found is None or not found.publisher


@given(session_events)
def test_members_are_not_added(event: SessionEvent) -> None:
    """A later member of the same name would win: it is not covered by the tag, so the message has no sender."""
    message = CODEC.encode(event)
    for added in (b',"key":"00"}', b',"reason":"idle"}', b',"sequence":99}', b',"mac":"AAAA"}', b" }"):
        found = received(message[:-1] + added)
        assert found is None or not found.publisher


@pytest.mark.parametrize("codec", [EventCodec(Keyring([bytes(32)]), "hub:events"), EventCodec(RING, "hub:others")])
def test_other_senders(codec: EventCodec) -> None:
    """Another installation with its own key, and another channel."""
    found = received(codec.encode(EVENT))

    assert found == ReceivedEvent(EVENT)


@pytest.mark.parametrize("mac", ["", "0", "00", "0" * 73, "0" * 74, "zz", "AB", "00 00"])
def test_any_tag(mac: str) -> None:
    """A tag of any length is no more than a wrong one."""
    found = received(b'{"type":"topic","name":"x","publisher":"ab","sequence":1,"mac":"%s"}' % mac.encode())

    assert found == ReceivedEvent(TopicHasNews("x"))


@given(st.binary(max_size=300) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes(message: bytes) -> None:
    """They are no event, or one without a sender, and never another exception."""
    found = received(message)

    assert found is None or not found.publisher


@given(
    st.dictionaries(st.sampled_from(["key", "reason", "at", "until", "name", "expires_at", "publisher", "mac"]), json_values),
    st.sampled_from(["ended", "refreshed", "replaced", "topic", "x"]),
)
def test_any_members(members: dict[str, object], kind: str) -> None:
    """The same for what looks like an event."""
    found = received(json.dumps({"type": kind, **members}).encode())

    assert found is None or not found.publisher


@pytest.mark.parametrize("message", WRONG, ids=range(len(WRONG)))
def test_what_no_hub_sends(message: bytes) -> None:
    """It is dropped, with a reason."""
    with pytest.raises(UnreadableJson):
        CODEC.decode(message)


@pytest.mark.parametrize("message", former_release.events(), ids=range(6))
def test_messages_of_the_former_release(message: bytes) -> None:
    """They are read as they were meant, and have no sender."""
    found, meant = CODEC.decode(message), json.loads(message)
    kind = meant.pop("type")

    assert (type(found.event).__struct_config__.tag, found.publisher) == (kind, "")
    assert {name: getattr(found.event, name) for name in meant} == meant


@given(session_events)
def test_former_release_reads_messages(event: SessionEvent) -> None:
    """It ignores the added members."""
    former = former_release.decode_event(CODEC.encode(event))

    assert former_release.encode_event(former) == former_release.encode_event(event)
