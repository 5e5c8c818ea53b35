"""Load over channels (docs/channel-protocol.md): several requests in flight on each. Every body is compared byte by byte."""

import asyncio
from collections.abc import Sequence
from typing import cast

import msgspec

from bench.ground.frames import TEXT, FrameReader, build_handshake, text_frame
from bench.ground.members import Member
from bench.ground.rounds import Round, WrongAnswer
from bench.ground.upstream import BODY

CHANNEL_PATH = "/hub/channel"
SUBPROTOCOL = "hub.v1"
END_OF_HEAD = b"\r\n\r\n"
OPENED_AT_ONCE = 50  # fewer than what a listening socket lets wait
LOCAL_ADDRESSES = 8  # 127.0.0.1 and on: one address has some 28,000 ports for its connections to one port of another


class Message(msgspec.Struct):
    """What of a message of the hub matters here."""

    type: str
    id: int = 0
    n: float = 0
    status: int = 0
    body: msgspec.Raw = msgspec.Raw()


_decoder = msgspec.json.Decoder(Message | list[Message])


class ChannelLoad:
    """Callers over channels: on each as many as it has requests in flight."""

    def __init__(self, channels: Sequence["Channel"], in_flight: int) -> None:
        self._channels = channels
        self._in_flight = in_flight

    async def run(self, current: Round) -> None:
        """Take part in a round until it is finished."""
        for channel in self._channels:
            channel.begin(current, self._in_flight)
        await current.finished()

    def close(self) -> None:
        """Close the connections."""
        for channel in self._channels:
            channel.close()


async def open_channels(ports: Sequence[int], url: str, path: str, members: Sequence[Member], in_flight: int = 1) -> ChannelLoad:
    """Open one channel for each member, to the nodes in turn, and wait until all are ready.

    Raises:
        WrongAnswer: A hub refused one.
    """
    slots, loop = asyncio.Semaphore(OPENED_AT_ONCE), asyncio.get_running_loop()

    async def one(number: int, member: Member) -> Channel:
        local = f"127.0.0.{1 + number % LOCAL_ADDRESSES}"
        async with slots:
            address = ("127.0.0.1", ports[number % len(ports)])
            _, channel = await loop.create_connection(lambda: Channel(path), *address, local_addr=(local, 0))
            await channel.greet(member, url)
            return channel

    return ChannelLoad(await asyncio.gather(*(one(number, member) for number, member in enumerate(members))), in_flight)


class Channel(asyncio.Protocol):
    """One channel. Requests that may leave at the same moment leave in one write, each in a frame of its own."""

    def __init__(self, path: str) -> None:
        template = b'{"type":"request","id":%%d,"method":"GET","path":"%s","headers":{"accept":"application/json"}}'
        self._template = template % path.encode()
        self._frames = FrameReader()
        self._head = b""
        self._is_upgraded = False
        self._is_reading = False
        self._out: list[bytes] = []
        self._last_id = 0
        self._sent: dict[int, float] = {}
        self._round: Round | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the requests."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    async def greet(self, member: Member, url: str) -> None:
        """Go through both handshakes: WebSocket's, and the channel's `hello` and `ready`."""
        hello = text_frame(msgspec.json.encode({"type": "hello", "csrf": member.csrf}))
        self._transport.write(build_handshake(CHANNEL_PATH, member.channel_headers(url), SUBPROTOCOL) + hello)
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
        """Take all messages that are complete; what follows from them leaves in one write."""
        self._is_reading = True
        try:
            for opcode, payload in self._frames.feed(data if self._is_upgraded else self._after_upgrade(data)):
                self._take(opcode, payload)
        except WrongAnswer as error:
            self._fail(error)
            self._transport.close()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the round, unless it is over."""
        self._fail(WrongAnswer(f"a channel was lost ({exc or 'closed by the hub'})"))

    def _after_upgrade(self, data: bytes) -> bytes:
        self._head += data
        head, end, rest = self._head.partition(END_OF_HEAD)
        if not end:
            return b""
        if not head.startswith(b"HTTP/1.1 101 "):
            raise WrongAnswer(self._head.decode("latin-1"))
        self._is_upgraded = True
        return rest

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode != TEXT:
            raise WrongAnswer(f"a frame with opcode {opcode} and {payload[:100]!r}")
        messages = _decoder.decode(payload)
        for message in messages if isinstance(messages, list) else [messages]:
            self._take_message(message)

    def _take_message(self, message: Message) -> None:
        match message.type:
            case "response":
                self._take_answer(message)
            case "ready":
                self._ready.set_result(None)
            case "ping":
                self._write(text_frame(b'{"type":"pong","n":%d}' % message.n))
            case "event":
                pass  # of no matter to the load
            case _:
                raise WrongAnswer(f"a message of type {message.type} for request {message.id}")

    def _take_answer(self, message: Message) -> None:
        started = self._sent.pop(message.id, None)
        if started is None or self._round is None or message.status != 200 or bytes(message.body) != BODY:
            raise WrongAnswer(f"request {message.id}: status {message.status}, {len(bytes(message.body))} bytes")
        self._round.answered(started)
        self._round.ask(self._send)

    def _send(self, started: float) -> None:
        self._last_id += 1
        self._sent[self._last_id] = started
        self._write(text_frame(self._template % self._last_id))

    def _write(self, frame: bytes) -> None:
        self._out.append(frame)
        if not self._is_reading:
            self._flush()

    def _flush(self) -> None:
        self._is_reading = False
        if self._out:
            self._transport.write(b"".join(self._out))
            self._out.clear()

    def _fail(self, error: WrongAnswer) -> None:
        if not self._ready.done():
            self._ready.set_exception(error)
        if self._round is not None:
            self._round.fail(error)
