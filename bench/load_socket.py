"""Load over WebSockets: several requests in flight on each connection. What the protocols have in common."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Self, cast

from bench.load_http import END_OF_HEAD
from bench.rounds import Round, WrongAnswer
from bench.websocket import CLOSE, FrameReader, build_handshake


class SocketLoad:
    """Callers over WebSockets: on each connection as many as it has requests in flight."""

    def __init__(self, connections: Sequence["Connection"], in_flight: int) -> None:
        self._connections = connections
        self._in_flight = in_flight

    async def run(self, current: Round) -> None:
        """Take part in a round until it is finished."""
        for connection in self._connections:
            connection.begin(current, self._in_flight)
        await current.finished()

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections:
            connection.close()


class Connection(asyncio.Protocol):
    """One WebSocket. Requests that may leave at the same moment leave in one write, each in a frame of its own.

    Subclasses speak a protocol: `greet` opens the conversation, `_take` reads one frame, `_request` makes one.
    """

    def __init__(self) -> None:
        self._frames = FrameReader()
        self._head = b""
        self._is_upgraded = False
        self._is_reading = False
        self._out: list[bytes] = []
        self._last_id = 0
        self._sent: dict[int, float] = {}
        self._round: Round | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def open(cls, address: tuple[str, int], *arguments: object, local: tuple[str, int] | None = None) -> Self:
        """Open a connection, from the `local` address if one is given; it has not said anything yet."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: cls(*arguments), *address, local_addr=local)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the requests."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    async def upgrade(self, path: str, headers: Mapping[str, str], subprotocol: str, first: bytes) -> None:
        """Go through the handshake, with a first frame right behind it, and wait until the protocol is ready.

        Raises:
            WrongAnswer: The server refused.
        """
        self._transport.write(build_handshake(path, headers, subprotocol) + first)
        await self._ready

    def begin(self, current: Round, in_flight: int) -> None:
        """Take part in a round."""
        self._round = current
        self._is_reading = True  # what may leave at once waits for the flush
        for _ in range(in_flight):
            current.ask(self._send)
        self._flush()

    def close(self) -> None:
        """Close the connection."""
        self._round = None
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take all frames that are complete; what follows from them leaves in one write."""
        self._is_reading = True
        try:
            for opcode, payload in self._frames.feed(data if self._is_upgraded else self._after_upgrade(data)):
                if opcode == CLOSE:
                    raise WrongAnswer(f"closed by the server: {payload!r}")
                self._take(opcode, payload)
        except WrongAnswer as error:
            self._fail(error)
            self._transport.close()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the round, unless it is over."""
        self._fail(WrongAnswer(f"a WebSocket was lost ({exc or 'closed by the server'})"))

    def _take(self, opcode: int, payload: bytes) -> None:
        """Read one frame."""
        raise NotImplementedError

    def _request(self, number: int) -> bytes:
        """Return the frame of a request with this id."""
        raise NotImplementedError

    def _answered(self, number: int) -> None:
        """Count a right answer, and ask for the next request."""
        started = self._sent.pop(number, None)
        if started is None or self._round is None:
            raise WrongAnswer(f"an answer to request {number}, which is not under way")
        self._round.answered(started)
        self._round.ask(self._send)

    def _send(self, started: float) -> None:
        self._last_id += 1
        self._sent[self._last_id] = started
        self._write(self._request(self._last_id))

    def _write(self, frame: bytes) -> None:
        self._out.append(frame)
        if not self._is_reading:
            self._flush()

    def _flush(self) -> None:
        self._is_reading = False
        if self._out:
            self._transport.write(b"".join(self._out))
            self._out.clear()

    def _after_upgrade(self, data: bytes) -> bytes:
        self._head += data
        head, end, rest = self._head.partition(END_OF_HEAD)
        if not end:
            return b""
        if not head.startswith(b"HTTP/1.1 101 "):
            raise WrongAnswer(self._head.decode("latin-1"))
        self._is_upgraded = True
        return rest

    def _fail(self, error: WrongAnswer) -> None:
        if not self._ready.done():
            self._ready.set_exception(error)
        if self._round is not None:
            self._round.fail(error)
