"""The load generators count right answers only: a wrong one ends the round."""

import pytest

from bench.bodies import KB, SIZES, make_body
from bench.load_channel import ChannelLoad
from bench.load_http import AnswerReader, HttpLoad
from bench.rounds import PacedRound, Round, WrongAnswer
from bench.upstream import Connection, answer_to
from bench.websocket import FrameReader, frame
from tests.bench.servers import Farewell, Refusal, serving

BODY = make_body(KB)
PATH = "/1024.json"
ANSWER = answer_to(PATH.encode())


class TestHttp:
    async def test_every_request_is_answered(self) -> None:
        """A round has as many latencies as requests, however many callers share them."""
        done = []
        async with serving(Connection) as port:
            load = await HttpLoad.open(port, PATH, {"Host": "here"}, BODY, 3)
            for requests in (20, 1, 2):
                current = Round(requests=requests)
                await load.run(current)
                done.append(len(current.latencies))
            load.close()

        assert done == [20, 1, 2]

    async def test_wrong_body(self) -> None:
        """An answer with another body ends the round."""
        async with serving(Connection) as port:
            load = await HttpLoad.open(port, PATH, {"Host": "here"}, BODY[:-1] + b" ", 2)
            with pytest.raises(WrongAnswer):
                await load.run(Round(requests=10))
            load.close()

    async def test_lost_connection(self) -> None:
        """A connection that ends in the middle of a round ends the round."""
        async with serving(Farewell) as port:
            load = await HttpLoad.open(port, PATH, {"Host": "here"}, BODY, 1)
            with pytest.raises(WrongAnswer, match="closed by the server"):
                await load.run(Round(requests=10))

    @pytest.mark.parametrize("cut", [1, 7, 100, len(ANSWER)])
    def test_answer_in_pieces(self, cut: int) -> None:
        """An answer is whole with its last byte, however it is cut; the next one begins behind it."""
        reader = AnswerReader(BODY)
        pieces = [ANSWER[at : at + cut] for at in range(0, len(ANSWER), cut)]

        for _ in range(2):
            assert [reader.feed(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"200 OK", b"502 Bad"),
            (b"Length: 1024", b"Length: 1023"),
            (b"Content-Length", b"Content-Langth"),
            (b'"id":1,', b'"id":7,'),
        ],
        ids=["status", "length", "no length", "body"],
    )
    def test_wrong_answer(self, old: bytes, new: bytes) -> None:
        """Status, announced length and every byte of the body have to be right."""
        with pytest.raises(WrongAnswer):
            AnswerReader(BODY).feed(ANSWER.replace(old, new, 1))


class Timer:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class TestRounds:
    async def test_closed_loop_ends_with_its_time(self) -> None:
        """No request leaves after the end; the round is over when those under way were answered."""
        timer, sent = Timer(), list[float]()
        current = Round(seconds=1.0, timer=timer)
        current.ask(sent.append)
        timer.now = 1.5
        current.answered(sent[0])
        current.ask(sent.append)
        await current.finished()

        assert (sent, list(current.latencies), current.seconds) == ([0.0], [1.5], 1.5)

    async def test_open_loop_counts_from_when_a_request_was_due(self) -> None:
        """Who asks late is handed requests that were due before: they pay for the waiting (no coordinated omission)."""
        timer, sent = Timer(), list[float]()
        current = PacedRound(10.0, 0.3, timer=timer)
        timer.now = 0.25
        for _ in range(3):
            current.ask(sent.append)
            current.answered(sent[-1])
        await current.finished()

        assert sent == pytest.approx([0.0, 0.1, 0.2])
        assert list(current.latencies) == pytest.approx([0.25, 0.15, 0.05])


class TestChannel:
    async def test_refused(self) -> None:
        """A channel that is refused is no load."""
        async with serving(Refusal) as port:
            with pytest.raises(WrongAnswer, match="403"):
                await ChannelLoad.open(port, PATH, {"Host": "here"}, "", BODY, 1, 1)

    @pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
    def test_frames(self, size: int) -> None:
        """A frame is taken once it is whole, whatever the width of its length; what follows waits for its own end."""
        masked = frame(b"x" * size)
        head = masked[: len(masked) - size - 4]
        sent = bytes([head[0], head[1] & 0x7F]) + head[2:] + b"x" * size
        reader = FrameReader()

        assert list(reader.feed(sent[:-1])) == []
        assert list(reader.feed(sent[-1:] + b"\x81")) == [(1, b"x" * size)]

    @pytest.mark.parametrize("sent", [b"\x01\x00", b"\x81\x80"], ids=["fragment", "masked"])
    def test_unexpected_frame(self, sent: bytes) -> None:
        """No server here sends fragments or masked frames."""
        with pytest.raises(WrongAnswer):
            list(FrameReader().feed(sent))


@pytest.mark.parametrize("size", SIZES.values(), ids=list(SIZES))
def test_bodies_have_their_size(size: int) -> None:
    """The documents are exactly as long as their names say, and JSON."""
    body = make_body(size)

    assert (len(body), body[:1], body[-1:]) == (size, b"{", b"}")
