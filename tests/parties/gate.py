"""What stands between a hub and its provider in real networks: it hands on every byte, and can be slow or lose an answer.

A request of the chosen kind can be held before the provider sees it, or its answer afterwards; an answer can be lost, which
looks to the hub as if the line had broken, while the provider has done what it was asked for.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

import aiohttp
from aiohttp import web


@dataclass(slots=True)
class Gate:
    """The way to one provider.

    Attributes:
        url: Where it listens: the issuer of the provider behind it.
        upstream: Where the provider listens.
        passing: While it is clear, refresh grants wait here before the provider sees them.
        delay_seconds: How long a refresh grant is on its way to the provider.
        lose_answers: Answers to refresh grants that get lost from now on.
        refreshes: Refresh grants that have come so far.
    """

    url: str
    upstream: str
    passing: asyncio.Event = field(default_factory=asyncio.Event)
    delay_seconds: float = 0.0
    lose_answers: int = 0
    refreshes: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @classmethod
    @asynccontextmanager
    async def start(cls, port: int, upstream_port: int) -> AsyncIterator[Self]:
        """Listen on `port` until the end of the block."""
        gate = cls(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{upstream_port}")
        gate.passing.set()
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", gate._hand_on)
        runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )  # the dead ask nothing
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield gate
        finally:
            gate.passing.set()
            await runner.cleanup()

    async def refreshed(self, times: int) -> None:
        """Wait until so many refresh grants have come."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.refreshes >= times)

    async def _hand_on(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        is_refresh = b"grant_type=refresh_token" in body
        if is_refresh:
            async with self._changed:
                self.refreshes += 1
                self._changed.notify_all()
            await self.passing.wait()
            await asyncio.sleep(self.delay_seconds)  # the provider is slow: that is what is being tried
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False) as http,
            http.request(
                request.method, self.upstream + request.path_qs, headers=request.headers, data=body, allow_redirects=False
            ) as answer,
        ):
            payload = await answer.read()
        if is_refresh and self.lose_answers:
            self.lose_answers -= 1
            assert request.transport is not None
            request.transport.abort()
        headers = answer.headers.copy()
        for name in ("Transfer-Encoding", "Content-Length", "Connection"):
            headers.popall(name, None)
        return web.Response(status=answer.status, headers=headers, body=payload)
