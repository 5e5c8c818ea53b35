"""Load over the hub's channel (docs/channel-protocol.md). Every body is compared byte by byte, streamed ones as they come."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import msgspec

from bench.load_socket import Connection, SocketLoad
from bench.rounds import WrongAnswer
from bench.websocket import BINARY, TEXT, frame

CHANNEL_PATH = "/hub/channel"
SUBPROTOCOL = "hub.v1"
HEADER_BYTES = 8  # of a body frame
END = 0x01


class Limits(msgspec.Struct):
    """The limits in `ready` that the load uses, in bytes."""

    window: int
    connection_window: int


class Message(msgspec.Struct):
    """The members of a message of the hub that the load uses."""

    type: str
    id: int = 0
    n: float = 0
    status: int = 0
    body: msgspec.Raw = msgspec.Raw()
    stream: int | None = None
    limits: Limits | None = None


_decoder = msgspec.json.Decoder(Message | list[Message])


@dataclass(slots=True)
class Stream:
    """A body that is coming: how much has come, and for how much of that no credit was given back yet."""

    at: int = 0
    owed: int = 0


class Credit:
    """Gives credit as a page's client does: when half of a window has been used."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._owed = 0

    def taken(self, number: int, stream: Stream, size: int, *, goes_on: bool) -> Iterator[bytes]:
        """Count so many bytes of a body, which may go on; yield the frames that give credit for what has been taken."""
        stream.owed += size
        self._owed += size
        if stream.owed * 2 >= self._limits.window and goes_on:
            yield _window(number, stream.owed)
            stream.owed = 0
        if self._owed * 2 >= self._limits.connection_window:
            yield _window(0, self._owed)
            self._owed = 0


class ChannelLoad(SocketLoad):
    """Callers over the channel."""

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
        opened = [await ChannelConnection.open(("127.0.0.1", port), path, body) for _ in range(connections)]
        for connection in opened:
            await connection.greet(headers, csrf)
        return cls(opened, in_flight)


class ChannelConnection(Connection):
    """One channel."""

    def __init__(self, path: str, body: bytes) -> None:
        super().__init__()
        self._template = b'{"type":"request","id":%%d,"method":"GET","path":"%s","headers":{"accept":"application/json"}}'
        self._template %= path.encode()
        self._body = memoryview(body)
        self._streams: dict[int, Stream] = {}
        self._credit: Credit | None = None  # until the hub has told its limits

    async def greet(self, headers: Mapping[str, str], csrf: str) -> None:
        """Go through both handshakes: WebSocket's, and the channel's `hello` and `ready`."""
        hello = msgspec.json.encode({"type": "hello", "csrf": csrf, "capabilities": ["windows"]})
        await self.upgrade(CHANNEL_PATH, headers, SUBPROTOCOL, frame(hello))

    def _request(self, number: int) -> bytes:
        return frame(self._template % number)

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == BINARY:
            self._take_part(payload)
        elif opcode == TEXT:
            messages = _decoder.decode(payload)
            for message in messages if isinstance(messages, list) else [messages]:
                self._take_message(message)
        else:
            raise WrongAnswer(f"a frame with opcode {opcode} and {payload!r}")

    def _take_message(self, message: Message) -> None:
        match message.type:
            case "response":
                self._take_answer(message)
            case "ready":
                self._credit = Credit(message.limits) if message.limits else None
                self._ready.set_result(None)
            case "ping":
                self._write(frame(b'{"type":"pong","n":%d}' % message.n))
            case "event":
                pass  # of no matter to the load
            case _:
                raise WrongAnswer(f"a message of type {message.type} for request {message.id}")

    def _take_answer(self, message: Message) -> None:
        if message.status == 200 and message.stream == len(self._body):
            self._streams[message.id] = Stream()
        elif message.status == 200 and message.stream is None and self._body == bytes(message.body):
            self._answered(message.id)
        else:
            raise WrongAnswer(f"request {message.id}: status {message.status}, {len(bytes(message.body))} bytes")

    def _take_part(self, payload: bytes) -> None:
        number, part = int.from_bytes(payload[4:HEADER_BYTES]), memoryview(payload)[HEADER_BYTES:]
        stream = self._streams.get(number)
        if stream is None or self._body[stream.at : stream.at + len(part)] != part:
            raise WrongAnswer(f"request {number}: a part that does not belong to it")
        stream.at += len(part)
        for given in self._credit.taken(number, stream, len(part), goes_on=not payload[1] & END) if self._credit else ():
            self._write(given)
        if payload[1] & END:
            self._end(number, stream)

    def _end(self, number: int, stream: Stream) -> None:
        if stream.at != len(self._body):
            raise WrongAnswer(f"request {number}: {stream.at} bytes")
        del self._streams[number]
        self._answered(number)


def _window(number: int, size: int) -> bytes:
    return frame(b'{"type":"window","id":%d,"bytes":%d}' % (number, size))
