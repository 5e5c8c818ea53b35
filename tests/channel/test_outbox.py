"""In which order things leave."""

from hub.channel.codec import BodyFrame
from hub.channel.outbox import BATCH_BYTES, Outbox


def joined(outbox: Outbox, room: int) -> list[bytes]:
    """Return the payloads that leave with this room."""
    return [b"".join(frame.parts) for frame in outbox.take(room)]


def test_messages_leave_as_one_batch() -> None:
    """What is ready together is one array; a single message is no array."""
    outbox = Outbox()
    outbox.push(b"{1}")

    assert joined(outbox, 100) == [b"{1}"]

    outbox.push(b"{2}")
    outbox.push(b"{3}")

    assert joined(outbox, 100) == [b"[{2},{3}]"]


def test_large_batches_are_split() -> None:
    """No batch is larger than a client can parse without a pause, unless one message is."""
    outbox = Outbox()
    half = b"x" * (BATCH_BYTES // 2)
    for _ in range(3):
        outbox.push(half)

    assert [len(frame) for frame in outbox.take(1 << 30)] == [BATCH_BYTES + 3, BATCH_BYTES // 2]


def test_messages_overtake_bodies_and_bodies_take_turns() -> None:
    """A small answer does not wait behind a large one."""
    outbox = Outbox()
    for frame in (BodyFrame(1, b"a"), BodyFrame(1, b"b"), BodyFrame(2, b"c")):
        outbox.push_body(frame, 0)
    outbox.push(b"{}")
    sent = joined(outbox, 1 << 30)

    assert [part[-1:] if part != b"{}" else part for part in sent] == [b"{}", b"a", b"c", b"b"]


def test_room_bounds_what_leaves() -> None:
    """Without room nothing leaves; with a little, one frame at a time does."""
    outbox = Outbox()
    outbox.push_body(BodyFrame(1, b"a"), 0)
    outbox.push_body(BodyFrame(1, b"b"), 0)

    assert outbox.take(0) == []
    assert len(outbox.take(1)) == 1
    assert outbox


def test_bytes_are_counted() -> None:
    """The count says what waits, and comes back to zero."""
    outbox = Outbox()
    outbox.push(b"12345")
    outbox.push(b"67890")
    outbox.push_body(BodyFrame(1, b"123"), 0)
    outbox.push_body(BodyFrame(2, b"1"), 0)

    assert outbox.waiting_bytes == 10 + 11 + 9

    outbox.drop_body(2)
    outbox.take(1 << 30)

    assert outbox.waiting_bytes == 0
    assert not outbox


def test_bodies_go_by_priority() -> None:
    """The frames of an urgent body leave before those of the others, which take turns."""
    outbox = Outbox()
    for frame, priority in ((BodyFrame(1, b"a"), 3), (BodyFrame(2, b"b"), 1), (BodyFrame(3, b"c"), 0), (BodyFrame(3, b"d"), 0)):
        outbox.push_body(frame, priority)
    outbox.push_body(BodyFrame(4, b"e"), 1)

    assert [part[-1:] for part in joined(outbox, 1 << 30)] == [b"c", b"d", b"b", b"e", b"a"]


def test_dropped_bytes_are_told() -> None:
    """What was never sent is no longer counted, and the caller learns how much it was."""
    outbox = Outbox()
    outbox.push_body(BodyFrame(1, b"abc"), 2)
    outbox.push_body(BodyFrame(1, b"de"), 2)

    assert outbox.drop_body(1) == 5
    assert (outbox.waiting_bytes, bool(outbox)) == (0, False)
