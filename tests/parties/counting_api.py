"""A REST API that counts what it executes, and has bodies of any size.

POST /rest/work/<number>   is to be executed once; takes a short random time
GET  /rest/bytes/<size>    an answer of so many bytes, as fast as they are taken
POST /rest/sink            counts the bytes of an upload, and tells how many
ANY  /rest/wait            does not answer before it is aborted
GET  /rest/events          an event stream, to which `emit` adds
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

PATTERN = bytes(range(256)) * 256


@dataclass
class CountingApi:
    """The running API.

    Attributes:
        executed: How often each number was.
        under_way: Requests that have no answer yet.
        sent: Bytes of answers that the hub has taken so far.
        taken: Bytes of uploads that have arrived so far.
        slowest_seconds: An answer takes a random time up to this, which begins after the number was counted.
        answering: While it is clear, what is to be executed once has no answer yet.
    """

    url: str = ""
    slowest_seconds: float = 0.05
    executed: Counter[int] = field(default_factory=Counter)
    under_way: int = 0
    sent: int = 0
    taken: int = 0
    emitted: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    answering: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    @asynccontextmanager
    async def start(cls) -> AsyncIterator[Self]:
        """Serve until the end of the block."""
        api = cls()
        api.answering.set()
        application = web.Application(client_max_size=1 << 30)
        application.router.add_route("*", "/rest/work/{number}", api._work)
        application.router.add_get("/rest/bytes/{size}", api._bytes)
        application.router.add_post("/rest/sink", api._sink)
        application.router.add_route("*", "/rest/wait", api._wait)
        application.router.add_get("/rest/events", api._events)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        api.url = f"http://127.0.0.1:{runner.addresses[0][1]}/rest"
        try:
            yield api
        finally:
            await runner.cleanup()

    async def _work(self, request: web.Request) -> web.StreamResponse:
        number = int(request.match_info["number"])
        self.executed[number] += 1
        self._count(1)
        try:
            await request.read()
            await asyncio.sleep(random.random() * self.slowest_seconds)  # the work
            await self.answering.wait()
        finally:
            self._count(-1)
        return web.json_response({"number": number}, status=201)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when something has come true that `changed` announces."""
        while not condition():
            self.changed.clear()
            await self.changed.wait()

    async def _bytes(self, request: web.Request) -> web.StreamResponse:
        left = int(request.match_info["size"])
        answer = web.StreamResponse(headers={"Content-Type": "application/octet-stream", "Content-Length": str(left)})
        await answer.prepare(request)
        while left:
            part = PATTERN[: min(left, len(PATTERN))]
            await answer.write(part)
            left -= len(part)
            self.sent += len(part)
            self.changed.set()
        return answer

    async def _sink(self, request: web.Request) -> web.StreamResponse:
        total = 0
        async for part in request.content.iter_any():
            total += len(part)
            self.taken += len(part)
            self.changed.set()
        return web.json_response({"bytes": total})

    async def _wait(self, _: web.Request) -> web.StreamResponse:
        self._count(1)
        try:
            await asyncio.Event().wait()
        finally:
            self._count(-1)
        raise AssertionError

    async def _events(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        self._count(1)
        try:
            while True:
                await answer.write(f"data: {await self.emitted.get()}\n\n".encode())
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        self.under_way += change
        self.changed.set()
