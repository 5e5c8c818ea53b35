"""A resource server that needs no installation: `python -m bench.upstream` answers with the documents of `bench.bodies`.

    GET  .../SIZE.json            the document of this size; a POST without a body is answered in the same way
    GET  .../wait/MS/SIZE.json    the same after so many milliseconds
    POST .../sink                 counts the bytes of an upload with a Content-Length: {"taken": N}

It reads no more of a request than it has to, so that it costs far less than what is measured through it.
"""

import asyncio
import re
import sys
from functools import cache
from typing import cast

from bench.bodies import make_body
from bench.loop import loop_factory

BACKLOG = 1024  # connections that a system opens at once when many callers begin
END_OF_HEAD = b"\r\n\r\n"
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@cache
def answer_to(path: bytes) -> bytes:
    """Return the whole answer to a path that ends with `/SIZE.json`, whatever its query."""
    return _answer(make_body(int(path.partition(b"?")[0].rpartition(b"/")[2].removesuffix(b".json"))))


@cache
def delay_of(path: bytes) -> float:
    """Return the seconds after which a path is answered."""
    _, is_patient, rest = path.partition(b"/wait/")
    return int(rest.partition(b"/")[0]) / 1000 if is_patient else 0.0


def length_of(head: bytes) -> int:
    """Return the bytes of the upload that a request announces; 0 if it announces none."""
    announced = CONTENT_LENGTH.search(head)
    return int(announced[1]) if announced else 0


def _answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self) -> None:
        self._rest = b""
        self._upload = 0
        self._missing = 0  # bytes of the upload that have not come yet

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the answers."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        """Take what is complete."""
        data = self._rest + data
        while data and (rest := self._step(data)) is not None:
            data = rest
        self._rest = data

    def _step(self, data: bytes) -> bytes | None:
        """Take a part of an upload, or a head; return what follows it, None if that is not complete yet."""
        if self._missing:
            return self._take_upload(data)
        head, end, rest = data.partition(END_OF_HEAD)
        if not end:
            return None
        self._begin(head)
        return rest

    def _begin(self, head: bytes) -> None:
        method, path, _ = head.split(b" ", 2)
        self._upload = self._missing = length_of(head) if method == b"POST" else 0
        if self._missing:
            return
        if seconds := delay_of(path):
            asyncio.get_running_loop().call_later(seconds, self._answer_to, path)
        else:
            self._answer_to(path)

    def _answer_to(self, path: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer_to(path))

    def _take_upload(self, data: bytes) -> bytes:
        """Count a part of an upload; return what follows it."""
        taken = min(self._missing, len(data))
        self._missing -= taken
        if not self._missing:
            self._transport.write(_answer(b'{"taken":%d}' % self._upload))
        return data[taken:]


async def serve() -> None:
    """Listen on a free port of the loopback interface, print it, and serve until the parent closes standard input."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve())
