"""The resource server of these measurements: answers every GET with the same 1 KB, or with 50 MB; keep-alive, plain and over TLS.

`python -m bench.upstream_clients.server CERTIFICATE KEY` prints both ports and serves until standard input is closed. It reads no
more of a request than where it ends.
"""

import asyncio
import ssl
import sys
from typing import cast

import uvloop

BODY_BYTES = 1024
BODY = b'{"patients":"' + b"x" * (BODY_BYTES - 15) + b'"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
END_OF_HEAD = b"\r\n\r\n"
LARGE_PATH = "/large"
LARGE = bytes(50_000_000)
LARGE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(LARGE)


class Served(asyncio.Protocol):
    """One connection. Requests have no body, and none is sent before the answer to the one before."""

    def __init__(self) -> None:
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the answers."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        """Answer a request that is complete."""
        if data.startswith(b"GET " + LARGE_PATH.encode()):
            self._transport.writelines([LARGE_HEAD, LARGE])
            return
        self._tail = (self._tail + data)[-len(END_OF_HEAD) :]
        if self._tail == END_OF_HEAD:
            self._transport.write(ANSWER)


async def serve(certificate: str, key: str) -> None:
    """Listen on two free ports of the loopback interface."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Served, "127.0.0.1", 0, ssl=context) for context in (None, tls)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(serve(*sys.argv[1:]))
