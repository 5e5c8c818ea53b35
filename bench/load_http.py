"""Load over HTTP/1.1: keep-alive connections, one request in flight on each. Every answer is compared byte by byte."""

import asyncio
import re
from collections.abc import Mapping
from typing import Self, cast

from bench.rounds import Round, WrongAnswer

END_OF_HEAD = b"\r\n\r\n"
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class HttpLoad:
    """Callers over HTTP."""

    def __init__(self, callers: list["Caller"]) -> None:
        self._callers = callers

    @classmethod
    async def open(cls, port: int, path: str, headers: Mapping[str, str], body: bytes, connections: int) -> Self:
        """Open the connections to a port of the loopback interface; `body` is the answer that must come."""
        loop = asyncio.get_running_loop()
        request = build_request(path, headers)
        opened = [await loop.create_connection(lambda: Caller(request, body), "127.0.0.1", port) for _ in range(connections)]
        return cls([caller for _, caller in opened])

    async def run(self, requests: int) -> Round:
        """Send that many requests and return the finished round."""
        current = Round(requests)
        for caller in self._callers:
            caller.begin(current)
        await current.finished()
        return current

    def close(self) -> None:
        """Close the connections."""
        for caller in self._callers:
            caller.close()


class Caller(asyncio.Protocol):
    """One connection: sends the same request again as soon as it was answered."""

    def __init__(self, request: bytes, body: bytes) -> None:
        self._request = request
        self._body = body
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the requests."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def begin(self, current: Round) -> None:
        """Take part in a round."""
        self._round = current
        self._send()

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Check the answer once it is whole, and send the next request."""
        self._received += data
        try:
            rest = take_answer(self._received, self._body)
        except WrongAnswer as error:
            self._round.fail(error)
            self._transport.close()
            return
        if rest is not None:
            self._received = rest
            self._round.answered(self._started)
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the round, unless it is over."""
        self._round.fail(WrongAnswer(f"a connection was lost ({exc or 'closed by the server'})"))

    def _send(self) -> None:
        if self._round.take():
            self._started = self._round.now()
            self._transport.write(self._request)


def build_request(path: str, headers: Mapping[str, str]) -> bytes:
    """Return a GET request with these fields."""
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def take_answer(received: bytes, body: bytes) -> bytes | None:
    """Return what follows the first answer in `received`; None if that answer is not complete yet.

    Raises:
        WrongAnswer: Its status is not 200, its length is not announced, or its body is not `body`.
    """
    end = received.find(END_OF_HEAD)
    if end < 0:
        return None
    length = CONTENT_LENGTH.search(received, 0, end + 2)
    if not received.startswith(b"HTTP/1.1 200 ") or length is None or int(length[1]) != len(body):
        raise WrongAnswer(received[:1000].decode("latin-1"))
    start = end + len(END_OF_HEAD)
    if len(received) < start + len(body):
        return None
    if not received.startswith(body, start):
        raise WrongAnswer(received[start : start + 1000].decode("latin-1"))
    return received[start + len(body) :]
