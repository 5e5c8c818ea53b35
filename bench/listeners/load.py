"""Asks a server again and again on connections that are kept, one request or message at a time on each."""

import asyncio

from bench.websocket import build_handshake, frame

REQUEST = (
    b"GET /api/patients/1 HTTP/1.1\r\nHost: localhost:8080\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n"
    b"Accept: application/json, text/plain, */*\r\nAccept-Language: en-US,en;q=0.9\r\nAccept-Encoding: gzip, deflate, br\r\n"
    b'Referer: http://localhost:8080/\r\nsec-ch-ua: "Chromium";v="140"\r\nsec-ch-ua-mobile: ?0\r\nsec-ch-ua-platform: "Linux"\r\n'
    b"Sec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n"
    b"Cookie: __Host-Http-hub=" + b"a" * 43 + b"; XSRF-TOKEN=" + b"b" * 43 + b"\r\nX-XSRF-TOKEN: " + b"b" * 43 + b"\r\n\r\n"
)
"""The request of a browser that calls the API."""
MESSAGE = frame(b"x" * 100)
ECHO_BYTES = 102


class Asker(asyncio.Protocol):
    """One connection.

    Parameters:
        asked: What to send each time.
        answer_bytes: Length of the response; 0: that of the first one, which comes in one piece.
        times: How often to ask.
    """

    def __init__(self, asked: bytes, answer_bytes: int, times: int) -> None:
        self._asked = asked
        self._answer_bytes = answer_bytes
        self._left = times
        self._come = 0
        self._upgrades = answer_bytes > 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(build_handshake("/ws", {"Host": "localhost"}) if self._upgrades else self._asked)

    def data_received(self, data: bytes) -> None:
        """Count, and ask again."""
        if self._upgrades:
            self._upgrades = False
            assert data.startswith(b"HTTP/1.1 101"), data
            self._transport.write(self._asked)
            return
        self._answer_bytes = self._answer_bytes or len(data)
        self._come += len(data)
        while self._come >= self._answer_bytes:
            self._come -= self._answer_bytes
            self._left -= 1
            if self._left == 0:
                self._transport.close()
                return
            self._transport.write(self._asked)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if self._left:
            self.done.set_exception(exc or ConnectionError("the server has closed"))
        else:
            self.done.set_result(None)


async def ask(port: int, connections: int, times: int, *, websocket: bool) -> None:
    """Ask `times` times on each of some connections."""
    loop = asyncio.get_running_loop()
    asked, answer_bytes = (MESSAGE, ECHO_BYTES) if websocket else (REQUEST, 0)
    made = [
        await loop.create_connection(lambda: Asker(asked, answer_bytes, times), "127.0.0.1", port) for _ in range(connections)
    ]
    await asyncio.gather(*(asker.done for _, asker in made))
