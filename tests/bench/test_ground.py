"""The load of growth and storms counts right answers only: a wrong one ends the round."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bench.ground.crowd import open_callers, open_channels
from bench.ground.members import Member
from bench.ground.upstream import BODY, Connection
from bench.rounds import PacedRound, Round, WrongAnswer
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
                current = Round(requests=requests)
                await load.run(current)
                done.append(len(current.latencies))
            load.close()

        assert done == [20, 1, 2]

    async def test_an_api_that_takes_its_time(self) -> None:
        """The upstream answers after the milliseconds in the path, each connection for itself."""
        async with serving(Connection) as port:
            load = await open_callers([port], [b"GET /30/x HTTP/1.1\r\n\r\n"], 2)
            current = Round(requests=2)
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
                await load.run(Round(requests=10))

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
