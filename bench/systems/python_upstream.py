"""`bench.upstream` in a process of its own: the resource server where nothing is to be installed. It speaks no TLS."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.systems.base import StartError, Upstream
from tests.parties.hub import PROJECT

START_SECONDS = 20.0


@asynccontextmanager
async def upstream() -> AsyncIterator[Upstream]:
    """Run it until the end of the block.

    Raises:
        StartError: It does not say where it listens.
    """
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.upstream", cwd=PROJECT, stdin=pipe, stdout=pipe)
    assert process.stdin is not None and process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
        if not line:
            raise StartError("The upstream ended at once.")
        root = f"http://127.0.0.1:{int(line)}"
        yield Upstream(plain_url=root, bearer_url=root, pids=[process.pid])
    finally:
        process.stdin.close()
        await process.wait()
