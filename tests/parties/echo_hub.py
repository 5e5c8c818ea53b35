"""Echo servers for the Autobahn suite: one that speaks WebSocket as the hub does, in its HTTP server, and one of plain Tornado.

`python -m tests.parties.echo_hub hub|tornado` listens on a free port of the loopback address and prints it. The hub itself
has no endpoint that echoes.
"""

import asyncio
import sys
from collections.abc import Awaitable
from typing import Any

import tornado.httpserver
import tornado.netutil
import tornado.web
from tornado.websocket import WebSocketHandler, WebSocketProtocol

from hub.server import IDLE_CONNECTION_SECONDS, MAX_HEADER_BYTES, OWN_BODY_BYTES
from hub.web.websocket_protocol import StrictWebSocketProtocol

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


class EchoHandler(PlainEchoHandler):
    """Sends back what it gets, over the hub's protocol."""

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        """Take the protocol that the channel takes."""
        return StrictWebSocketProtocol.of(self, super().get_websocket_protocol())


def serve(kind: str) -> int:
    """Start an echo server in the running loop and return its port."""
    application = tornado.web.Application([(r"/", EchoHandler if kind == "hub" else PlainEchoHandler)])
    limits = {
        "max_header_size": MAX_HEADER_BYTES,
        "max_body_size": OWN_BODY_BYTES,
        "idle_connection_timeout": IDLE_CONNECTION_SECONDS,
    }
    server = tornado.httpserver.HTTPServer(application, **(limits if kind == "hub" else {}))
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    return int(sockets[0].getsockname()[1])


async def _main(kind: str) -> None:
    print(serve(kind), flush=True)  # noqa: T201 - whoever started this process reads the port
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
