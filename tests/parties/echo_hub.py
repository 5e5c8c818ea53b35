"""Echo servers for the Autobahn suite: WebSocket as the hub speaks it on each of its listeners, and plain Tornado.

`python -m tests.parties.echo_hub fast|tornado|stock` listens on a free port of the loopback address and prints it. The hub itself
has no endpoint that echoes.
"""

import asyncio
import sys
from collections.abc import Awaitable
from typing import Any

import tornado.httpserver
import tornado.netutil
import tornado.web
from tornado.websocket import WebSocketHandler

from hub.listener.discard_body import DiscardBody
from hub.listener.exchange import Exchange, Receiver
from hub.primitives.clock import SystemClock
from hub.process.server import LISTENERS

MAX_MESSAGE_BYTES = 32 * 1024 * 1024  # the suite sends up to 16 MiB


class PlainEchoHandler(WebSocketHandler):
    """Sends back what it gets."""

    max_message_size = MAX_MESSAGE_BYTES

    def check_origin(self, origin: str) -> bool:
        """Take everybody."""
        return True

    def get_compression_options(self) -> dict[str, Any] | None:
        """Never compress, as the hub."""
        return None

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Send it back."""
        return self.write_message(message, binary=isinstance(message, bytes))


class EchoDoor:
    """Lets everybody in. `closes` holds the codes with which sockets ended."""

    def __init__(self, max_message_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self.closes: list[int | None] = []
        self._max_message_bytes = max_message_bytes

    def open(self, exchange: Exchange) -> Receiver:
        """Upgrade."""
        Echo(exchange, self.closes, self._max_message_bytes)
        return DiscardBody()


class Echo:
    """Sends back what it gets, over the hub's protocol."""

    def __init__(self, exchange: Exchange, closes: list[int | None], max_message_bytes: int) -> None:
        self._closes = closes
        self._socket = exchange.open_websocket(self, max_message_bytes=max_message_bytes)
        self._socket.start()

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Send it back."""
        return self._socket.send(message)

    def on_pong(self) -> None:
        """Do nothing."""

    def on_drained(self) -> None:
        """Do nothing."""

    def on_close(self) -> None:
        """Note the code that the channel's door would report."""
        self._closes.append(self._socket.close_code)


async def serve(kind: str) -> int:
    """Start an echo server in the running loop and return its port."""
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    if kind in LISTENERS:
        await LISTENERS[kind](EchoDoor(), SystemClock()).start(sockets)
    else:
        tornado.httpserver.HTTPServer(tornado.web.Application([(r"/", PlainEchoHandler)])).add_sockets(sockets)
    return int(sockets[0].getsockname()[1])


async def _main(kind: str) -> None:
    print(await serve(kind), flush=True)  # noqa: T201 - whoever started this process reads the port
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
