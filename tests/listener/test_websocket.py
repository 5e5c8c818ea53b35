"""The WebSocket protocol on raw sockets: what a peer may do, and how the hub ends it when the peer breaks a rule.

These are the cases of the Autobahn suite on masking, fragmentation, UTF-8 and close codes (docs/websocket-conformance.md).
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest
from tornado.testing import bind_unused_port

from hub.listener.frames import close_fault
from hub.primitives.clock import SystemClock
from tests.parties.echo_hub import EchoDoor
from tests.parties.listeners import chosen_listener
from tests.parties.websocket_peer import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Received,
    WebSocketPeer,
    close_payload,
    frame,
)

MAX_BYTES = 4096
GREEK = "κόσμε".encode()

Dial = Callable[[], AbstractAsyncContextManager[WebSocketPeer]]


@pytest.fixture
def door() -> EchoDoor:
    """An echo that takes small messages and remembers how connections ended."""
    return EchoDoor(MAX_BYTES)


@pytest.fixture
def closes(door: EchoDoor) -> list[int | None]:
    """The close codes that were seen behind the sockets."""
    return door.closes


@pytest.fixture
async def dial(door: EchoDoor) -> AsyncIterator[Dial]:
    """Open WebSockets to an echo that runs the hub's protocol."""
    listener = chosen_listener()(door, SystemClock())
    socket, port = bind_unused_port()
    await listener.start([socket])
    yield lambda: WebSocketPeer.dial(port, "/")
    await listener.close()


async def close_for(dial: Dial, *frames: bytes) -> Received:
    """Send frames and return the close frame with which the hub answers; the handshake then ends in order."""
    async with dial() as peer:
        await peer.send(*frames)
        received = await peer.receive()
        assert received.opcode == CLOSE, received
        await peer.send(frame(CLOSE, received.data))
        assert await peer.rest() == b""
        return received


class TestMessages:
    @pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 128, MAX_BYTES])
    @pytest.mark.parametrize("opcode", [TEXT, BINARY])
    async def test_echo(self, dial: Dial, opcode: int, size: int) -> None:
        """Messages of every length come through, up to the limit."""
        async with dial() as peer:
            await peer.send(frame(opcode, b"*" * size))

            assert await peer.receive() == Received(opcode, b"*" * size)

    @pytest.mark.parametrize("cuts", [1, 2, 3, 5])
    @pytest.mark.parametrize("opcode", [TEXT, BINARY])
    async def test_fragments(self, dial: Dial, opcode: int, cuts: int) -> None:
        """A message in pieces is one message, wherever characters are cut, with control frames in between."""
        pieces = [GREEK[at : at + cuts] for at in range(0, len(GREEK), cuts)]
        async with dial() as peer:
            await peer.send(frame(opcode, fin=False))
            for piece in pieces:
                await peer.send(frame(CONTINUATION, piece, fin=False), frame(PING, b"x"), frame(PONG, b"unasked"))
            await peer.send(frame(CONTINUATION))

            assert [await peer.receive() for _ in pieces] == [Received(PONG, b"x")] * len(pieces)
            assert await peer.receive() == Received(opcode, GREEK)

    @pytest.mark.parametrize("size", [0, 1, 125])
    async def test_ping(self, dial: Dial, size: int) -> None:
        """A ping is answered with its own data."""
        async with dial() as peer:
            await peer.send(frame(PING, b"\xfe" * size))

            assert await peer.receive() == Received(PONG, b"\xfe" * size)

    async def test_frame_byte_by_byte(self, dial: Dial) -> None:
        """It does not matter how TCP cuts a frame."""
        async with dial() as peer:
            for byte in frame(TEXT, GREEK):
                await peer.send(bytes([byte]))

            assert await peer.receive() == Received(TEXT, GREEK)

    async def test_mask_of_zeros(self, dial: Dial) -> None:
        """A mask of zeros is a mask."""
        async with dial() as peer:
            await peer.send(frame(TEXT, b"plain", mask=bytes(4)))

            assert await peer.receive() == Received(TEXT, b"plain")


