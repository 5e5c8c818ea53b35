"""Load over HTTP/1.1: keep-alive connections, one request in flight on each. Every answer is compared byte by byte."""

import asyncio
import re
import ssl
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
    async def open(
        cls,
        port: int,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        connections: int,
        tls: ssl.SSLContext | None = None,
    ) -> Self:
        """Open the connections to a port of `localhost`; `body` is the answer that must come."""
        loop, request = asyncio.get_running_loop(), build_request(path, headers)
        name = "localhost" if tls else None
        opened = [
            await loop.create_connection(lambda: Caller(request, body), "127.0.0.1", port, ssl=tls, server_hostname=name)
            for _ in range(connections)
        ]
        return cls([caller for _, caller in opened])

    async def run(self, current: Round) -> None:
        """Take part in a round until it is finished."""
        for caller in self._callers:
            caller.begin(current)
        await current.finished()

    def close(self) -> None:
        """Close the connections."""
        for caller in self._callers:
            caller.close()


class Caller(asyncio.Protocol):
    """One connection: sends the same request again and again."""

    def __init__(self, request: bytes, body: bytes) -> None:
        self._request = request
        self._reader = AnswerReader(body)
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
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Check the answer as it comes; once it is whole, ask for the next request."""
        assert self._round is not None, "an answer without a request"
        try:
            is_whole = self._reader.feed(data)
        except WrongAnswer as error:
            self._round.fail(error)
            self._transport.close()
            return
        if is_whole:
            self._round.answered(self._started)
            self._round.ask(self._send)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the round, unless it is over."""
        if self._round is not None:
            self._round.fail(WrongAnswer(f"a connection was lost ({exc or 'closed by the server'})"))

    def _send(self, started: float) -> None:
        self._started = started
        self._transport.write(self._request)


class AnswerReader:
    """Reads the answers of one connection and holds each against the expected one, without keeping large ones."""

    def __init__(self, body: bytes) -> None:
        self._body = memoryview(body)
        self._head = b""
        self._at = -1  # how much of the body has come; -1: its head has not

    def feed(self, data: bytes) -> bool:
        """Take what has arrived; tell whether the answer is whole with it.

        Raises:
            WrongAnswer: Its status is not 200, its length is not announced, its body is not the expected one, or too much came.
        """
        if self._at < 0:
            self._head += data
            start = check_head(self._head, len(self._body))
            if start is None:
                return False
            data, self._head, self._at = self._head[start:], b"", 0
        return self._take(data)

    def _take(self, data: bytes) -> bool:
        end = self._at + len(data)
        if self._body[self._at : end] != data:
            raise WrongAnswer(f"byte {self._at} and on: {data[:1000].decode('latin-1')}")
        is_whole = end == len(self._body)
        self._at = -1 if is_whole else end
        return is_whole


def build_request(path: str, headers: Mapping[str, str]) -> bytes:
    """Return a GET request with these fields."""
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def check_head(received: bytes, length: int) -> int | None:
    """Return where the body begins; None if the head of the answer is not complete yet.

    Raises:
        WrongAnswer: Its status is not 200, or it does not announce a body of `length` bytes.
    """
    end = received.find(END_OF_HEAD)
    if end < 0:
        return None
    announced = CONTENT_LENGTH.search(received, 0, end + 2)
    if not received.startswith(b"HTTP/1.1 200 ") or announced is None or int(announced[1]) != length:
        raise WrongAnswer(received[:1000].decode("latin-1"))
    return end + len(END_OF_HEAD)
