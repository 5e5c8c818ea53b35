"""Load of many users: connections that take turns with their sessions, over HTTP and over channels."""

import asyncio
import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Self

from bench.ground.members import Member
from bench.ground.upstream import BODY
from bench.load_channel import ChannelConnection
from bench.load_http import Caller, HttpLoad, build_request
from bench.load_socket import SocketLoad
from bench.rounds import Round, Send

OPENED_AT_ONCE = 50  # fewer than what a listening socket lets wait
LOCAL_ADDRESSES = 8  # 127.0.0.1 and on: one address has some 28,000 ports for its connections to one port of another


class TurnsRound(Round):
    """Hands out requests so that a fixed number is under way, to callers in turn: to each before the first has its second."""

    def __init__(self, *, requests: int, at_once: int) -> None:
        super().__init__(requests=requests)
        self._at_once = at_once
        self._idle: deque[Send] = deque()

    def ask(self, send: Send) -> None:
        """Ask for the next request of one caller; it comes when all others have had their turn."""
        self._idle.append(send)
        while self._idle and self._left > 0 and self._under_way < self._at_once:
            self._hand_out(self._idle.popleft(), self.now())
        if self._left <= 0:
            self._end()


class MemberCaller(Caller):
    """A connection that sends the request of another user each time."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        super().__init__(b"", BODY)
        self._requests = requests

    def _send(self, started: float) -> None:
        self._request = next(self._requests)
        super()._send(started)


class Crowd(HttpLoad):
    """Many users over few connections, as a load balancer in front of the hub brings them."""

    @classmethod
    async def gather(cls, ports: Sequence[int], url: str, path: str, members: Sequence[Member], connections: int) -> Self:
        """Open the connections, to the nodes in turn; all members take turns in them."""
        requests = itertools.cycle([build_request(path, member.http_headers(url)) for member in members])
        loop = asyncio.get_running_loop()
        callers = []
        for port in itertools.islice(itertools.cycle(ports), connections):
            _, caller = await loop.create_connection(lambda: MemberCaller(requests), "127.0.0.1", port)
            callers.append(caller)
        return cls(callers)


async def open_channels(ports: Sequence[int], url: str, path: str, members: Sequence[Member], in_flight: int = 1) -> SocketLoad:
    """Open one channel for each member, to the nodes in turn, and wait until all are ready.

    Raises:
        WrongAnswer: A hub refused one.
    """
    slots = asyncio.Semaphore(OPENED_AT_ONCE)

    async def one(number: int, member: Member) -> ChannelConnection:
        local = f"127.0.0.{1 + number % LOCAL_ADDRESSES}"
        async with slots:
            address = ("127.0.0.1", ports[number % len(ports)])
            connection = await ChannelConnection.open(address, path, BODY, local=(local, 0))
            await connection.greet(member.channel_headers(url), member.csrf)
            return connection

    return SocketLoad(await asyncio.gather(*(one(number, member) for number, member in enumerate(members))), in_flight)


async def open_idle(port: int, request: bytes, count: int) -> HttpLoad:
    """Open keep-alive connections, each of which has been used once and is idle from then on."""
    loop = asyncio.get_running_loop()
    opened: list[Caller] = []
    for begin in range(0, count, OPENED_AT_ONCE):
        size = min(OPENED_AT_ONCE, count - begin)
        batch = [(await loop.create_connection(lambda: Caller(request, BODY), "127.0.0.1", port))[1] for _ in range(size)]
        await HttpLoad(batch).run(TurnsRound(requests=size, at_once=size))
        opened += batch
    return HttpLoad(opened)
