"""`python -m bench.listeners.server NAME PORT` serves a small response and an echo for WebSockets with one of the servers."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import tornado.httpserver
import tornado.web
import uvloop

from bench.listeners.asgi import BODY, application
from hub.listener.discard_body import DiscardBody
from hub.listener.exchange import Exchange, Receiver
from hub.primitives.clock import SystemClock
from hub.process.server import LISTENERS, spare_the_collector
from tests.parties.echo_hub import Echo, PlainEchoHandler

HOST = "127.0.0.1"
TYPE = ("Content-Type", "application/json")


class BareFront:
    """Answers at once behind a listener of the hub."""

    def open(self, exchange: Exchange) -> Receiver:
        """Answer, or echo."""
        if exchange.head.upgrade:
            Echo(exchange, [], 1 << 20)
        else:
            exchange.send(200, "", [TYPE], BODY)
        return DiscardBody()


class BareHandler(tornado.web.RequestHandler):
    """Answers at once on plain Tornado."""

    def compute_etag(self) -> str | None:
        """Compute none: no other server does."""
        return None

    def get(self) -> None:
        """Answer."""
        self.set_header(*TYPE)
        self.finish(BODY)


async def _hub(kind: str, port: int) -> None:
    sockets = tornado.netutil.bind_sockets(port, HOST)
    await LISTENERS[kind](BareFront(), SystemClock()).start(sockets)
    await asyncio.Event().wait()


async def _plain_tornado(port: int) -> None:
    routes = [("/ws", PlainEchoHandler), ("/.*", BareHandler)]
    tornado.httpserver.HTTPServer(tornado.web.Application(routes, log_function=lambda handler: None)).listen(port, HOST)  # type: ignore[arg-type]
    await asyncio.Event().wait()


async def _picows(port: int) -> None:
    import picows

    class EchoListener(picows.WSListener):  # type: ignore[misc]
        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            if frame.msg_type == picows.WSMsgType.CLOSE:
                transport.disconnect()
            else:
                transport.send(frame.msg_type, frame.get_payload_as_bytes())

    server = await picows.ws_create_server(lambda request: EchoListener(), HOST, port)
    await server.serve_forever()


def _uvicorn(port: int) -> None:
    import uvicorn

    uvicorn.run(application, host=HOST, port=port, loop="uvloop", http="httptools", access_log=False, log_level="error")


def _granian(port: int) -> None:
    import granian
    from granian.constants import Interfaces

    target = "bench.listeners.asgi:application"
    granian.Granian(target, address=HOST, port=port, interface=Interfaces.ASGI, workers=1, log_enabled=False).serve()


def _on_uvloop(serve: Callable[[int], Awaitable[None]]) -> Callable[[int], None]:
    async def run(port: int) -> None:
        spare_the_collector()
        await serve(port)

    return lambda port: uvloop.run(run(port))


SERVERS: dict[str, Callable[[int], None]] = {
    "hub-fast": _on_uvloop(lambda port: _hub("fast", port)),
    "hub-tornado": _on_uvloop(lambda port: _hub("tornado", port)),
    "tornado": _on_uvloop(_plain_tornado),
    "uvicorn": _uvicorn,
    "granian": _granian,
    "picows": _on_uvloop(_picows),
}

if __name__ == "__main__":
    SERVERS[sys.argv[1]](int(sys.argv[2]))
