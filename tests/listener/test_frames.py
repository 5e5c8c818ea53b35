"""WebSocket frames: any sequence, cut anywhere, gives the messages that a reader gives that sees all at once."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.listener.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    NO_MESSAGE,
    PING,
    PONG,
    TEXT,
    Broken,
    FrameReader,
    close_payload,
    frame_head,
)
from tests.parties.websocket_peer import frame

MAX_BYTES = 1000

texts = st.text(max_size=60)
whole = st.one_of(
    st.tuples(st.just(TEXT), texts),
    st.tuples(st.just(BINARY), st.binary(max_size=300)),
    st.tuples(st.just(PING), st.binary(max_size=125)),
    st.tuples(st.just(PONG), st.binary(max_size=125)),
)
fragmented = st.tuples(st.just(TEXT), texts, st.lists(st.integers(0, 240), max_size=4))


def frames_of(message: tuple[int, str | bytes], cuts: list[int] | None = None) -> bytes:
    """Return a message as frames, cut at some bytes of its payload, with a ping between them."""
    opcode, said = message
    payload = said.encode() if isinstance(said, str) else said
    if cuts is None:
        return frame(opcode, payload)
    edges = [0, *sorted(min(cut, len(payload)) for cut in cuts), len(payload)]
    pieces = [payload[start:end] for start, end in itertools.pairwise(edges)]
    sent = frame(opcode, pieces[0], fin=len(pieces) == 1)
    for number, piece in enumerate(pieces[1:], 2):
        sent += frame(PING, b"between") + frame(CONTINUATION, piece, fin=number == len(pieces))
    return sent


def read(reader: FrameReader, pieces: list[bytes]) -> list[object]:
    """Feed pieces; return the messages, and the code of a refusal in its place."""
    found: list[object] = []
    for piece in pieces:
        reader.feed(piece)
        while True:
            try:
                message = reader.next()
            except Broken as broken:
                found.append(int(broken.code))
                continue
            if message is None:
                break
            if message != NO_MESSAGE:
                found.append(message)
    return found


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Cut bytes at some places."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(st.lists(whole, max_size=6), st.lists(st.integers(0, 10_000), max_size=12))
def test_messages_cut_anywhere(messages: list[tuple[int, str | bytes]], places: list[int]) -> None:
    """What was sent comes out, in order, however TCP cuts it."""
    data = b"".join(map(frames_of, messages))

    assert read(FrameReader(MAX_BYTES), cut(data, places)) == messages


@given(fragmented, st.lists(st.integers(0, 10_000), max_size=8))
def test_fragments_cut_anywhere(message: tuple[int, str, list[int]], places: list[int]) -> None:
    """A text in fragments is one text, wherever its characters are cut, and control frames come between (section 5.4)."""
    opcode, text, cuts = message
    found = read(FrameReader(MAX_BYTES), cut(frames_of((opcode, text), cuts), places))

    assert [each for each in found if each != (PING, b"between")] == [(TEXT, text)]


@given(st.binary(max_size=400), st.lists(st.integers(0, 10_000), max_size=8))
def test_any_bytes(data: bytes, places: list[int]) -> None:
    """Whatever is sent, cutting it changes nothing, and nothing but a close frame comes out after a refusal."""
    at_once, in_pieces = read(FrameReader(MAX_BYTES), [data]), read(FrameReader(MAX_BYTES), cut(data, places))
    refusal = next((number for number, each in enumerate(at_once) if isinstance(each, int)), len(at_once))

    assert in_pieces == at_once
    assert at_once[refusal + 1 :] in ([], [(CLOSE, b"")])


@pytest.mark.parametrize(
    "fragments",
    [
        [frame(TEXT, b"a", fin=False), *[frame(CONTINUATION, fin=False)] * 5, frame(CONTINUATION, b"b")],
        [frame(PONG)] * 7,
    ],
    ids=["fragments", "pongs"],
)
def test_each_frame_comes_out(fragments: list[bytes]) -> None:
    """Each call handles one frame, also a fragment, so that the caller can count them."""
    reader = FrameReader(MAX_BYTES)
    reader.feed(b"".join(fragments))

    assert [reader.next() is not None for _ in range(8)] == [True] * 7 + [False]


def test_dropped_frames_come_out_one_by_one() -> None:
    """After our close frame, what is dropped is counted too."""
    reader = FrameReader(MAX_BYTES)
    reader.want_only_close()
    reader.feed(frame(PONG) * 3)

    assert [reader.next() for _ in range(4)] == [NO_MESSAGE] * 3 + [None]


def test_an_oversized_frame_is_not_held() -> None:
    """Of a frame that is too large nothing is kept, and the close frame behind it is seen."""
    reader = FrameReader(MAX_BYTES)
    oversized = frame(BINARY, bytes(100_000))
    found = read(reader, [oversized[at : at + 1000] for at in range(0, len(oversized), 1000)])
    held = len(reader._held)

    assert (found, held) == ([1009], 0)
    assert read(reader, [frame(CLOSE, close_payload(1009, ""))]) == [(CLOSE, b"")]


def test_nothing_follows_a_close_frame() -> None:
    """After the close frames of both sides everything is dropped, and nothing is kept."""
    reader = FrameReader(MAX_BYTES)
    reader.want_only_close()

    assert read(reader, [frame(TEXT, b"late") + frame(CLOSE, b"") + frame(CLOSE, b"") + frame(TEXT, b"x")]) == [(CLOSE, b"")]
    assert (read(reader, [frame(CLOSE, b"")] * 3), len(reader._held)) == ([], 0)


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_frame_heads(size: int, head: bytes) -> None:
    """The three forms of a length, each as short as it can be (section 5.2)."""
    assert frame_head(TEXT, size) == head


def test_long_reasons_are_cut_between_characters() -> None:
    """A close frame holds 125 bytes; what does not fit is left out, and what is left is UTF-8."""
    payload = close_payload(4400, "é" * 100)

    assert (len(payload), payload[2:].decode()) == (124, "é" * 61)
    assert (close_payload(None, "unsaid"), close_payload(1000, "")) == (b"", b"\x03\xe8")