class TestProtocolErrors:
    @pytest.mark.deviates("unmasked frames")
    @pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, PONG])
    async def test_unmasked_frame(self, dial: Dial, closes: list[int | None], opcode: int) -> None:
        """A frame without a mask closes with 1002 (RFC 6455 section 5.1); the handler hears of it."""
        assert (await close_for(dial, frame(opcode, b"a", mask=b""), frame(CLOSE, b"\x03\xe8"))).code == 1002
        assert closes == [1002]

    @pytest.mark.deviates("end of a broken WebSocket")
    @pytest.mark.parametrize("reserved", [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70])
    @pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, PONG])
    async def test_reserved_bits(self, dial: Dial, opcode: int, reserved: int) -> None:
        """Without extensions the reserved bits are zero."""
        assert (await close_for(dial, frame(opcode, b"a", reserved=reserved))).code == 1002

    @pytest.mark.deviates("end of a broken WebSocket")
    @pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
    async def test_unknown_opcode(self, dial: Dial, opcode: int) -> None:
        """The opcodes that are kept for later are not used."""
        assert (await close_for(dial, frame(opcode, b"a"))).code == 1002

    @pytest.mark.deviates("end of a broken WebSocket")
    @pytest.mark.parametrize("opcode", [PING, PONG])
    async def test_control_frames(self, dial: Dial, opcode: int) -> None:
        """A control frame is not larger than 125 bytes, and not in pieces."""
        assert (await close_for(dial, frame(opcode, b"a" * 126))).code == 1002
        assert (await close_for(dial, frame(opcode, b"a", fin=False))).code == 1002

    @pytest.mark.deviates("end of a broken WebSocket")
    @pytest.mark.parametrize(
        "frames",
        [
            [frame(CONTINUATION, b"a")],
            [frame(CONTINUATION, b"a", fin=False)],
            [frame(TEXT, b"a", fin=False), frame(TEXT, b"b")],
            [frame(TEXT, b"a", fin=False), frame(BINARY, b"b", fin=False)],
            [frame(TEXT, b"a", fin=False), frame(CONTINUATION, reserved=0x40)],
        ],
    )
    async def test_fragments_out_of_order(self, dial: Dial, frames: list[bytes]) -> None:
        """What continues follows what began, and a message is whole before the next."""
        assert (await close_for(dial, *frames)).code == 1002

    @pytest.mark.deviates("end of a broken WebSocket")
    async def test_continuation_after_the_end(self, dial: Dial) -> None:
        """After the last fragment there is nothing to continue."""
        async with dial() as peer:
            await peer.send(frame(TEXT, b"a", fin=False), frame(CONTINUATION, b"b"), frame(CONTINUATION, b"c"))

            assert await peer.receive() == Received(TEXT, b"ab")
            assert (await peer.receive()).code == 1002

    async def test_too_big(self, dial: Dial) -> None:
        """A message beyond the limit closes with 1009 as soon as its length is known; what is sent of it is dropped."""
        whole = frame(BINARY, bytes(MAX_BYTES + 1))
        parts = [frame(BINARY, bytes(MAX_BYTES), fin=False), frame(CONTINUATION, b"1")]

        assert (await close_for(dial, whole)).code == 1009
        assert (await close_for(dial, *parts)).code == 1009

    async def test_absurd_length(self, dial: Dial) -> None:
        """A length that nobody can hold is refused before anything of it comes."""
        async with dial() as peer:
            await peer.send(frame(BINARY, size=2**63))

            assert (await peer.receive()).code == 1009

    @pytest.mark.deviates("unmasked frames")
    async def test_large_pipeline_after_an_error(self, dial: Dial) -> None:
        """A client that has sent much behind its mistake still reads the close frame: the connection is not reset."""
        async with dial() as peer:
            await peer.send(frame(TEXT, b"a", mask=b""), *[frame(BINARY, bytes(4000))] * 200, frame(PING, b"a"))
            await peer.send(frame(CLOSE, close_payload(1000)))

            assert (await peer.receive()).code == 1002
            assert await peer.rest() == b""


class TestUtf8:
    @pytest.mark.deviates("end of a broken WebSocket")
    @pytest.mark.parametrize(
        "text",
        [b"\x80", b"\xc0\x80", b"\xf5\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xce", GREEK + b"\xfe", b"\xff" + GREEK],
    )
    async def test_not_utf8(self, dial: Dial, closes: list[int | None], text: bytes) -> None:
        """Text that is not UTF-8 closes with 1007, in one frame or in many."""
        pieces = [frame(CONTINUATION, text[at : at + 1], fin=False) for at in range(len(text))]

        assert (await close_for(dial, frame(TEXT, text))).code == 1007
        assert (await close_for(dial, frame(TEXT, fin=False), *pieces, frame(CONTINUATION))).code == 1007
        assert closes == [1007, 1007]

    @pytest.mark.deviates("text in fragments")
    async def test_fails_fast(self, dial: Dial) -> None:
        """The first wrong fragment ends the message; the hub does not wait for its end."""
        frames = [frame(TEXT, GREEK, fin=False), frame(CONTINUATION, b"\xf4\x90", fin=False), frame(PING)]

        assert (await close_for(dial, *frames)).code == 1007

    @pytest.mark.parametrize("text", ["\x00", "\x7f", "\x80", "\uffff", "\U0010ffff", "\ufdd0", "\ud7ff\ue000"])
    async def test_strange_but_valid(self, dial: Dial, text: str) -> None:
        """Every scalar value of Unicode may be sent."""
        async with dial() as peer:
            await peer.send(frame(TEXT, text.encode()))

            assert await peer.receive() == Received(TEXT, text.encode())

    async def test_binary_is_not_looked_at(self, dial: Dial) -> None:
        """Bytes are bytes, in pieces too."""
        async with dial() as peer:
            await peer.send(frame(BINARY, b"\xff", fin=False), frame(CONTINUATION, b"\xfe"))

            assert await peer.receive() == Received(BINARY, b"\xff\xfe")


