"""`bench.upstream` in a process of its own: the resource server where nothing is to be installed. It speaks no TLS."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.systems.base import Upstream
from bench.systems.process import module


@asynccontextmanager
async def upstream() -> AsyncIterator[Upstream]:
    """Run it until the end of the block.

    Raises:
        StartError: It does not say where it listens.
    """
    async with module("bench.upstream") as (process, port):
        root = f"http://127.0.0.1:{port}"
        yield Upstream(plain_url=root, bearer_url=root, pids=[process.pid])
