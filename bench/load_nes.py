"""Load over the protocol of @hapi/nes (its PROTOCOL.md, version 2). Every body is compared byte by byte."""

from collections.abc import Mapping
from typing import Self

import msgspec

from bench.load_socket import Connection, SocketLoad
from bench.rounds import WrongAnswer
from bench.websocket import PING, PONG, frame


class Message(msgspec.Struct):
    """The members of a nes message that the load uses."""

    type: str
    id: int = 0
    statusCode: int = 0
    payload: msgspec.Raw = msgspec.Raw()


_decoder = msgspec.json.Decoder(Message)


class NesLoad(SocketLoad):
    """Callers over nes."""

    @classmethod
    async def open(cls, port: int, path: str, body: bytes, connections: int, in_flight: int) -> Self:
        """Open the WebSockets to a port of the loopback interface; `body` is the answer that must come.

        Raises:
            WrongAnswer: The server refused.
        """
        opened = [await NesConnection.open(("127.0.0.1", port), path, body) for _ in range(connections)]
        for connection in opened:
            await connection.greet({"Host": f"localhost:{port}"})
        return cls(opened, in_flight)


class NesSocket(Connection):
    """One client of nes, which gives signs of life. Subclasses take the answers."""

    async def greet(self, headers: Mapping[str, str]) -> None:
        """Go through both handshakes: WebSocket's, and nes's `hello`."""
        self._last_id += 1
        await self.upgrade("/", headers, "", frame(b'{"type":"hello","id":%d,"version":"2"}' % self._last_id))

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self._write(frame(payload, PONG))
            return
        message = _decoder.decode(payload)
        match message.type:
            case "request":
                self._take_answer(message)
            case "hello":
                self._ready.set_result(None)
            case "ping":
                self._last_id += 1
                self._write(frame(b'{"type":"ping","id":%d}' % self._last_id))
            case _:
                raise WrongAnswer(f"a message of type {message.type}")

    def _take_answer(self, message: Message) -> None:
        """Look at an answer."""
        raise NotImplementedError


class NesConnection(NesSocket):
    """One caller over nes: asks for the same again and again."""

    def __init__(self, path: str, body: bytes) -> None:
        super().__init__()
        self._template = b'{"type":"request","id":%%d,"method":"GET","path":"%s"}' % path.encode()
        self._body = body

    def _request(self, number: int) -> bytes:
        return frame(self._template % number)

    def _take_answer(self, message: Message) -> None:
        if message.statusCode != 200 or bytes(message.payload) != self._body:
            raise WrongAnswer(f"request {message.id}: status {message.statusCode}, {len(bytes(message.payload))} bytes")
        self._answered(message.id)
