"""The resource server of the benchmark: `python -m bench.upstream` answers every GET with the same 1 KB of JSON, keep-alive.

It reads no more of a request than where it ends, so that it costs far less than what is measured through it.
"""

import asyncio
import json
import sys
from typing import cast

from bench.loop import loop_factory

BODY_BYTES = 1024
END_OF_HEAD = b"\r\n\r\n"


def make_body() -> bytes:
    """Return a compact JSON document of exactly `BODY_BYTES` bytes: a page of records, as an API would answer it."""
    record = {"id": 1, "name": "Ada Lovelace", "born": "1815-12-10", "ward": "B2", "weight": 61.50}
    document = {"patients": [{**record, "id": number} for number in range(1, 12)], "next": ""}
    size = len(json.dumps(document, separators=(",", ":")))
    return json.dumps({**document, "next": "x" * (BODY_BYTES - size)}, separators=(",", ":")).encode()


BODY = make_body()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


class Connection(asyncio.Protocol):
    """One keep-alive connection. Requests have no body."""

    def __init__(self) -> None:
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the answers."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self._rest += data
        requests = self._rest.count(END_OF_HEAD)
        if requests:
            self._rest = self._rest.rpartition(END_OF_HEAD)[2]
            self._transport.write(ANSWER * requests)


async def serve() -> None:
    """Listen on a free port of the loopback interface, print it, and serve until the parent closes standard input."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve())
