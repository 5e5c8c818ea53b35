"""`python run.py --demo`, from the first line to Ctrl-C."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.waiting import hang_timeout, soon

PROJECT = Path(__file__).resolve().parent.parent.parent
RUN = (  # whoever runs the tests in the background of a shell ignores SIGINT, and processes inherit that
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from iris_standin import demo; sys.exit(demo.main([]))"
)
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": "text/html"}


@asynccontextmanager
async def demo() -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the demo, and end it as Ctrl-C does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", RUN),
        cwd=PROJECT,
        env={name: value for name, value in os.environ.items() if not name.startswith("HUB_")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await soon(process.wait())


async def test_greeting() -> None:
    """It says where it runs, and leads there from the other name of the machine, where nobody could log in."""
    async with demo() as process, hang_timeout():
        assert process.stdout is not None
        greeting = (await process.stdout.readuntil(b"Ctrl-C")).decode()
        found = re.search(r"demo is running:  (http://localhost:\d+)", greeting)
        assert found
        other = found[1].replace("localhost", "127.0.0.1")
        async with aiohttp.ClientSession() as http, http.get(f"{other}/patients", headers=NAVIGATION) as page:
            assert (str(page.url), page.status) == (f"{found[1]}/patients", 200)

    assert process.returncode == 0
