"""Handlers of Tornado that answer as the tests want."""

import asyncio
from typing import Any

import tornado.web
from tornado.iostream import StreamClosedError

MIB = 1 << 20


class Handler(tornado.web.RequestHandler):
    """Answers as the tests want."""

    gone: asyncio.Event
    finished: list[str]

    def initialize(self, gone: asyncio.Event, finished: list[str]) -> None:
        """Take what the test looks at."""
        self.gone, self.finished = gone, finished

    def on_connection_close(self) -> None:
        """Note it."""
        self.finished.append("closed")
        self.gone.set()


class EchoHandler(Handler):
    """Tells what it was asked."""

    def get(self) -> None:
        """Tell."""
        request = self.request
        self.write(
            {
                "method": request.method,
                "path": request.path,
                "arguments": {name: [value.decode() for value in values] for name, values in request.arguments.items()},
                "headers": dict(request.headers.get_all()),
                "repeated": request.headers.get_list("X-Repeated"),
                "remote_ip": request.remote_ip,
                "protocol": request.protocol,
                "version": request.version,
                "body": request.body.decode(),
            }
        )

    head = post = put = delete = get


class StatusHandler(Handler):
    """Answers without a body."""

    def get(self, status: str) -> None:
        """Answer."""
        self.set_status(int(status))
        self.finish()


class StreamHandler(Handler):
    """Sends pieces, each when there is room for it, until it has sent all or nobody is there."""

    async def get(self) -> None:
        """Send."""
        try:
            for _ in range(64):
                self.write(bytes(MIB))
                await self.flush()
            self.finished.append("all")
        except StreamClosedError:
            self.finished.append("stopped")
            self.gone.set()


class CarelessHandler(Handler):
    """Writes without waiting."""

    def get(self) -> None:
        """Write."""
        for _ in range(3):
            self.write(bytes(MIB))
            self.flush()


class WaitingHandler(Handler):
    """Waits for its browser to leave."""

    async def get(self) -> None:
        """Wait."""
        self.finished.append("begun")
        await self.gone.wait()


class FailingHandler(Handler):
    """Has defects."""

    def get(self, kind: str) -> None:
        """Fail."""
        if kind == "length":
            self.set_header("Content-Length", "5")
            self.write(b"too long")
        elif kind == "head":
            self._reason = "\u65e5"  # what no head can hold, and Tornado does not look at
            self.write(b"body")
        else:
            raise RuntimeError("defect")


def routes(gone: asyncio.Event, finished: list[str]) -> list[Any]:
    """Return all of them, with what they tell the test."""
    known = {"gone": gone, "finished": finished}
    return [
        (r"/echo", EchoHandler, known),
        (r"/status/(\d+)", StatusHandler, known),
        (r"/stream", StreamHandler, known),
        (r"/careless", CarelessHandler, known),
        (r"/wait", WaitingHandler, known),
        (r"/fail/(\w+)", FailingHandler, known),
    ]
