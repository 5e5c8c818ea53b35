"""Clients that ask for one thing after another, each of another size, over one WebSocket; they look at sizes, not at bytes."""

import asyncio
from collections.abc import Mapping

import msgspec

from bench import load_channel, load_nes
from bench.load_channel import CHANNEL_PATH, END, HEADER_BYTES, SUBPROTOCOL, Credit, Stream
from bench.load_nes import NesSocket
from bench.load_socket import Connection
from bench.rounds import WrongAnswer
from bench.websocket import BINARY, frame

_hub_decoder = msgspec.json.Decoder(load_channel.Message | list[load_channel.Message])


class Asker(Connection):
    """One WebSocket of somebody who waits for single answers."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: dict[int, asyncio.Future[int]] = {}

    def ask(self, path: str, priority: int = 1) -> "asyncio.Future[int]":
        """Send a GET; return what will be the bytes of its answer's body, or WrongAnswer."""
        self._last_id += 1
        self._waiting[self._last_id] = asyncio.get_running_loop().create_future()
        self._write(frame(self._message(self._last_id, path, priority)))
        return self._waiting[self._last_id]

    def stall(self) -> None:
        """Read nothing any more."""
        self._transport.pause_reading()

    def _message(self, number: int, path: str, priority: int) -> bytes:
        """Return the message of a request."""
        raise NotImplementedError

    def _settle(self, number: int, status: int, size: int) -> None:
        if status != 200:
            raise WrongAnswer(f"request {number}: status {status}")
        self._waiting.pop(number).set_result(size)

    def _fail(self, error: WrongAnswer) -> None:
        super()._fail(error)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(error)


class ChannelAsker(Asker):
    """One channel of the hub."""

    def __init__(self) -> None:
        super().__init__()
        self._streams: dict[int, Stream] = {}
        self._credit: Credit | None = None
        self._gives_credit = False

    async def greet(self, headers: Mapping[str, str], csrf: str, *, windows: bool = True) -> None:
        """Go through both handshakes; with `windows` the client gives credit for what it takes."""
        hello = {"type": "hello", "csrf": csrf, "capabilities": ["windows"] if windows else []}
        self._gives_credit = windows
        await self.upgrade(CHANNEL_PATH, headers, SUBPROTOCOL, frame(msgspec.json.encode(hello)))

    def _message(self, number: int, path: str, priority: int) -> bytes:
        members = {"type": "request", "id": number, "method": "GET", "path": path, "priority": priority}
        return msgspec.json.encode(members)

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == BINARY:
            self._take_part(int.from_bytes(payload[4:HEADER_BYTES]), len(payload) - HEADER_BYTES, payload[1] & END)
            return
        messages = _hub_decoder.decode(payload)
        for message in messages if isinstance(messages, list) else [messages]:
            self._take_message(message)

    def _take_message(self, message: load_channel.Message) -> None:
        match message.type:
            case "response" if message.stream is None:
                self._settle(message.id, message.status, len(bytes(message.body)))
            case "response":
                self._streams[message.id] = Stream()
            case "ready":
                self._credit = Credit(message.limits) if message.limits and self._gives_credit else None
                self._ready.set_result(None)
            case "ping":
                self._write(frame(b'{"type":"pong","n":%d}' % message.n))
            case "event":
                pass
            case _:
                raise WrongAnswer(f"a message of type {message.type} for request {message.id}")

    def _take_part(self, number: int, size: int, is_end: int) -> None:
        stream = self._streams[number]
        stream.at += size
        for given in self._credit.taken(number, stream, size, goes_on=not is_end) if self._credit else ():
            self._write(given)
        if is_end:
            self._settle(number, 200, stream.at)


class NesAsker(Asker, NesSocket):
    """One client of nes."""

    def _message(self, number: int, path: str, priority: int) -> bytes:
        return msgspec.json.encode({"type": "request", "id": number, "method": "GET", "path": path})

    def _take_answer(self, message: load_nes.Message) -> None:
        self._settle(message.id, message.statusCode, len(bytes(message.payload)))
