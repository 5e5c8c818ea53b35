"""Load of many users: HTTP connections that take turns with their requests, and a channel for each of them.

All ask for the document of 1 KB.
"""

import asyncio
import itertools
from collections.abc import Iterator, Sequence

from bench.bodies import KB, make_body
from bench.ground.members import Member
from bench.load_channel import ChannelConnection
from bench.load_http import Caller, HttpLoad, build_request
from bench.load_socket import SocketLoad
from bench.rounds import Round

BODY = make_body(KB)
OPENED_AT_ONCE = 50  # fewer than what a listening socket lets wait
LOCAL_ADDRESSES = 8  # 127.0.0.1 and on: one address has some 28,000 ports for its connections to one port of another


class TurnsCaller(Caller):
    """A connection that sends the next of the requests that it shares with others each time."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        super().__init__(b"", BODY)
        self._requests = requests

    def _send(self, started: float) -> None:
        self._request = next(self._requests)
        super()._send(started)


async def open_crowd(ports: Sequence[int], url: str, path: str, members: Sequence[Member], connections: int) -> HttpLoad:
    """Open few connections for many users, to the nodes in turn, as a load balancer in front of the hub does."""
    return await open_callers(ports, [build_request(path, member.http_headers(url)) for member in members], connections)


async def open_callers(ports: Sequence[int], requests: Sequence[bytes], connections: int) -> HttpLoad:
    """Open connections to ports of the loopback interface in turn; they take turns with the requests, too."""
    turns = itertools.cycle(requests)
    return HttpLoad([await _open(port, turns) for port in itertools.islice(itertools.cycle(ports), connections)])


async def open_idle(port: int, request: bytes, count: int) -> HttpLoad:
    """Open connections, each of which has been used once and is idle from then on."""
    opened: list[Caller] = []
    for begin in range(0, count, OPENED_AT_ONCE):
        batch = [await _open(port, itertools.repeat(request)) for _ in range(min(OPENED_AT_ONCE, count - begin))]
        await HttpLoad(batch).run(Round(requests=len(batch)))
        opened += batch
    return HttpLoad(opened)


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
            channel = await ChannelConnection.open(address, path, BODY, local=(local, 0))
            await channel.greet(member.channel_headers(url), member.csrf)
            return channel

    return SocketLoad(await asyncio.gather(*(one(number, member) for number, member in enumerate(members))), in_flight)


async def _open(port: int, requests: Iterator[bytes]) -> Caller:
    loop = asyncio.get_running_loop()
    _, caller = await loop.create_connection(lambda: TurnsCaller(requests), "127.0.0.1", port)
    return caller
