"""A REST API that tells what has reached it, byte by byte.

ANY /seen     method, path and query, headers, and the body in hex, as JSON
GET /exact    JSON that no parser gives back as it was
GET /packed   the same in gzip, whatever the caller accepts
GET /silent   no response
"""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

EXACT = b'{"id":9007199254740993,"f":1.0,"dup":1,"dup":2}'
JSON = {"Content-Type": "application/json"}


@asynccontextmanager
async def candid_api() -> AsyncIterator[str]:
    """Serve until the end of the block; yield the URL."""
    application = web.Application()
    application.router.add_route("*", "/seen", _seen)
    application.router.add_get("/exact", _exact)
    application.router.add_get("/packed", _packed)
    application.router.add_get("/silent", _silent)
    runner = web.AppRunner(
        application,
        access_log=None,
        shutdown_timeout=0.1,
        handler_cancellation=True,
        auto_decompress=False,
        max_line_size=65_536,
        max_field_size=65_536,
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield site.name
    finally:
        await runner.cleanup()


async def _seen(request: web.Request) -> web.Response:
    body = await request.read()
    headers = [[name.lower(), value] for name, value in request.headers.items()]
    return web.json_response({"method": request.method, "path": request.path_qs, "headers": headers, "body": body.hex()})


async def _exact(_: web.Request) -> web.Response:
    return web.Response(body=EXACT, headers=JSON)


async def _packed(_: web.Request) -> web.Response:
    return web.Response(body=gzip.compress(EXACT), headers={**JSON, "Content-Encoding": "gzip"})


async def _silent(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()
