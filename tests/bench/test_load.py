"""The load generator counts right answers only: a wrong one ends the round."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bench.load_channel import ChannelLoad
from bench.load_http import HttpLoad, take_answer
from bench.rounds import WrongAnswer
from bench.upstream import ANSWER, BODY, Connection
from bench.websocket import take_frame, text_frame


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
            load = await HttpLoad.open(port, "/", {"Host": "here"}, BODY, 3)
            done = [len((await load.run(requests)).latencies) for requests in (20, 1, 2)]
            load.close()

        assert done == [20, 1, 2]

    async def test_wrong_body(self) -> None:
        """An answer with another body ends the round."""
        async with serving(Connection) as port:
            load = await HttpLoad.open(port, "/", {"Host": "here"}, BODY[:-1] + b" ", 2)
            with pytest.raises(WrongAnswer):
                await load.run(10)
            load.close()

    async def test_lost_connection(self) -> None:
        """A connection that ends in the middle of a round ends the round."""
        async with serving(Farewell) as port:
            load = await HttpLoad.open(port, "/", {"Host": "here"}, BODY, 1)
            with pytest.raises(WrongAnswer, match="closed by the server"):
                await load.run(10)

    def test_answer_in_pieces(self) -> None:
        """An answer is taken once its last byte is there, and what follows stays."""
        assert {take_answer(ANSWER[:size], BODY) for size in range(len(ANSWER))} == {None}
        assert take_answer(ANSWER + b"HTTP", BODY) == b"HTTP"

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
            take_answer(ANSWER.replace(old, new, 1), BODY)


class TestChannel:
    async def test_refused(self) -> None:
        """A channel that is refused is no load."""
        async with serving(Refusal) as port:
            with pytest.raises(WrongAnswer, match="403"):
                await ChannelLoad.open(port, "/", {"Host": "here"}, "", BODY, 1, 1)

    @pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
    def test_frames(self, size: int) -> None:
        """A frame is taken once it is whole, whatever the width of its length; what follows stays."""
        masked = text_frame(b"x" * size)
        head = masked[: len(masked) - size - 4]
        frame = bytes([head[0], head[1] & 0x7F]) + head[2:] + b"x" * size

        assert take_frame(frame + b"yz") == (1, b"x" * size, b"yz")
        assert take_frame(frame[:-1]) is None

    @pytest.mark.parametrize("frame", [b"\x01\x00", b"\x81\x80"], ids=["fragment", "masked"])
    def test_unexpected_frame(self, frame: bytes) -> None:
        """The hub sends neither fragments nor masked frames."""
        with pytest.raises(WrongAnswer):
            take_frame(frame)


def test_upstream_body() -> None:
    """The upstream's answer is 1 KB."""
    assert len(BODY) == 1024
