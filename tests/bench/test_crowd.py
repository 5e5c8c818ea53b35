"""Many users over few connections: who sends what, and to which node."""

from functools import partial

import pytest

from bench.ground.crowd import open_callers, open_channels, open_crowd, open_idle
from bench.ground.members import Member
from bench.rounds import Round, WrongAnswer
from bench.upstream import Connection
from hub.session.model import SessionId
from tests.bench.servers import Farewell, Refusal, serving

PATH, URL = "/1024.json", "http://here"


def member(cookie: str) -> Member:
    """Return a user with this cookie."""
    return Member(SessionId.generate(), cookie, "csrf")


class Listener(Connection):
    """The upstream, which takes note of what it hears on each connection."""

    def __init__(self, heard: list[list[bytes]]) -> None:
        super().__init__()
        self._heard: list[bytes] = []
        heard.append(self._heard)

    def data_received(self, data: bytes) -> None:
        self._heard.append(data)
        super().data_received(data)


def cookies(heard: list[list[bytes]]) -> list[str]:
    """Return the cookie of each request, sorted."""
    lines = [line for requests in heard for request in requests for line in request.decode().split("\r\n")]
    return sorted(line.partition(": ")[2] for line in lines if line.startswith("Cookie: "))


class TestCrowd:
    async def test_members_take_turns(self) -> None:
        """Each of three users has asked twice after six requests over two connections."""
        heard: list[list[bytes]] = []
        async with serving(partial(Listener, heard)) as port:
            load = await open_crowd([port], URL, PATH, [member(name) for name in "abc"], 2)
            await load.run(Round(requests=6))
            load.close()

        assert cookies(heard) == ["a", "a", "b", "b", "c", "c"]

    async def test_nodes_take_turns(self) -> None:
        """Of three connections the first node has two, the second one."""
        first: list[list[bytes]] = []
        second: list[list[bytes]] = []
        async with serving(partial(Listener, first)) as one, serving(partial(Listener, second)) as other:
            load = await open_crowd([one, other], URL, PATH, [member("a")], 3)
            await load.run(Round(requests=9))
            load.close()

        assert (len(first), len(second)) == (2, 1)

    async def test_lost_connection(self) -> None:
        """A connection that ends in the middle of a round ends the round."""
        async with serving(Farewell) as port:
            load = await open_callers([port], [b"GET /1024.json HTTP/1.1\r\n\r\n"], 1)
            with pytest.raises(WrongAnswer, match="closed by the server"):
                await load.run(Round(requests=10))

    async def test_idle_connections_have_been_used(self) -> None:
        """Each of them has sent one request, those beyond the first batch too."""
        heard: list[list[bytes]] = []
        async with serving(partial(Listener, heard)) as port:
            load = await open_idle(port, b"GET /1024.json HTTP/1.1\r\n\r\n", 60)
            load.close()

        assert [len(requests) for requests in heard] == [1] * 60


class TestChannels:
    async def test_refused(self) -> None:
        """A channel that is refused is no load."""
        async with serving(Refusal) as port:
            with pytest.raises(WrongAnswer, match="403"):
                await open_channels([port], URL, PATH, [member("a")])
