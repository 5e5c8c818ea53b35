"""`python -m bench.upstream_clients.held`: how much memory each client holds of answers that nobody reads, plain and TLS.

Growth of the process's resident memory from 10 to 60 answers of 50 MB, of each of which the first piece was read.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

import uvloop

from bench.measure import resident_mib
from bench.upstream_clients.__main__ import serving
from bench.upstream_clients.caller import CLIENTS
from bench.upstream_clients.server import LARGE_PATH
from hub.config.settings import RouteSettings
from hub.gateway.messages import ApiResponse
from hub.gateway.routes import Route
from hub.iris.api import IRIS_API
from hub.primitives.http import BodyStream, chunks
from tests.parties.certificates import make_certificates

BEFORE, AFTER = 10, 60
SETTLE_SECONDS = 0.5


async def held(client: str, url: str, ca_file: str) -> float:
    """Return the KiB that one answer more costs."""
    route = Route.compile(RouteSettings(prefix="/api", target=url, ca_file=ca_file, timeout_seconds=60), IRIS_API)
    door = CLIENTS[client]([ca_file])
    await door.start()
    answers: list[tuple[ApiResponse, BodyStream]] = []
    sizes = []
    for count in (BEFORE, AFTER):
        while len(answers) < count:
            answer = await door.send(route, url + LARGE_PATH, method="GET", headers=[])
            answers.append((answer, chunks(answer.body)))
            await anext(answers[-1][1])
        await asyncio.sleep(SETTLE_SECONDS)
        sizes.append(resident_mib(os.getpid()) * 1024)
    for answer, _ in answers:
        await answer.close()
    await door.close()
    return (sizes[1] - sizes[0]) / (AFTER - BEFORE)


def main() -> None:
    """Measure each client in a process of its own, and print a table."""
    print("| connection | client | KiB an answer |\n| --- | --- | ---: |")
    with tempfile.TemporaryDirectory() as folder, serving(make_certificates(Path(folder))) as (urls, ca_file):
        for connection, client in product(urls, CLIENTS):
            command = [sys.executable, "-m", "bench.upstream_clients.held", client, urls[connection], ca_file]
            print(f"| {connection} | {client} | {float(subprocess.check_output(command)):.0f} |")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(uvloop.run(held(*sys.argv[1:])))
    else:
        main()
