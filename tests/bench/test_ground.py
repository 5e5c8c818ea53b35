"""The load of growth and storms counts right answers only: a wrong one ends the round."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bench.ground.channels import open_channels
from bench.ground.frames import FrameReader, text_frame
from bench.ground.http_callers import is_answer, open_callers
from bench.ground.members import Member
from bench.ground.rounds import PacedRound, Round, WrongAnswer
from bench.ground.upstream import ANSWER, BODY, Connection
from hub.session.model import SessionId

REQUEST = b"GET /0/x HTTP/1.1\r\nHost: here\r\n\r\n"


@asynccontextmanager
async def serving(protocol: type[asyncio.Protocol]) -> AsyncIterator[int]:
    """Serve a protocol on a free port."""
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


class Farewell(asyncio.Protocol):
    """Closes the connection at the first request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.close()


class Refusal(Farewell):
    """Refuses the upgrade."""

    def data_received(self, data: bytes) -> None:
        assert isinstance(self.transport, asyncio.WriteTransport)
        self.transport.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")


class TestHttp:
    async def test_every_request_is_answered(self) -> None:
        """A round has as many latencies as requests, however many callers share them."""
        async with serving(Connection) as port:
            load = await open_callers([port], [REQUEST], 3)
            done = []
            for requests in (20, 1, 2):
                current = Round(requests)
                await load.run(current)
                done.append(len(current.latencies))
            load.close()

        assert done == [20, 1, 2]

    async def test_an_api_that_takes_its_time(self) -> None:
        """The upstream answers after the milliseconds in the path, each connection for itself."""
        async with serving(Connection) as port:
            load = await open_callers([port], [b"GET /30/x HTTP/1.1\r\n\r\n"], 2)
            current = Round(2)
            await load.run(current)
            load.close()

        assert min(current.latencies) >= 0.03

    async def test_a_paced_round_counts_from_when_a_request_should_have_left(self) -> None:
        """One caller for a hundred requests a second at an API that takes 30 ms: each waits longer than the one before."""
        async with serving(Connection) as port:
            load = await open_callers([port], [b"GET /30/x HTTP/1.1\r\n\r\n"], 1)
            current = PacedRound(100, 0.1)
            await load.run(current)
            load.close()

        assert len(current.latencies) == 10
        assert current.latencies[-1] >= 10 * 0.03 - 10 * 0.01

    async def test_lost_connection(self) -> None:
        """A connection that ends in the middle of a round ends the round."""
        async with serving(Farewell) as port:
            load = await open_callers([port], [REQUEST], 1)
            with pytest.raises(WrongAnswer, match="closed by the server"):
                await load.run(Round(10))

    def test_answer_in_pieces(self) -> None:
        """An answer is taken once its last byte is there."""
        assert {is_answer(ANSWER[:size]) for size in range(len(ANSWER))} == {False}
        assert is_answer(ANSWER)

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
            is_answer(ANSWER.replace(old, new, 1))

    def test_upstream_body(self) -> None:
        """The answer is 1 KB."""
        assert len(BODY) == 1024


class TestChannel:
    async def test_refused(self) -> None:
        """A channel that is refused is no load."""
        member = Member(SessionId.generate(), "a=b", "csrf")
        async with serving(Refusal) as port:
            with pytest.raises(WrongAnswer, match="403"):
                await open_channels([port], "http://localhost:1", "/", [member])

    @pytest.mark.parametrize("size", [0, 125, 126, 65535])
    def test_frames(self, size: int) -> None:
        """A frame is taken once it is whole, whatever the width of its length; what follows waits."""
        masked = text_frame(b"x" * size)
        head = masked[: len(masked) - size - 4]
        frame = bytes([head[0], head[1] & 0x7F]) + head[2:] + b"x" * size
        reader = FrameReader()

        assert list(reader.feed(frame[:-1])) == []
        assert list(reader.feed(frame[-1:] + frame)) == [(1, b"x" * size), (1, b"x" * size)]

    @pytest.mark.parametrize("frame", [b"\x01\x00", b"\x81\x80"], ids=["fragment", "masked"])
    def test_unexpected_frame(self, frame: bytes) -> None:
        """The hub sends neither fragments nor masked frames."""
        with pytest.raises(WrongAnswer):
            list(FrameReader().feed(frame))
