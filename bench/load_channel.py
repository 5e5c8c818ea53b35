"""Load over the channel: WebSockets of one session, several requests in flight on each. Every body is compared byte by byte."""

import asyncio
from collections.abc import Mapping
from typing import Self, cast

import msgspec

from bench.load_http import END_OF_HEAD
from bench.rounds import Round, WrongAnswer
from bench.websocket import TEXT, build_handshake, take_frame, text_frame

CHANNEL_PATH = "/hub/channel"
SUBPROTOCOL = "hub.v1"


class Message(msgspec.Struct):
    """What of a message of the hub matters here."""

    type: str
    id: int = 0
    n: float = 0
    status: int = 0
    body: msgspec.Raw = msgspec.Raw()


_decoder = msgspec.json.Decoder(Message | list[Message])


class ChannelLoad:
    """Callers over the channel: on each connection as many as it has requests in flight."""

    def __init__(self, connections: list["Connection"], in_flight: int) -> None:
        self._connections = connections
        self._in_flight = in_flight

    @classmethod
    async def open(
        cls, port: int, path: str, headers: Mapping[str, str], csrf: str, body: bytes, connections: int, in_flight: int
    ) -> Self:
        """Open the channels to a port of the loopback interface and wait until they are ready.

        Parameters:
            path: What is requested over the channel.
            headers: Fields of the handshake, with the session cookie.
            csrf: The token for `hello`.
            body: The answer that must come.

        Raises:
            WrongAnswer: The hub refused a channel.
        """
        loop = asyncio.get_running_loop()
        opened: list[Connection] = []
        for _ in range(connections):
            _, connection = await loop.create_connection(lambda: Connection(path, body), "127.0.0.1", port)
            await connection.greet(headers, csrf)
            opened.append(connection)
        return cls(opened, in_flight)

    async def run(self, requests: int) -> Round:
        """Send that many requests and return the finished round."""
        current = Round(requests)
        for connection in self._connections:
            connection.begin(current, self._in_flight)
        await current.finished()
        return current

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections:
            connection.close()


class Connection(asyncio.Protocol):
    """One channel. Each answer is followed by the next request, in a frame of its own, as independent callers would send it."""

    def __init__(self, path: str, body: bytes) -> None:
        self._request = b'{"type":"request","id":%%d,"method":"GET","path":"%s","headers":{"accept":"application/json"}}'
        self._request %= path.encode()
        self._body = body
        self._received = b""
        self._last_id = 0
        self._sent: dict[int, float] = {}
        self._is_upgraded = False
        self._round: Round | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the requests."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    async def greet(self, headers: Mapping[str, str], csrf: str) -> None:
        """Go through both handshakes: WebSocket's, and the channel's `hello` and `ready`."""
        hello = msgspec.json.encode({"type": "hello", "csrf": csrf})
        self._transport.write(build_handshake(CHANNEL_PATH, headers, SUBPROTOCOL) + text_frame(hello))
        await self._ready

    def begin(self, current: Round, in_flight: int) -> None:
        """Take part in a round."""
        self._round = current
        self._transport.write(b"".join(self._next_request(current) for _ in range(in_flight)))

    def close(self) -> None:
        """Close the connection."""
        self._transport.write(text_frame(b'{"type":"bye"}'))
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Take all messages that are complete; what follows from them leaves in one write."""
        self._received += data
        try:
            replies = b"".join(self._replies())
        except WrongAnswer as error:
            self._fail(error)
            self._transport.close()
            return
        if replies:
            self._transport.write(replies)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the round, unless it is over."""
        self._fail(WrongAnswer(f"a channel was lost ({exc or 'closed by the hub'})"))

    def _replies(self) -> list[bytes]:
        if not self._is_upgraded and not self._take_upgrade():
            return []
        replies: list[bytes] = []
        while frame := take_frame(self._received):
            opcode, payload, self._received = frame
            if opcode != TEXT:
                raise WrongAnswer(f"a frame with opcode {opcode} and {payload!r}")
            messages = _decoder.decode(payload)
            replies.extend(map(self._reply, messages if isinstance(messages, list) else [messages]))
        return replies

    def _take_upgrade(self) -> bool:
        head, end, rest = self._received.partition(END_OF_HEAD)
        if not end:
            return False
        if not head.startswith(b"HTTP/1.1 101 "):
            raise WrongAnswer(head.decode("latin-1"))
        self._received = rest
        self._is_upgraded = True
        return True

    def _reply(self, message: Message) -> bytes:
        """Return the frame that follows from a message, if any."""
        match message.type:
            case "response":
                return self._take_answer(message)
            case "ready":
                self._ready.set_result(None)
            case "ping":
                return text_frame(b'{"type":"pong","n":%d}' % message.n)
            case "event":
                pass  # of no matter to the load
            case _:
                raise WrongAnswer(f"a message of type {message.type} for request {message.id}")
        return b""

    def _take_answer(self, message: Message) -> bytes:
        started = self._sent.pop(message.id, None)
        if started is None or self._round is None or message.status != 200 or bytes(message.body) != self._body:
            raise WrongAnswer(f"request {message.id}: status {message.status}, {len(bytes(message.body))} bytes")
        self._round.answered(started)
        return self._next_request(self._round)

    def _next_request(self, current: Round) -> bytes:
        if not current.take():
            return b""
        self._last_id += 1
        self._sent[self._last_id] = current.now()
        return text_frame(self._request % self._last_id)

    def _fail(self, error: WrongAnswer) -> None:
        if not self._ready.done():
            self._ready.set_exception(error)
        if self._round is not None:
            self._round.fail(error)