class TestClose:
    @pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, *range(1007, 1015), 3000, 3999, 4000, 4400, 4999])
    async def test_valid_code(self, dial: Dial, closes: list[int | None], code: int) -> None:
        """A close frame is answered with its own code, and the connection ends."""
        async with dial() as peer:
            await peer.send(frame(CLOSE, close_payload(code, "because é".encode())))

            assert (await peer.receive()).code == code
            assert await peer.rest() == b""
        assert closes == [code]

    async def test_no_code(self, dial: Dial, closes: list[int | None]) -> None:
        """A close frame needs no code."""
        async with dial() as peer:
            await peer.send(frame(CLOSE))

            assert await peer.receive() == Received(CLOSE, b"")
            assert await peer.rest() == b""
        assert closes == [None]

    @pytest.mark.deviates("close codes")
    @pytest.mark.parametrize("code", [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
    async def test_invalid_code(self, dial: Dial, closes: list[int | None], code: int) -> None:
        """A code that must not be sent is answered with 1002 and never sent back."""
        async with dial() as peer:
            await peer.send(frame(CLOSE, close_payload(code)))

            assert (await peer.receive()).code == 1002
            assert await peer.rest() == b""
        assert closes == [1002]

    @pytest.mark.deviates("close codes")
    @pytest.mark.parametrize(
        ("closing", "code"),
        [
            (frame(CLOSE, b"\x03"), 1002),
            (frame(CLOSE, close_payload(1000, b"a" * 124)), 1002),
            (frame(CLOSE, close_payload(1000), fin=False), 1002),
            (frame(CLOSE, close_payload(1000), mask=b""), 1002),
            (frame(CLOSE, close_payload(1000), reserved=0x40), 1002),
            (frame(CLOSE, close_payload(1000, b"\xce\xba\xed\xa0\x80")), 1007),
            (frame(CLOSE, close_payload(999, b"\xff")), 1002),
        ],
    )
    async def test_malformed_close(self, dial: Dial, closing: bytes, code: int) -> None:
        """A malformed close frame is answered by what is wrong with it, and is the last one nevertheless."""
        async with dial() as peer:
            await peer.send(closing)

            assert (await peer.receive()).code == code
            assert await peer.rest() == b""

    async def test_nothing_counts_after_close(self, dial: Dial) -> None:
        """What a client sends behind its close frame is not answered."""
        async with dial() as peer:
            await peer.send(frame(CLOSE, close_payload(1000)) + frame(PING, b"a") + frame(TEXT, b"a"))

            assert (await peer.receive()).code == 1000
            assert await peer.rest() == b""

    async def test_close_within_a_message(self, dial: Dial) -> None:
        """A close frame may come between fragments."""
        async with dial() as peer:
            await peer.send(frame(TEXT, b"a", fin=False), frame(CLOSE, close_payload(1001)))

            assert (await peer.receive()).code == 1001

    @pytest.mark.deviates("end of a broken WebSocket")
    async def test_odd_answer_to_our_close(self, dial: Dial) -> None:
        """After our close frame any close frame of the peer ends the connection at once, without another word."""
        for answer in (frame(CLOSE, close_payload(1005)), frame(CLOSE, mask=b""), frame(CLOSE, close_payload(1000, b"\xff"))):
            async with dial() as peer:
                await peer.send(frame(TEXT, b"\xff"))
                assert (await peer.receive()).code == 1007
                await peer.send(frame(PING, b"late"), frame(TEXT, b"late"), answer)

                assert await peer.rest() == b""


def test_every_code_is_judged() -> None:
    """Of all 65,536 codes those of IANA's registry that may be sent and the free ones are valid."""
    valid = [code for code in range(65_536) if close_fault(close_payload(code)) is None]

    assert valid == [1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)]
