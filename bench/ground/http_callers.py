"""Load over HTTP/1.1: keep-alive connections, one request in flight on each. Every answer is compared byte by byte."""

import asyncio
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from bench.ground.rounds import Round, WrongAnswer
from bench.ground.upstream import BODY

END_OF_HEAD = b"\r\n\r\n"
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
OPENED_AT_ONCE = 50  # fewer than what a listening socket lets wait


class HttpLoad:
    """Callers over HTTP."""

    def __init__(self, callers: Sequence["Caller"]) -> None:
        self._callers = callers

    async def run(self, current: Round) -> None:
        """Take part in a round until it is finished."""
        for caller in self._callers:
            caller.begin(current)
        await current.finished()

    def close(self) -> None:
        """Close the connections."""
        for caller in self._callers:
            caller.close()


async def open_callers(ports: Sequence[int], requests: Sequence[bytes], connections: int) -> HttpLoad:
    """Open connections to ports of the loopback interface in turn; they take turns with the requests, too."""
    turns = itertools.cycle(requests)
    return HttpLoad([await _open(port, turns) for port in itertools.islice(itertools.cycle(ports), connections)])


async def open_idle(port: int, request: bytes, count: int) -> HttpLoad:
    """Open connections, each of which has been used once and is idle from then on."""
    opened: list[Caller] = []
    for begin in range(0, count, OPENED_AT_ONCE):
        batch = [await _open(port, itertools.repeat(request)) for _ in range(min(OPENED_AT_ONCE, count - begin))]
        await HttpLoad(batch).run(Round(len(batch)))
        opened += batch
    return HttpLoad(opened)


async def _open(port: int, requests: Iterator[bytes]) -> "Caller":
    loop = asyncio.get_running_loop()
    _, caller = await loop.create_connection(lambda: Caller(requests), "127.0.0.1", port)
    return caller


class Caller(asyncio.Protocol):
    """One connection: sends the next request of those that it shares with others when its last one was answered."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self._requests = requests
        self._received = b""
        self._round: Round | None = None
        self._started = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the requests."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def begin(self, current: Round) -> None:
        """Take part in a round."""
        self._round = current
        current.ask(self._send)

    def close(self) -> None:
        """Close the connection."""
        self._round = None
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Check the answer once it is whole, and ask for the next request."""
        self._received += data
        assert self._round is not None, "an answer without a request"
        try:
            is_whole = is_answer(self._received)
        except WrongAnswer as error:
            self._round.fail(error)
            self._transport.close()
            return
        if is_whole:
            self._received = b""
            self._round.answered(self._started)
            self._round.ask(self._send)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the round, unless it is over."""
        if self._round is not None:
            self._round.fail(WrongAnswer(f"a connection was lost ({exc or 'closed by the server'})"))

    def _send(self, started: float) -> None:
        self._started = started
        self._transport.write(next(self._requests))


def build_request(path: str, headers: Mapping[str, str]) -> bytes:
    """Return a GET request with these fields."""
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def is_answer(received: bytes) -> bool:
    """Tell whether this is the whole answer of the API; False: it is not complete yet.

    Raises:
        WrongAnswer: Its status is not 200, or its length or a byte of its body is another one.
    """
    end = received.find(END_OF_HEAD)
    if end < 0:
        return False
    length = CONTENT_LENGTH.search(received, 0, end + 2)
    if not received.startswith(b"HTTP/1.1 200 ") or length is None or int(length[1]) != len(BODY):
        raise WrongAnswer(received[:1000].decode("latin-1"))
    body = received[end + len(END_OF_HEAD) :]
    if not BODY.startswith(body):
        raise WrongAnswer(body[:1000].decode("latin-1"))
    return len(body) == len(BODY)
