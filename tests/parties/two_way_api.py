"""An API that takes requests and WebSockets at every path, and responds to the next ones as the test says.

It sends each message back, and closes after the message `BYE`.
"""

import contextlib
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

from aiohttp import WSMsgType, web

BYE = "bye"
BYE_CODE = 4000


@dataclass
class TwoWayApi:
    """The API and its levers.

    Attributes:
        refusals: Status and headers of the next responses; after these every request gets 200, every upgrade 101.
        seen: The headers of all requests and upgrades so far, by lower-case names.
    """

    url: str = ""
    refusals: deque[tuple[int, Mapping[str, str]]] = field(default_factory=deque)
    seen: list[dict[str, str]] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def start(cls) -> AsyncIterator[Self]:
        """Serve on a free port until the end of the block."""
        api = cls()
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", api._respond)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield api
        finally:
            await runner.cleanup()

    def refuse(self, status: int, **headers: str) -> None:
        """Respond to the next request with this status; `_` in the names of headers is `-`."""
        self.refusals.append((status, {name.replace("_", "-"): value for name, value in headers.items()}))

    @property
    def credentials(self) -> list[str]:
        """The `Authorization` headers of all requests, in order."""
        return [headers.get("authorization", "") for headers in self.seen]

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        self.seen.append({name.lower(): value for name, value in request.headers.items()})
        if self.refusals:
            status, headers = self.refusals.popleft()
            return web.Response(status=status, headers=headers)
        if "upgrade" not in request.headers:
            return web.json_response({"number": len(self.seen)})
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        with contextlib.suppress(ConnectionError):
            async for message in socket:
                if message.data == BYE:
                    await socket.close(code=BYE_CODE)
                elif message.type is WSMsgType.TEXT:
                    await socket.send_str(message.data)
        return socket
