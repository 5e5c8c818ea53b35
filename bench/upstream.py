"""A resource server for comparisons without nginx: `python -m bench.upstream` answers GETs with the documents of `bench.bodies`.

It reads no more of a request than its path and where it ends, so that it costs far less than what is measured through it.
"""

import asyncio
import sys
from functools import cache
from typing import cast

from bench.bodies import make_body
from bench.loop import loop_factory

END_OF_HEAD = b"\r\n\r\n"


@cache
def answer_to(path: bytes) -> bytes:
    """Return the whole answer to a path that ends with `/SIZE.json`."""
    body = make_body(int(path.rpartition(b"/")[2].removesuffix(b".json")))
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


class Connection(asyncio.Protocol):
    """One keep-alive connection. Requests have no body."""

    def __init__(self) -> None:
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the answers."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        *requests, self._rest = (self._rest + data).split(END_OF_HEAD)
        for request in requests:
            self._transport.write(answer_to(request.split(b" ", 2)[1]))


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
