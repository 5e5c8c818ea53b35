"""The process under test: `python -m bench.upstream_clients.caller CLIENT URL CA_FILE AT_ONCE REQUESTS`.

Prints the CPU time of the process, of all its threads, in microseconds for each request.
"""

import asyncio
import sys
import time

import uvloop

from bench.upstream_clients.aiohttp_client import AiohttpClient
from bench.upstream_clients.pyreqwest_client import PyreqwestClient
from bench.upstream_clients.server import BODY_BYTES
from hub.config.settings import RouteSettings
from hub.gateway.resource_server import ResourceServer
from hub.gateway.routes import Route
from hub.iris.api import IRIS_API
from hub.primitives.http import read_body

Client = ResourceServer | AiohttpClient | PyreqwestClient
CLIENTS: dict[str, type[Client]] = {"pool": ResourceServer, "aiohttp": AiohttpClient, "pyreqwest": PyreqwestClient}
WARM_UP = 500
HEADERS = [  # as the gateway sends them for a browser
    ("Accept", "application/json, text/plain, */*"),
    ("Accept-Language", "en-GB,en;q=0.9"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"),
    ("Via", "1.1 hub"),
    ("X-Forwarded-For", "203.0.113.7"),
    ("Authorization", "Bearer " + "x" * 600),
]


async def measure(client: str, url: str, ca_file: str, at_once: int, requests: int) -> float:
    """Return microseconds of CPU for each request."""
    route = Route.compile(RouteSettings(prefix="/api", target=url, ca_file=ca_file), IRIS_API)
    door = CLIENTS[client]([ca_file])
    await door.start()
    await asyncio.gather(*(call(door, route, url, WARM_UP // at_once) for _ in range(at_once)))
    before = time.process_time()
    await asyncio.gather(*(call(door, route, url, requests // at_once) for _ in range(at_once)))
    used = time.process_time() - before
    await door.close()
    return used / (requests // at_once * at_once) * 1e6


async def call(door: Client, route: Route, url: str, requests: int) -> None:
    """Send requests one after the other, with a time limit as the channel has one."""
    for _ in range(requests):
        answer = await door.send(route, f"{url}/csp/clinic/patients", method="GET", headers=HEADERS, timeout_seconds=30)
        if answer.status != 200 or len(await read_body(answer.body)) != BODY_BYTES:
            sys.exit("A wrong answer.")


if __name__ == "__main__":
    name, base, authority, together, count = sys.argv[1:]
    print(uvloop.run(measure(name, base, authority, int(together), int(count))))
