"""A resource server that thinks before it answers: `python -m bench.ground.upstream`.

GET /<milliseconds>/... is answered after that time with the same 1 KB of JSON; 0 is at once. Prints its port, and serves until
the parent closes standard input.
"""

import asyncio
import json
import sys
from typing import cast

from bench.loop import loop_factory

END_OF_HEAD = b"\r\n\r\n"
BODY_BYTES = 1024


def make_body() -> bytes:
    """Return a compact JSON document of exactly `BODY_BYTES` bytes, as an API would answer a page of records."""
    record = {"id": 1, "name": "Ada Lovelace", "born": "1815-12-10", "ward": "B2", "weight": 61.50}
    document = {"patients": [{**record, "id": number} for number in range(1, 12)], "next": ""}
    size = len(json.dumps(document, separators=(",", ":")))
    return json.dumps({**document, "next": "x" * (BODY_BYTES - size)}, separators=(",", ":")).encode()


BODY = make_body()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


class Connection(asyncio.Protocol):
    """One keep-alive connection. Requests have no body and come one after the other."""

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the answers."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        """Answer a request that is complete, when its time has come."""
        self._received += data
        if self._received.endswith(END_OF_HEAD):
            delay = int(self._received.split(b"/", 2)[1]) / 1000
            self._received = b""
            if delay:
                asyncio.get_running_loop().call_later(delay, self._answer)
            else:
                self._answer()

    def _answer(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(ANSWER)


async def serve() -> None:
    """Listen on a free port of the loopback interface, print it, and serve."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve())
