"""A REST API that counts what it executes: `POST /rest/work/<number>` is to be executed once."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web


@dataclass
class CountingApi:
    """The running API.

    Attributes:
        executed: How often each number was.
        slowest_seconds: An answer takes a random time up to this, which begins after the number was counted.
    """

    url: str = ""
    slowest_seconds: float = 0.05
    executed: Counter[int] = field(default_factory=Counter)
    under_way: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    @asynccontextmanager
    async def start(cls) -> AsyncIterator[Self]:
        """Serve until the end of the block."""
        api = cls()
        application = web.Application(client_max_size=1 << 30)
        application.router.add_route("*", "/rest/work/{number}", api._work)
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
        finally:
            self._count(-1)
        return web.json_response({"number": number}, status=201)

    def _count(self, change: int) -> None:
        self.under_way += change
        self.changed.set()
