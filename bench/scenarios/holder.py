"""`python -m bench.scenarios.holder`: opens WebSockets and holds them, as lean as can be; ten thousand of them are one process.

Standard input has one line of JSON for each step, and standard output one for each answer:

    {"port": 8080, "greetings": [...], "ready": "..."}   opens a connection for each greeting (latin-1) and waits until the server
                                                         has said `ready` on it; answered with the seconds that took
    {}                                                   answered with the number of connections that are open
"""

import asyncio
import json
import re
import sys
import time
from typing import Any, cast

from bench.ground.crowd import LOCAL_ADDRESSES, OPENED_AT_ONCE
from bench.ground.stage import allow_open_files
from bench.loop import loop_factory
from bench.websocket import frame

HUB_PING = re.compile(rb'"type":"ping","n":(\d+)')
NES_PING = b'{"type":"ping"}'


class Held(asyncio.Protocol):
    """One WebSocket, on which nothing happens but signs of life."""

    def __init__(self, greeting: bytes, ready: bytes, held: set["Held"]) -> None:
        self._greeting = greeting
        self._sign = ready
        self._held = held
        self._received = b""
        self.ready: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say everything at once."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
        self._transport.write(self._greeting)
        self._greeting = b""
        self._held.add(self)

    def data_received(self, data: bytes) -> None:
        """Look whether the server is ready, and answer its pings."""
        if self.ready is not None:
            self._received += data
            if self._sign in self._received and not self.ready.done():
                self.ready.set_result(None)
                self.ready, self._received = None, b""
        elif found := HUB_PING.search(data):
            self._transport.write(frame(b'{"type":"pong","n":%s}' % found[1]))
        elif NES_PING in data:
            self._transport.write(frame(b'{"type":"ping","id":2}'))

    def connection_lost(self, exc: Exception | None) -> None:
        """Hold it no longer."""
        self._held.discard(self)
        if self.ready is not None and not self.ready.done():
            self.ready.set_exception(ConnectionError(self._received[:500].decode("latin-1")))


async def main() -> None:
    """Do what the lines of standard input say, until it ends."""
    allow_open_files()
    held: set[Held] = set()
    while line := await asyncio.to_thread(sys.stdin.readline):
        step = json.loads(line)
        print(json.dumps(await _open(held, step) if step else len(held)), flush=True)


async def _open(held: set[Held], step: dict[str, Any]) -> float:
    """Open connections; return the seconds that took."""
    slots, began = asyncio.Semaphore(OPENED_AT_ONCE), time.monotonic()
    ready, loop = step["ready"].encode(), asyncio.get_running_loop()

    async def one(number: int, greeting: str) -> None:
        local = (f"127.0.0.{1 + number % LOCAL_ADDRESSES}", 0)
        async with slots:
            _, made = await loop.create_connection(
                lambda: Held(greeting.encode("latin-1"), ready, held), "127.0.0.1", step["port"], local_addr=local
            )
            if made.ready is not None:
                await made.ready

    await asyncio.gather(*(one(number, greeting) for number, greeting in enumerate(step["greetings"])))
    return time.monotonic() - began


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main())
